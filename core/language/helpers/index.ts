// The words that templates and conditions can call: {{json x}}, {{default x "y"}}, {{ip_add net 5}}, {{file "motd"}} …
import { type Masker, Secret } from '../../secret.js'
import { isMap, revealAll } from '../reveal.js'
import { addressHelpers } from './addresses.js'
import { choiceHelpers } from './choices.js'
import { encodingHelpers } from './encodings.js'
import type { Helper, Lookups } from './helper.js'
import { listHelpers } from './lists.js'
import { lookupHelpers } from './lookups.js'
import { numberHelpers } from './numbers.js'
import { textHelpers } from './texts.js'

export { isTrue } from './choices.js'
export { type Helper, HelperError, type Lookups } from './helper.js'

/** All helpers, by name. */
export const helpers: Readonly<Record<string, Helper>> = {
  ...choiceHelpers,
  ...textHelpers,
  ...encodingHelpers,
  ...numberHelpers,
  ...listHelpers,
  ...addressHelpers,
  ...lookupHelpers,
}

/** What is made of a secret is one: every text and number in it; a truth value tells too little. */
function derived(value: unknown, name: string, masker: Masker): unknown {
  if (typeof value === 'string' || typeof value === 'number') {
    const secret = new Secret(name, String(value))
    masker.add(secret)
    return secret
  }
  if (Array.isArray(value)) return value.map(item => derived(item, name, masker))
  if (isMap(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, derived(item, name, masker)]))
  return value
}

/** Calls a helper. Throws a HelperError for values it cannot work with; of secrets it gives secrets. */
export function callHelper(helper: Helper, values: unknown[], scope: { masker: Masker; lookups: Lookups }): unknown {
  let secret: string | undefined
  const note = (name: string): void => {
    secret ??= name
  }
  const given = helper.reveals ? values.map(value => revealAll(value, note)) : values
  const result = helper.run(given, scope.lookups)
  return secret === undefined ? result : derived(result, secret, scope.masker)
}
