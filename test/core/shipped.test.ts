// Local files for hosts: the sum that is the same everywhere, and what mounts, configs and secrets come to on each kind of host.
import { execFileSync } from 'node:child_process'
import { chmodSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { localFiles } from '../../cli/files.js'
import { checkContainers } from '../../core/containers/index.js'
import { shippedHash, shippedTree, sumOf } from '../../core/containers/mounts/shipped.js'
import type { Warning } from '../../core/project.js'
import { Secret } from '../../core/secret.js'
import { readState } from '../../core/state.js'
import { load, refusal, result } from './containers/project-on-disk.js'

const owner = { uid: 0, gid: 0 }

test('one sum over names, modes, links and contents', async t => {
  const tree = { a: 'one', sub: { b: 'two' }, empty: {} }
  const root = t.testdir({ one: tree, other: structuredClone(tree) })
  const at = (path: string): string => join(root, path)
  for (const name of ['one', 'other']) {
    symlinkSync('a', at(`${name}/link`))
    chmodSync(at(name), 0o755)
    chmodSync(at(`${name}/a`), 0o644)
  }
  const sum = async (name: string, who = owner): Promise<string> =>
    sumOf((await shippedTree(localFiles, { from: { path: at(name) }, kind: 'directory', ...who })).entries, who)
  const first = await sum('one')
  t.equal(await sum('other'), first, 'the same wherever it lies')
  chmodSync(at('other/a'), 0o664)
  utimesSync(at('other/a'), 1, 1)
  t.equal(await sum('other'), first, 'whatever the umask was, and the time')
  t.not(await sum('one', { uid: 1, gid: 0 }), first, 'owner')
  const changes: [string, () => void][] = [
    ['mode', () => chmodSync(at('other/a'), 0o755)],
    ['content', () => writeFileSync(at('other/sub/b'), 'twO')],
    ['name', () => writeFileSync(at('other/new'), '')],
    ['link', () => symlinkSync('b', at('other/link2'))],
  ]
  const known = new Set([first])
  for (const [what, change] of changes) {
    change()
    const now = await sum('other')
    t.notOk(known.has(now), what)
    known.add(now)
  }
  execFileSync('mkfifo', [at('one/pipe')])
  const { entries, leftOut } = await shippedTree(localFiles, { from: { path: at('one') }, kind: 'directory', ...owner })
  t.same(leftOut, ['pipe'])
  t.same(
    entries.map(({ path }) => path),
    ['', 'a', 'empty', 'link', 'sub', 'sub/b'],
  )
  t.equal(await sum('one'), first, 'a pipe has no content')
})

test('a secret never stands as a plain hash', t => {
  const key = new Uint8Array([1])
  t.equal(shippedHash({ sum: 'ab', secret: false }, key), 'ab')
  t.match(shippedHash({ sum: 'ab', secret: true }, key), /^[0-9a-f]{64}$/)
  t.not(shippedHash({ sum: 'ab', secret: true }, key), shippedHash({ sum: 'ab', secret: true }, new Uint8Array([2])))
  t.end()
})

const hosts = 'hosts: { far: { address: 192.0.2.1 }, here: { connection: local } }'
const compose = `services:
  a:
    image: x
    configs: [{ source: c, target: /c, mode: 0440, uid: "3" }, { source: t, target: /t, x-longshore: { on_change: restart } }]
    secrets: [s]
    volumes:
      - ./d:/d:ro
      - { type: bind, source: ./f, target: /f, read_only: true, x-longshore: { on_change: { signal: hup } } }
configs: { c: { file: ./c }, t: { content: text } }
secrets: { s: { file: ./s } }
`

test('what is beside the project, here and there', async t => {
  const tree = { c: 'cc', s: 'hush hush', d: { x: 'xx' }, f: 'ff', 'compose.yaml': compose.replace('hup', 'HUP') }
  const yaml = `project: p\n${hosts}\ncompose: [{ file: compose.yaml, on: all }]`
  const { wanted, warnings } = await result(t, yaml, tree)
  t.same(warnings, [])
  const on = (host: string) => wanted.get(host)?.containers[0]?.config
  const told = (host: string): string[] =>
    (on(host)?.mounts ?? []).map(
      ({ target, readOnly, shipped }) =>
        `${target} ${readOnly ? 'ro' : 'rw'} ${shipped ? `${shipped.thing} ${JSON.stringify(shipped.onChange)}` : 'as it is'}`,
    )
  t.same(told('far'), [
    '/c ro file ./c "recreate"',
    '/d ro folder ./d "recreate"',
    '/f ro file ./f {"signal":"SIGHUP"}',
    '/run/secrets/s ro secret s "recreate"',
    '/t ro config t "restart"',
  ])
  t.same(told('here'), [
    '/c ro as it is',
    '/d ro as it is',
    '/f ro file ./f {"signal":"SIGHUP"}',
    '/run/secrets/s ro as it is',
    '/t ro config t "restart"',
  ])
  const { shipped: config } = on('far')?.mounts[0] ?? {}
  t.match(config, { mode: 0o440, uid: 3, gid: 0, secret: false, bytes: 2, entries: 1 })
  t.match(on('far')?.mounts[3]?.shipped, { mode: 0o444, secret: true })
  t.notMatch(JSON.stringify([...wanted.values()].map(one => one.containers)), /hush/)
})

test('validate foretells what is mounted read-only, and which selectors mean nobody', async t => {
  const at = (warnings: readonly Warning[]): string[] =>
    warnings.map(({ text, at }) => `${at.line}:${at.column} ${text}`).sort()
  const tree = {
    d: {},
    e: {},
    'compose.yaml': 'services:\n  a: { image: x, volumes: ["./d:/d", "./e:/e:ro", "/f:/f"] }\n',
  }
  const more = 'compose: [{ file: compose.yaml, on: role=db }]\n'
  const ways = 'say `:ro`; for what the container writes use a volume, or an absolute path of the host'
  const brought = `2:28 a: ./d lies on this machine and is brought to far, where it is mounted read-only; ${ways}`
  const unmet = (host: string): string =>
    `3:37 a: \`on: role=db\` does not match ${host}; with one host it runs there all the same`
  const rows: [hosts: string, expected: string[]][] = [
    ['far: { address: 192.0.2.1 }', [brought, unmet('far')]],
    ['far: { address: 192.0.2.1, labels: { role: db } }', [brought]],
    ['here: { connection: local }', [unmet('here')]],
    ['far: { address: 192.0.2.1, labels: { role: db } }, here: { connection: local }', [brought]],
    ['far: { address: 192.0.2.1 }, here: { connection: local, labels: { role: db } }', []],
  ]
  for (const [hosts, expected] of rows) {
    const yaml = `project: p\nhosts: { ${hosts} }\n${more}`
    const project = await load(t, yaml, tree)
    t.same(at(checkContainers(project, raw => raw.value)), expected, hosts)
    t.same(at((await result(t, yaml, tree)).warnings), expected, `the plan says the same: ${hosts}`)
  }
  const head = 'project: p\nhosts: { far: { address: 192.0.2.1 } }\ncontainers:\n'
  const writable = await load(t, `${head}  a: { image: x, volumes: ["./d:/d:rw"] }`, tree)
  t.throws(() => checkContainers(writable, raw => raw.value), {
    message: /^a: \.\/d lies on this machine and is brought to far: it cannot be mounted writable there/,
  })
  const unknown = await load(
    t,
    `${head}  a: { image: x, volumes: [{ type: bind, source: "./{{ x }}", target: /d }] }`,
    tree,
  )
  t.same(
    checkContainers(unknown, raw => raw.value),
    [],
    'a template is left to the plan',
  )
})

test('a read-only root has the contents mounted; without a shell they are put in', async t => {
  const yaml = (more: string): string =>
    `project: p\nhosts: { far: ${more} }\nsecrets: { DB: { env: DB_PASSWORD } }\ncontainers:\n`
  const ssh = '{ address: 192.0.2.1 }'
  const plain = await result(t, `${yaml(ssh)}  a: { image: x, secrets: [DB] }`)
  const config = plain.wanted.get('far')?.containers[0]?.config
  t.same(config?.mounts, [])
  t.match(config?.files, [{ target: '/run/secrets/DB', mode: 0o400 }])
  t.ok(config?.files?.[0]?.content instanceof Secret)
  const fixed = await result(t, `${yaml(ssh)}  a: { image: x, secrets: [DB], read_only: true }`)
  t.match(fixed.wanted.get('far')?.containers[0]?.config, {
    files: undefined,
    mounts: [{ target: '/run/secrets/DB', shipped: { thing: 'secret DB', secret: true, mode: 0o400 } }],
  })
  const live = await result(t, `${yaml(ssh)}  a: { image: x, secrets: [{ source: DB, on_change: { signal: USR1 } }] }`)
  t.match(live.wanted.get('far')?.containers[0]?.config.mounts, [{ shipped: { onChange: { signal: 'SIGUSR1' } } }])
  const engine = '{ connection: engine, url: "tcp://127.0.0.1:2375" }'
  const mounted = result(t, `${yaml(engine)}  a: { image: x, volumes: ["./d:/d:ro"] }`, { d: {} })
  t.match(await refusal(mounted), /^3 5:\d+ a: \.\/d lies on this machine, and far has only an engine .*use a volume/)
  const head = `project: p\nhosts: { far: ${engine} }\ncompose: [compose.yaml]`
  const files = compose
    .replace(/, x-longshore: \{ on_change: restart \}/, '')
    .replace(/ {4}volumes:[\s\S]*(?=configs: \{)/, '')
  const put = await result(t, head, { c: 'cc', s: 'hush hush', 'compose.yaml': files })
  t.match(put.wanted.get('far')?.containers[0]?.config.files, [
    { target: '/c', content: 'cc', mode: 0o440, uid: 3 },
    { target: '/run/secrets/s', content: Secret, mode: 0o444 },
    { target: '/t', content: 'text' },
  ])
})

test('what the host told of the files that it holds', t => {
  const hash = 'ab'.repeat(32)
  t.same(readState(`shipped=${hash}\nlive=${hash} shop-app-1-0a1b2c3d/00ff\n`).shipped, {
    held: [hash],
    live: { 'shop-app-1-0a1b2c3d/00ff': hash },
  })
  t.equal(readState('serial=x\n').shipped, undefined)
  t.end()
})
