// Compose files with random damage: what is refused, is refused in words for a user and with its place.

import type { Test } from 'tap'
import { readYaml } from '../../../core/config/index.js'
import { checkContainers, wantedByHost } from '../../../core/containers/index.js'
import { messageOf, UserError } from '../../../core/errors.js'
import { relationCases } from '../../providers/compose/relations.js'
import { serviceCases } from '../../providers/compose/services.js'
import { filesOf, load } from '../config/project-in-memory.js'
import { randomFrom } from '../random.js'

const random = randomFrom(4711)

const bits = [
  '{',
  '}',
  '[',
  ']',
  ':',
  '\n',
  '  ',
  '"',
  '*a',
  '&a',
  '<<: ',
  '!reset ',
  '!override ',
  '- ',
  '$',
  '${',
  '\t',
  '~',
  ',',
]

const others: readonly unknown[] = [
  null,
  5,
  -1,
  'x',
  '',
  ':',
  'a:b:c:d',
  [],
  {},
  [null],
  [[]],
  [{}],
  { a: null },
  true,
  ['x', 'x'],
  { '': '' },
]

const damagedText = (text: string): string => {
  let out = text
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(out.length)
    out = out.slice(0, at) + (random(4) === 0 ? '' : (bits[random(bits.length)] ?? '')) + out.slice(at + random(6))
  }
  return out
}

/** One value somewhere in plain data, of another kind now. */
function damagedValue(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || random(6) === 0) return others[random(others.length)]
  const keys = Object.keys(value)
  const chosen = keys[random(keys.length)]
  if (chosen === undefined) return others[random(others.length)]
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === chosen ? damagedValue(item) : item))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === chosen ? damagedValue(item) : item]),
  )
}

/** 600 damaged projects. */
export async function testDamage(t: Test): Promise<void> {
  const cases = [...serviceCases, ...relationCases]
  let refused = 0
  for (let round = 0; round < 600; round++) {
    const one = cases[round % cases.length]
    if (one === undefined) return
    const { files, use = ['compose.yaml'] } = one
    const names = Object.keys(files).filter(name => name.endsWith('.yaml'))
    const victim = names[random(names.length)] ?? ''
    const text = files[victim] ?? ''
    const isTagged = /!(reset|override)/.test(text)
    const hurt =
      round % 2 === 0 || isTagged
        ? damagedText(text)
        : JSON.stringify(damagedValue(readYaml(text, victim, { compose: true }).value))
    const texts = Object.fromEntries(
      Object.entries(files).map(([path, whole]) => [`/p/${path}`, path === victim ? hurt : whole]),
    )
    try {
      const project = await load(`project: cmp\ncompose: [{ file: [${use.join(', ')}] }]\n`, texts)
      checkContainers(project, raw => raw.value)
      await wantedByHost(project, {
        prepare: raw => raw.value,
        select: () => project.hosts,
        privateAddress: () => undefined,
        files: filesOf(texts),
        keyOf: () => new Uint8Array(32),
        environment: project.environment,
      })
    } catch (error) {
      refused++
      if (!(error instanceof UserError) || error.at === undefined)
        t.fail(`round ${round}: ${messageOf(error)}\n${error instanceof Error ? error.stack : ''}\n${hurt}`)
    }
  }
  t.ok(refused > 300, `${refused} of 600 were refused`)
}
