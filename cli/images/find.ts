// The engine that has an image, or a container, among the chosen hosts.
import { UserError, usageError } from '../../core/errors.js'
import type { ImageState } from '../../core/provider-abilities.js'
import type { Engines } from '../engines.js'
import { shortId } from './size-text.js'

type OpenEngine = Engines['open'][number]

/** Whether people mean this image by these words: a name (`:latest` may be left out) or an id. */
export const isCalled = ({ name, id }: ImageState, ref: string): boolean =>
  name === ref ||
  name === `${ref}:latest` ||
  id === ref ||
  (/^[0-9a-f]{6,64}$/.test(ref) && shortId(id).startsWith(ref.slice(0, 12)))

/** The first engine that has all of these images. A UserError that names what none has. */
export async function engineWith({ open, problems }: Engines, refs: readonly string[]): Promise<OpenEngine> {
  const missing: string[] = []
  for (const one of open) {
    const images = (await one.provider.images?.(one.engine)) ?? []
    const lacking = refs.filter(ref => !images.some(image => isCalled(image, ref)))
    if (lacking.length === 0) return one
    missing.push(...lacking.map(ref => `${one.scope.name}: ${ref} is not there`))
  }
  const [problem] = problems
  if (open.length === 0 && problem) throw problem
  throw new UserError(`no chosen host has ${refs.join(' and ')}`, {
    output: missing.join('\n'),
    hint: '`longshore images` lists what is there',
  })
}

/** What an engine can do, or a UserError that it cannot. */
export function ability<Ability>({ provider, scope }: OpenEngine, found: Ability | undefined, what: string): Ability {
  if (found === undefined) throw new UserError(`${provider.name} cannot ${what}`, { where: scope.name })
  return found
}

/** The one word that an action takes. */
export function oneWord(words: readonly string[], action: string, what: string): string {
  const [word, ...more] = words
  if (word === undefined || more.length > 0)
    throw usageError(`images ${action} takes ${what}`, { hint: `longshore images ${action} ${what}` })
  return word
}
