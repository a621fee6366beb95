// Recorded answers of real hosts, for tables that need no host.

import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { contextIn, kindOf } from './shells.js'

const folder = new URL('../../../test/resources/fixtures/', import.meta.url)

/** A recorded answer; its first line says of what, and is left out. */
export const recorded = (name: string): string =>
  readFileSync(new URL(`${name}.txt`, folder), 'utf8').replace(/^#.*\n/, '')

/** What is expected of a kind, beside its changes. */
export interface Expected {
  /** Stand in its scripts. */
  words?: RegExp | undefined
  verb?: string | undefined
  /** It has scripts where nothing is to be done, too. */
  always?: boolean | undefined
}

/** Holds a kind against a recorded answer: the changes that it finds, and scripts just where there are any. */
export async function testAnswer(
  t: Test,
  [kind, yaml, fixture, changes]: readonly [
    kind: string,
    yaml: unknown,
    fixture: string,
    changes: object[],
    ...unknown[],
  ],
  { words, verb, always = false }: Expected = {},
): Promise<void> {
  const resource = kindOf(kind)
  const parsed = resource.schema.parse(yaml)
  const want = (await resource.load?.(parsed, contextIn('/'))) ?? parsed
  const seen = resource.read(recorded(fixture), want)
  const found = resource.diff(want, seen)
  t.equal(found.length, changes.length, JSON.stringify(found))
  t.match(found, changes)
  const scripts = resource.apply(want, seen)
  t.equal(scripts.length > 0, always || changes.length > 0, 'scripts where there is a change')
  if (words !== undefined) t.match(scripts.map(script => script.sh).join('\n'), words)
  if (verb !== undefined) t.equal(resource.verb(want, seen), verb)
}
