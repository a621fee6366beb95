// Whole values: types that are kept, secrets that stay secrets, precedence, and what a value would read.
import type { Test } from 'tap'
import { readYaml } from '../../../core/config/index.js'
import { expressionReferences, references, renderText, renderValue } from '../../../core/language/index.js'
import type { Vars } from '../../../core/raw.js'
import { answer, scopeWith, vars } from './names-in-scope.js'

/** Values keep their types, secrets stay secrets. */
export function testValues(t: Test): void {
  const scope = scopeWith({ entries: { item: { port: 80 } } })
  const rows: [unknown, unknown][] = [
    ['{{ names }}', ['a', 'b']],
    ['{{ n }}', 3],
    ['{{ item.port }}', 80],
    ['{{ nothing }}', null],
    ['{{ out.changed }}', true],
    [' {{ n }}', ' 3'],
    [
      { a: ['{{ m }}', 1], b: 'x{{n}}' },
      { a: [{ a: 1, b: { c: 'deep' } }, 1], b: 'x3' },
    ],
    ['{{ secrets.DB }}', { secret: 'DB', text: 'hunter2 "x' }],
    ['{{ pw }}', { secret: 'DB', text: 'hunter2 "x' }],
    [{ secret: 'DB' }, { secret: 'DB', text: 'hunter2 "x' }],
    ['{{ dsn }}?x', { secret: 'DB', text: 'pg://u:hunter2 "x@db?x' }],
    ['{{ quote pw }}', { secret: 'DB', text: `'hunter2 "x'` }],
    ['{{ upper pw }}', { secret: 'DB', text: 'HUNTER2 "X' }],
    ['{{ json m.b }}', '{"c":"deep"}'],
    [
      { secret: 'DB', other: 1 },
      { secret: 'DB', other: 1 },
    ],
  ]
  for (const [value, expected] of rows)
    t.same(
      answer(() => renderValue(value, undefined, scope)),
      expected,
      JSON.stringify(value),
    )
  t.equal(
    scope.masker.mask('run HUNTER2 "X and pg://u:hunter2 "x@db?x'),
    'run (secret DB) and (secret DB)',
    'what is made of a secret is masked too',
  )
  t.equal(
    renderText(`${'{{#if n}}x{{else if m}}y{{/if}}('.repeat(300)}`, { scope, file: 'f' }).text,
    'x('.repeat(300),
    'long is not deep',
  )
  t.same(renderText('a {{pw}}\nb', { scope, file: 'f' }), { text: 'a hunter2 "x\nb', secret: true, name: 'DB' })
  const raw = readYaml(
    'a: "x {{ nope }}"\nb: { secret: DX }\nc: |\n  one\n  two {{ nope }}\nd: plain {{ nope }}\ne: "\\x41 {{ nope }}"\n',
    'v.yaml',
  )
  const places = ['a', 'b', 'c', 'd', 'e'].map(key =>
    answer(() => renderValue({ [key]: (raw.value as Vars)[key] }, raw, scope)),
  )
  t.same(
    places.map(place => String(place).split(' ')[1]),
    ['v.yaml:1:10', 'v.yaml:2:14', 'v.yaml:5:10', 'v.yaml:6:13', 'v.yaml:7:4'],
    'places inside texts',
  )
}

/** Variables from the host to the command line. */
export function testPrecedence(t: Test): void {
  const scope = scopeWith({
    layers: [{ domain: 'play', n: 4 }, undefined, { n: 5, m: { a: 2 } }],
    overrides: { big: 'cli' },
  })
  t.equal(
    renderText('{{domain}} {{url}} {{n}} {{m.a}} {{m.b.c}} {{big}}', { scope, file: 'f' }).text,
    'play http://play/ 5 2 deep cli',
  )
}

/** What a value or a condition would read. */
export function testReferences(t: Test): void {
  const rows: [unknown, string[]][] = [
    ['plain', []],
    ['{{ url }}', ['url', 'domain']],
    [{ a: ['{{#if arch}}{{out.rc}}{{/if}}'], b: { secret: 'X' } }, ['arch', 'facts', 'out', 'secrets']],
    ['{{ vars.arch }} {{ vars.n }}', ['vars', 'facts']],
    ['{{ host.private }}', ['host', 'facts']],
    ['{{ host.name }} {{ json (default item 1) }}', ['host', 'item']],
    ['{{ dsn }}', ['dsn', 'secrets']],
    ['{{ one }}', ['one', 'two']],
  ]
  for (const [value, expected] of rows) {
    const found = [...references(value, vars)].filter(name => !['if', 'json', 'default'].includes(name))
    t.same(found.sort(), expected.sort(), JSON.stringify(value))
  }
  t.same([...expressionReferences('arch == "" && names.exists(x, x == out.stdout)', vars)].sort(), [
    'arch',
    'facts',
    'names',
    'out',
  ])
  t.same([...expressionReferences('host.vars.dsn == ""', vars)].sort(), ['host', 'secrets'])
  t.ok(references('{{ vars }}', vars).has('facts'), 'all variables at once')
}
