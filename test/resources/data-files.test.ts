// What json_file and yaml_file make of a text, and what they refuse.
import { createHash } from 'node:crypto'
import { test } from 'tap'
import { Secret } from '../../core/secret.js'
import { kindOf } from './shells.js'

const seenOf = (text: string | undefined): object => ({
  kind: text === undefined ? 'absent' : 'file',
  mode: '0644',
  owner: 'root',
  group: 'root',
  uid: '0',
  gid: '0',
  size: Buffer.byteLength(text ?? ''),
  sum: text === undefined ? '' : createHash('sha256').update(text).digest('hex'),
  text: text ?? '',
})

/** The text that would be written; undefined where nothing is to be done. */
function edited(kind: string, yaml: object, before: string | undefined): unknown {
  const resource = kindOf(kind)
  const want = resource.schema.parse({ path: '/etc/x', ...yaml })
  const seen = seenOf(before)
  if (resource.diff(want, seen).length === 0) return undefined
  return resource.apply(want, seen)[0]?.stdin
}

const wide = '{\n    "a": 1,\n    "list": [1, 2,   3],\n    "big": 12345678901234567890,\n    "m": {"x": 1.0}\n}\n'
const docker = '{\n\t"log-driver": "local",\n\t"mtu": 1400\n}'

/** YAML, the text before (undefined: no file), the text after (undefined: nothing to do). */
const json: [object, string | undefined, string | undefined][] = [
  [{ set: { a: 1 } }, undefined, '{\n  "a": 1\n}\n'],
  [{ set: { a: 1 } }, '', '{\n  "a": 1\n}\n'],
  [{ set: { a: 1 } }, wide, undefined],
  [{ set: { a: 1, 'm.x': 1 } }, wide, undefined],
  [{ set: { a: '1' } }, wide, wide.replace('"a": 1', '"a": "1"')],
  [{ set: { 'm.y': [1, { z: null }] } }, wide, wide.replace('1.0}', '1.0, "y": [1, {"z": null}]}')],
  [{ set: { m: { y: true } } }, wide, wide.replace('1.0}', '1.0, "y": true}')],
  [{ set: { n: { y: {} } } }, wide, wide.replace('1.0}\n', '1.0},\n    "n": {\n        "y": {}\n    }\n')],
  [{ set: { 'list.1': 5 } }, wide, wide.replace('2,   3', '5,   3')],
  [{ set: { 'list.3': 4 } }, wide, wide.replace('3]', '3, 4]')],
  [{ set: { list: [1, 2, 3] } }, wide, undefined],
  [{ set: { list: [2] } }, wide, wide.replace('[1, 2,   3]', '[2]')],
  [{ set: { m: {} }, remove: 'no.such.key' }, wide, undefined],
  [{ remove: ['a', 'm.x'] }, wide, wide.replace('"a": 1,\n    ', '').replace('"x": 1.0', '')],
  [{ remove: 'm' }, wide, wide.replace(',\n    "m": {"x": 1.0}', '')],
  [{ set: { dns: ['1.1.1.1'] } }, docker, docker.replace('1400\n', '1400,\n\t"dns": [\n\t\t"1.1.1.1"\n\t]\n')],
  [{ set: { a: 2 } }, '{"a":1,"b":{"c":[]}}', '{"a":2,"b":{"c":[]}}'],
  [{ set: { 'b.c.0': 'x', d: [1, 2] } }, '{"a":1,"b":{"c":[]}}', '{"a":1,"b":{"c":["x"]},"d":[1,2]}'],
  [{ set: { 'a\\.b.c': 'é"\n' } }, '{"a.b":{"c":"x \\" }"}}', '{"a.b":{"c":"é\\"\\n"}}'],
  [{ set: { 'a.b': 1 } }, '{"a": null}\n', '{"a": {"b": 1}}\n'],
  [{ set: { 'a.b': 1 } }, '{\n  "a": null\n}\n', '{\n  "a": {\n    "b": 1\n  }\n}\n'],
  [{ set: { a: 3 } }, '{"a":1,"a":2}', '{"a":1,"a":3}'],
  [{ remove: 'a' }, '{"a":1,"b":0,"a":2}', '{"b":0}'],
  [{ set: { a: null } }, '{ "a": 1 }', '{ "a": null }'],
]

const compose = `# the shop
services:
  app: # the one
    image: "app:1"   # pinned
    ports:
      - 80:80

    environment: { A: yes, B: 0o17 }
  # the data
  db: &db
    image: postgres:15
other: *db
`

const netplan = `network:
    version: 2
    ethernets:
        eth0:
            dhcp4: no
            addresses:
            - 192.0.2.1/24
`

const yaml: [object, string | undefined, string | undefined][] = [
  [{ set: { 'a.b': [1, 'x'] } }, undefined, 'a:\n  b:\n    - 1\n    - x\n'],
  [{ set: { a: 1 } }, '# only words\n', '# only words\n\na: 1\n'],
  [{ set: { a: 1 } }, 'a:   1    # kept as it is', undefined],
  [{ set: { 'services.app.ports': ['80:80'] } }, compose, undefined],
  [{ set: { services: { app: { image: 'app:2' } } } }, compose, compose.replace('"app:1"', '"app:2"')],
  [
    { set: { 'services.app.environment.C': 'on', 'services.db.image': 'postgres:16' } },
    compose,
    compose.replace('0o17 }', '0o17, C: "on" }').replace('s:15', 's:16'),
  ],
  [
    { remove: ['services.app.environment', 'services.app.none.x', 'none.x'] },
    compose,
    compose.replace('    environment: { A: yes, B: 0o17 }\n', ''),
  ],
  [{ set: { 'network.ethernets.eth0.dhcp4': 'no' } }, netplan, undefined],
  [{ set: { 'network.ethernets.eth0.dhcp4': true } }, netplan, netplan.replace('dhcp4: no', 'dhcp4: true')],
  [
    { set: { 'network.ethernets.eth0.addresses.1': '192.0.2.2/24', 'network.renderer': 'networkd' } },
    netplan,
    `${netplan}            - 192.0.2.2/24\n    renderer: networkd\n`,
  ],
  [{ set: { a: { b: 1 } } }, 'a:\nb: 2\n', 'a:\n  b: 1\nb: 2\n'],
  [
    { set: { a: 'yes', b: '12:30', c: 'plain', d: '012', e: null, f: '' } },
    '{}',
    'a: "yes"\nb: "12:30"\nc: plain\nd: "012"\ne: null\nf: ""\n',
  ],
  [{ set: { text: 'a\nb\n' } }, 'text: x\n', 'text: |\n  a\n  b\n'],
  [{ set: { 'a.0.c': [], 'a.1': { d: 'x' } } }, 'a:\n- b: 1\n  # last\n', 'a:\n- b: 1\n  c: []\n- d: x\n  # last\n'],
  [{ set: { 'a.b': { c: 1 } } }, 'a: { b: { } , "x": [ 1 ] }\n', 'a: { b: { c: 1 }, "x": [ 1 ] }\n'],
  [{ set: { 'a.x.1': 'no' } }, 'a: {b: 1, x: [on]} # c\n', 'a: {b: 1, x: [on, "no"]} # c\n'],
  [{ set: { b: 2 } }, 'a: |\n  text\n\n  more\n', 'a: |\n  text\n\n  more\nb: 2\n'],
  [{ set: { 'a.b': ['x'] } }, 'a:\n    b: 1   # one\n    c: 2\n', 'a:\n    b:\n        - x   # one\n    c: 2\n'],
  [{ set: { a: { b: 2 } } }, 'a: null # none\nc: 1\n', 'a:\n  b: 2 # none\nc: 1\n'],
  [{ remove: 'a' }, 'a: 1', '{}\n'],
  [{ remove: 'b.c' }, 'a: 1\nb:\n  c: 1\n  d:\n    - x\n    # end\n', 'a: 1\nb:\n  d:\n    - x\n    # end\n'],
  [{ remove: 'a' }, 'a:\n  x: |\n    1\n    2\nb: 1', 'b: 1'],
  [{ set: { a: "it's", b: 'two' } }, 'a: \'x\'\nb: "y"', "a: 'it''s'\nb: \"two\""],
  [{ set: { '8080': 'x' } }, '8080: y\n', '8080: x\n'],
  [{ set: { a: {} } }, 'a: { b: 1 }\n', undefined],
  [{ set: { a: 1 } }, '---\n# head\na: 0\n# tail\n', '---\n# head\na: 1\n# tail\n'],
]

for (const [kind, rows] of [
  ['json_file', json],
  ['yaml_file', yaml],
] as const)
  for (const [want, before, after] of rows)
    test(`${kind} ${JSON.stringify(want)} in ${JSON.stringify(before)}`, async t => {
      t.equal(edited(kind, want, before), after)
      if (after !== undefined) t.equal(edited(kind, want, after), undefined, 'at rest')
    })

test('a secret value has no diff and travels as a secret', async t => {
  for (const kind of ['json_file', 'yaml_file']) {
    const resource = kindOf(kind)
    const want = resource.schema.parse({ path: '/x', set: { db: { list: [new Secret('DB', 's3cret')] } } })
    t.match(resource.secrets?.(want), [{ name: 'DB' }])
    t.equal(resource.diff(want, seenOf(undefined))[0]?.diff, undefined)
    const [script] = resource.apply(want, seenOf(undefined))
    t.notMatch(script?.sh, 's3cret')
    t.match(script?.stdin, { secret: { name: 'text of /x' } })
    t.match((script?.stdin as { secret: Secret } | undefined)?.secret.reveal(), /s3cret/)
    t.match(script?.sh, /0600/)
  }
})

/** Kind, YAML, text, words of the error. */
const wrong: [string, object, string, RegExp][] = [
  ['json_file', { set: { a: 1 } }, '{"a": 1,}', /\/etc\/x on the host is no JSON/],
  ['json_file', { set: { a: 1 } }, '// c\n{}', /is no JSON/],
  ['json_file', { set: { 'a.b': 1 } }, '{"a": 1}', /a in \/etc\/x is no map, so b cannot be set/],
  ['json_file', { set: { 'a.b': 1 } }, '{"a": [1]}', /a in \/etc\/x is a list of 1, and has no entry b/],
  ['json_file', { set: { a: 1 } }, '[]', /the top in \/etc\/x is a list/],
  ['json_file', { remove: 'a.0' }, '{"a": [1, 2]}', /cannot be removed by its number/],
  ['yaml_file', { set: { a: 1 } }, 'a: [', /\/etc\/x on the host is no YAML/],
  ['yaml_file', { set: { a: 1 } }, 'a: 1\n---\nb: 2\n', /several YAML documents/],
  ['yaml_file', { set: { 'a.b': 1 } }, 'a: 1', /a in \/etc\/x is no map, so b cannot be set/],
  ['yaml_file', { set: { 'a.2': 1 } }, 'a: [1]', /is a list of 1, and has no entry 2/],
  ['yaml_file', { set: { 'other.image': 'x' } }, compose, /other in \/etc\/x is an alias \(\*db\)/],
  ['yaml_file', { remove: 'a.0' }, 'a: [1]', /cannot be removed by its number/],
]

for (const [kind, want, text, message] of wrong)
  test(`${kind} ${JSON.stringify(want)} fails in ${JSON.stringify(text)}`, async t => {
    t.throws(() => edited(kind, want, text), { name: 'UserError', message })
  })

test('what is no edit is refused', async t => {
  for (const kind of ['json_file', 'yaml_file'])
    for (const [more, message] of [
      [{}, /give set or remove/],
      [{ set: { 'a..b': 1 } }, /dots between them/],
      [{ set: { a: 1 }, remove: ['.a'] }, /dots between them/],
      [{ set: { a: 1 }, remove: 'a' }, /both in set and in remove/],
      [{ set: { a: 1 }, keys: 1 }, /nrecognized key/],
    ] as const)
      t.throws(() => kindOf(kind).schema.parse({ path: '/x', ...more }), { message })
})
