// Compose's interpolation, of texts and of whole values.
import type { Test } from 'tap'
import { readYaml } from '../../../core/config/index.js'
import { interpolate, interpolateValue } from '../../../core/language/index.js'
import type { Vars } from '../../../core/raw.js'
import { answer, at } from './names-in-scope.js'

/** Texts with variables of the environment. */
export function testInterpolation(t: Test): void {
  const environment = { A: 'a', EMPTY: '' }
  const rows: [string, string][] = [
    ['plain', 'plain'],
    ['$A ${A} $$A $A$A', 'a a $A aa'],
    ['${B:-x} ${EMPTY:-x} ${EMPTY-x}| ${B-x} ${A:-x}', 'x x | x a'],
    ['${A:+y} ${EMPTY:+y}| ${EMPTY+y} ${B+y}|', 'y | y |'],
    ['${B:-${C:-$A-deep}} ${B:-a}b} ${B:-$$}', 'a-deep ab} $'],
    ['${A:?no} ${EMPTY?no}', 'a '],
    ['${B:?must be set}', '3 f.yaml:7:3 the variable B is required: must be set'],
    ['${EMPTY:?}', '3 f.yaml:7:3 the variable EMPTY is required: it is not set'],
    ['${', '3 f.yaml:7:3 "${" is not a variable'],
    ['${A', '3 f.yaml:7:3 "${A" has no closing }'],
    ['a $ b', '3 f.yaml:7:3 "$ b" is not a variable'],
    ['${A!x}', '3 f.yaml:7:3 "${A!x}" is not a variable'],
    ['${constructor:-own}', 'own'],
  ]
  for (const [text, expected] of rows)
    t.equal(
      answer(() => interpolate(text, environment, at)),
      expected,
      text,
    )
  const unset: string[] = []
  t.equal(
    interpolate('[$B] ${B} ${C:-x}', environment, at, name => unset.push(name)),
    '[]  x',
  )
  t.same(unset, ['B', 'B'])
}

/** Whole values. */
export function testInterpolatedValues(t: Test): void {
  const raw = readYaml('a: ["x $A", 1]\nb: { $A: "${B}" }\nc: "y ${Q?}"\n', 'c.yaml')
  const unset: string[] = []
  const { a, b } = raw.value as Vars
  t.same(
    interpolateValue({ a, b }, raw, { A: '1' }, (name, where) => unset.push(`${name} ${where.line}:${where.column}`)),
    { a: ['x 1', 1], b: { $A: '' } },
  )
  t.same(unset, ['B 2:11'])
  t.equal(
    answer(() => interpolateValue(raw.value, raw, {})),
    '3 c.yaml:3:7 the variable Q is required: it is not set',
  )
}
