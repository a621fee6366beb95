// YAML itself: every mistake with its place, and the places of values.
import type { Test } from 'tap'
import { readYaml } from '../../../core/config/index.js'
import { load, mistakes } from './project-in-memory.js'

const bomb = (): string => {
  const rows = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (const [index, name] of [...'bcdefghi'].entries()) {
    const before = 'abcdefghi'[index]
    rows.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`)
  }
  return rows.join('\n')
}

/** Every mistake of the YAML itself. */
export async function testYamlMistakes(t: Test): Promise<void> {
  const rows: [string, string, string[]][] = [
    ['duplicate key', 'project: a\nhosts: {}\nproject: b\n', ['longshore.yaml:3:1: the key "project" is there twice']],
    [
      'tab',
      'project: a\nhosts:\n\tweb1: {}\n',
      ['longshore.yaml:3:1: tabs are not allowed as indentation; use spaces'],
    ],
    ['unknown tag', 'project: !foo a\n', ['longshore.yaml:1:10: Unresolved tag: !foo']],
    [
      'YAML 1.1',
      '%YAML 1.1\n---\nproject: a\n',
      ['longshore.yaml:1:1: this is YAML 1.1; only 1.2 is read: remove the %YAML line'],
    ],
    [
      'no anchor',
      'project: a\nvars: { x: *nope }\n',
      ['longshore.yaml:2:12: there is no anchor &nope above this alias'],
    ],
    [
      'anchor in itself',
      'project: a\nvars: { x: &x [*x] }\n',
      ['longshore.yaml:2:16: the alias *x stands inside its own anchor'],
    ],
    [
      'two documents',
      'project: a\n---\nproject: b\n',
      ['longshore.yaml:2:1: the file holds several YAML documents; only one is allowed'],
    ],
    [
      'a bare expression',
      'project: a\nvars: { x: {{ y }} }\n',
      ['longshore.yaml:2:13: a key must be text; a value that begins with {{ stands in quotes'],
    ],
    [
      'a colon in a value',
      'project: a: b\n',
      [
        'longshore.yaml:1:10: a colon stands in this value, or in the next line, which is indented too far: quote it, or move that line',
      ],
    ],
    ['a list for a key', 'project: a\n? [x]\n: 1\n', ['longshore.yaml:2:3: a key must be text']],
    [
      '__proto__',
      'project: a\nvars: { __proto__: { x: 1 } }\n',
      ['longshore.yaml:2:9: the key "__proto__" is not allowed'],
    ],
    [
      'a huge number',
      'project: a\nvars: { n: 123456789012345678901 }\n',
      ['longshore.yaml:2:12: the number 123456789012345678901 is too large to be read exactly; put it in quotes'],
    ],
    ['merge of text', 'project: a\nvars: { <<: x }\n', ['longshore.yaml:2:9: `<<` takes a map, or a list of maps']],
    ['empty', '', ['longshore.yaml:1:1: the file is empty; it needs at least `project: NAME`']],
    ['a list', '- project: a\n', ['longshore.yaml:1:1: the file must be a map, not a list']],
    [
      'nested by 101',
      `project: a\nvars: { x: ${'['.repeat(101)}${']'.repeat(101)} }\n`,
      ['longshore.yaml:2:110: nested deeper than 100 levels'],
    ],
  ]
  for (const [name, text, expected] of rows) t.same(await mistakes(() => load(text)), ['exit 3', ...expected], name)
  t.match(await mistakes(() => load(bomb())), [/exit 3/, /the aliases stand for too many values/], 'alias bomb')
  const deep = await mistakes(async () => readYaml('['.repeat(20_000), '/p/deep.yaml'))
  t.equal(deep[0], 'exit 3', '20,000 levels deep is an error of the user')
  const big = Array.from({ length: 20_000 }, (_, index) => `  key${index}: ${index}`).join('\n')
  const started = performance.now()
  t.equal(Object.keys((readYaml(`vars:\n${big}\n`, 'f').value as { vars: object }).vars).length, 20_000)
  t.ok(performance.now() - started < 5000, 'a map of 20,000 keys takes no quadratic time')
}

/** Values, aliases and merge keys keep their places. */
export async function testPlaces(t: Test): Promise<void> {
  const raw = readYaml(
    'base: &b { x: 1, y: "two" }\nuse:\n  <<: *b\n  y: 017\nlist: [*b, yes, 1.5, ~]\ntext: |\n  one\n  two\n',
    'f.yaml',
  )
  t.same(raw.value, {
    base: { x: 1, y: 'two' },
    use: { x: 1, y: 17 },
    list: [{ x: 1, y: 'two' }, 'yes', 1.5, null],
    text: 'one\ntwo\n',
  })
  t.same(raw.where(['use', 'y']), { file: 'f.yaml', line: 4, column: 6 })
  t.same(raw.where(['use', 'x']), { file: 'f.yaml', line: 1, column: 15 }, 'a merged value stands where it was written')
  t.same(raw.where(['use', 'y'], 'key'), { file: 'f.yaml', line: 4, column: 3 })
  t.same(raw.where(['list', 1]), { file: 'f.yaml', line: 5, column: 12 })
  t.same(raw.where(['list', 7, 'no']), { file: 'f.yaml', line: 5, column: 1 }, 'the nearest parent')
}
