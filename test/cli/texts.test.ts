// Texts for people: plans, errors, colours, columns; compared whole.
import { test } from 'tap'
import { errorData, exitOf, renderError } from '../../cli/report/error.js'
import { planText } from '../../cli/report/plan.js'
import { createStyle, wantsColor } from '../../cli/report/style.js'
import { table } from '../../cli/report/table.js'
import { duration } from '../../cli/report/text.js'
import { cut, fit, width } from '../../cli/report/width.js'
import { UserError, unreachableError, usageError } from '../../core/errors.js'
import type { Step } from '../../core/step.js'

const plain = createStyle(false)
const step = (id: string, more: Partial<Step> = {}): Step => ({
  id,
  host: 'web1',
  thing: 'package curl',
  verb: 'install',
  cause: 'not installed',
  after: [],
  certainty: 'will',
  ...more,
})

test('plan: hosts, signs, causes, losses, counts', t => {
  const steps = [
    step('web1/a'),
    step('db1/b', {
      host: 'db1',
      verb: 'write',
      thing: 'file /etc/motd',
      cause: 'content differs',
      changes: [
        { what: 'content', from: '', to: '', diff: '@@ -1 +1 @@\n-old\n+new\u0007\n' },
        { what: 'mode', from: '0600', to: '0644' },
        { what: 'owner', from: '', to: 'root' },
      ],
    }),
    step('web1/c', { verb: 'replace', thing: 'container shop-app-1', cause: 'image', loses: 'its writable layer' }),
    step('web1/d', {
      verb: 'remove',
      thing: 'volume shop_data',
      cause: 'asked for',
      changes: [{ what: 'x', from: 'a', to: 'b', loses: 'the data in volume shop_data' }],
    }),
    step('web1/e', { verb: 'run', thing: 'command ./migrate', cause: 'has no check', certainty: 'unknown' }),
  ]
  t.equal(
    planText({ steps, unchanged: 23, orphans: ['db1: container shop-old-1'] }, plain, false),
    `web1
  + install package curl  (not installed)
  ± replace container shop-app-1  (image)
      loses its writable layer
  - remove volume shop_data  (asked for)
      loses the data in volume shop_data
  ? run command ./migrate  (has no check)

db1
  ~ write file /etc/motd  (content differs)

No longer declared (1 thing, left alone):
    db1: container shop-old-1

Plan: 4 to change, 23 unchanged, 1 unknown`,
  )
  t.equal(
    planText({ steps: steps.slice(1, 2), unchanged: 0 }, plain, true),
    `db1
  ~ write file /etc/motd  (content differs)
      content:
        @@ -1 +1 @@
        -old
        +new
      mode: 0600 → 0644
      owner: (none) → root

Plan: 1 to change, 0 unchanged`,
  )
  const narrow = planText({ steps, unchanged: 0 }, createStyle(false, 30), false)
  t.match(narrow, /^ {2}~ write file \/etc\/motd\n {6}\(content/m, 'a cause has lines of its own in a narrow terminal')
  t.equal(planText({ steps: [], unchanged: 5 }, plain, false), 'Plan: 0 to change, 5 unchanged')
  t.match(planText({ steps, unchanged: 0 }, createStyle(true), true), /\u001b\[32m\+\u001b\[39m/)
  t.end()
})

test('errors: where, what, excerpt, output, hint; bugs apart', t => {
  const files: Record<string, string> = { '/p/longshore.yaml': 'project: shop\nhosts:\n  web1: { prot: 22 }\n' }
  const options = {
    style: plain,
    verbose: false,
    read: (file: string) => files[file],
    shorten: (file: string) => file.replace('/p/', ''),
  }
  const at = { file: '/p/longshore.yaml', line: 3, column: 11 }
  const rows: [unknown, string, number][] = [
    [
      usageError('unknown key "prot"', { at, hint: 'did you mean "port"?' }),
      `error: unknown key "prot"
  at longshore.yaml:3:11
  3 |   web1: { prot: 22 }
    |           ^
→ did you mean "port"?`,
      3,
    ],
    [usageError('gone', { at: { ...at, file: '/p/none.yaml' } }), 'error: gone\n  at none.yaml:3:11', 3],
    [usageError('no such host', { at: { ...at, file: '--on' } }), 'error: no such host\n  in --on', 3],
    [
      usageError('2 mistakes\n/p/longshore.yaml:3:11: one\n/p/longshore.yaml:4:1: two', { at }),
      'error: 2 mistakes\n  longshore.yaml:3:11: one\n  longshore.yaml:4:1: two',
      3,
    ],
    [
      new UserError('ended with exit code 100', {
        where: 'web1, step install docker.io',
        output: 'E: one\nE: \u001b[31mtwo\n',
        hint: 'a\nb',
      }),
      `error: web1, step install docker.io: ended with exit code 100
  | E: one
  | E: two
→ a
  b`,
      1,
    ],
    [unreachableError('web1', 'no answer'), 'error: web1: no answer', 4],
    [
      new TypeError('x is undefined'),
      'error: this is a bug in longshore: x is undefined\n→ run it again with -v to see where, and report it',
      1,
    ],
    [
      new AggregateError([unreachableError('a', 'no answer'), new UserError('full', { where: 'b' })]),
      'error: a: no answer\nerror: b: full',
      4,
    ],
  ]
  for (const [error, expected, exit] of rows) {
    t.equal(renderError(error, options), expected)
    t.equal(exitOf(error), exit)
  }
  const loud = renderError(new TypeError('x'), { ...options, verbose: true })
  t.match(loud, /this is a bug in longshore: x\n {2}TypeError: x\n {4,}at .*texts\.test/)
  t.match(renderError(new UserError('y', { cause: new Error('z') }), { ...options, verbose: true }), /caused by z/)
  t.notMatch(renderError(new UserError('y', { cause: new Error('z') }), options), /z/)
  t.same(errorData(unreachableError('a', 'no answer', { hint: 'h' })), [
    { type: 'error', text: 'no answer', exit: 4, where: 'a', at: undefined, output: undefined, hint: 'h' },
  ])
  // One long line is shown around its column.
  const long = renderError(usageError('x', { at: { file: '/p/l', line: 1, column: 401 } }), {
    ...options,
    read: () => `${'a'.repeat(400)}B${'c'.repeat(400)}`,
  })
  const [, , source = '', caret = ''] = long.split('\n')
  t.equal(source[caret.indexOf('^')], 'B')
  t.ok(source.length < 200)
  t.end()
})

test('colour: who decides', t => {
  const ask = { allowed: true, env: {}, setting: 'auto', terminal: true } as const
  const rows: [Parameters<typeof wantsColor>[0], boolean][] = [
    [ask, true],
    [{ ...ask, terminal: false }, false],
    [{ ...ask, allowed: false }, false],
    [{ ...ask, env: { NO_COLOR: '1' } }, false],
    [{ ...ask, env: { NO_COLOR: '' } }, true],
    [{ ...ask, env: { TERM: 'dumb' } }, false],
    [{ ...ask, setting: 'never' }, false],
    [{ ...ask, setting: 'always', terminal: false }, true],
    [{ ...ask, setting: 'always', allowed: false }, false],
    [{ ...ask, setting: 'always', env: { NO_COLOR: '1' } }, false],
  ]
  for (const [question, expected] of rows) t.equal(wantsColor(question), expected, JSON.stringify(question))
  t.end()
})

test('words: durations, widths, tables', t => {
  for (const [ms, text] of [
    [0, '0.0 s'],
    [950, '0.9 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 0 s'],
    [125_400, '2 min 5 s'],
    [3_725_000, '1 h 2 min'],
  ] as const)
    t.equal(duration(ms), text)
  for (const [text, columns] of [
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['🚢', 2],
    ['ü', 1],
    ['', 0],
  ] as const)
    t.equal(width(text), columns, text)
  t.equal(cut('日本語です', 6), '日本…')
  t.equal(cut('hello', 5), 'hello')
  t.equal(cut('hello', 4), 'hel…')
  t.equal(cut('hello', 0), '')
  t.equal(fit('ab', 4), 'ab  ')
  t.same(
    table(
      ['A', 'LONG'],
      [
        ['日本', 'x'],
        ['b', ''],
      ],
    ),
    ['A     LONG', '日本  x', 'b'],
  )
  t.same(table(['A', 'LONG'], [['aaaaaa', 'bbbbbb']], 10), ['A       L…', 'aaaaaa  b…'])
  t.end()
})
