// Templates and conditions with random damage: what is refused, is refused in words for a user.

import type { Test } from 'tap'
import { UserError } from '../../../core/errors.js'
import { evaluate, renderText } from '../../../core/language/index.js'
import { randomFrom } from '../random.js'
import { at, scopeWith } from './names-in-scope.js'

/** 600 damaged templates and conditions. */
export function testDamage(t: Test): void {
  const scope = scopeWith()
  const template =
    'a {{#each names as |x|}}{{x}} {{@index}}{{else}}{{default m.a "b"}}{{/each}} {{#if (eq n 3)}}{{json m}}{{/if}} {{.X}}'
  const condition = 'n == 3 && names.exists(x, x == "a") || has(m.b) ? facts.os.family : {"a": [1, 2.5]}'
  const bits = [
    '{{',
    '}}',
    '{{#if n}}',
    '{{/',
    '(',
    ')',
    '|',
    '"',
    "'",
    '.',
    '@',
    '../',
    '[',
    ']',
    '{',
    '}',
    '~',
    '\\',
    '!',
    '>',
    '1',
    ' in ',
    '?',
    ':',
    '\u0000',
    '\n',
  ]
  const random = randomFrom(99)
  const damage = (text: string): string => {
    const start = random(text.length)
    return text.slice(0, start) + (bits[random(bits.length)] ?? '') + text.slice(start + random(6))
  }
  let refused = 0
  for (let round = 0; round < 600; round++) {
    const text = damage(damage(round % 2 === 0 ? template : condition))
    const run = (): unknown =>
      round % 2 === 0 ? renderText(text, { scope, file: 'f', engineTemplates: true }) : evaluate(text, scope, at)
    try {
      run()
    } catch (error) {
      refused++
      if (!(error instanceof UserError) || error.at === undefined) t.fail(`${text}: ${String(error)}`)
    }
  }
  t.ok(refused > 200, `${refused} of 600 were refused`)
}
