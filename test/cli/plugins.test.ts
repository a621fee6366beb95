// Providers from outside: how they are found, what is wrong with those that cannot be used, and what they are handed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Test, test } from 'tap'
import { loadProvider } from '../../cli/plugins/load.js'
import { anyEngine } from '../../core/engine-want.js'
import { UserError } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import type { Scope } from '../../core/provider.js'
import { Secret } from '../../core/secret.js'

const at = { file: 'longshore.yaml', line: 2, column: 3 }
const names = ['needs', 'scopes', 'detect', 'readDetection', 'open', 'observe', 'diff', 'down', 'apply', 'list']
const methods = names.map(name => `${name}: (...given) => given`).join(', ')

/** A folder with these files; it goes with the test. */
function folderOf(t: Test, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lsplugin-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

const load = (given: string, folder: string) => loadProvider(given, { folder, at, builtIn: ['docker', 'podman'] })

test('what cannot be used is one clear error, at its line', async t => {
  const folder = folderOf(t, {
    'throws.mjs': "throw new Error('no such thing\\nand more')",
    'imports.mjs': "import './not-there.mjs'",
    'words.mjs': 'this is no module',
    'none.mjs': 'export const other = 1',
    'old.mjs': 'export const provider = { interface: 0 }',
    'newer.mjs': 'export const provider = { interface: 2 }',
    'unsaid.mjs': `export const provider = { ${methods} }`,
    'lacking.mjs': 'export const provider = { interface: 1, needs() {}, scopes() {}, diff: 5, open() {} }',
    'odd.mjs': `export const provider = { interface: 1, logs: true, ${methods} }`,
    'greedy.mjs': `export const provider = { interface: 1, asks: ['passwords'], ${methods} }`,
  })
  const rows: [string, RegExp, RegExp?][] = [
    ['./gone.mjs', /^there is no provider at \/.*\/gone\.mjs$/],
    ['dokcer', /^there is no provider "dokcer".*"docker"/, /docker, podman; else it is a package installed in/],
    ['./throws.mjs', /^the provider \.\/throws\.mjs cannot be loaded: no such thing$/, /^node \/.*throws\.mjs/],
    ['./imports.mjs', /cannot be loaded: Cannot find module .*not-there\.mjs/],
    ['./words.mjs', /cannot be loaded: /],
    ['./none.mjs', /exports no `provider`$/, /export const provider = \{ interface: 1/],
    ['./old.mjs', /is for interface 0, and this Longshore speaks interface 1$/],
    ['./newer.mjs', /is for interface 2, and/, /^update Longshore$/],
    ['./unsaid.mjs', /says no `interface`, and/],
    ['./lacking.mjs', /lacks detect, readDetection, observe, diff, down, apply, list$/],
    ['./odd.mjs', /has logs, which must be a function$/],
    ['./greedy.mjs', /asks for secrets that there are not: known are registries, proxy$/],
  ]
  for (const [given, message, hint = /^/] of rows) {
    const error = await load(given, folder).catch((thrown: unknown) => thrown)
    t.ok(error instanceof UserError, given)
    if (!(error instanceof UserError)) continue
    t.match(error.message, message)
    t.match(error.hint ?? '', hint, given)
    t.same([error.at, error.exit], [at, 3], given)
  }
})

test('it is a path, or a package beside the file', async t => {
  const own = `export const provider = { interface: 1, ${methods} }`
  const folder = folderOf(t, {
    'mine.mjs': own,
    'node_modules/plain/package.json': '{ "name": "plain", "type": "module", "main": "at.js" }',
    'node_modules/plain/at.js': own,
    'node_modules/@some/one/package.json': '{ "type": "module", "exports": { ".": { "import": "./in/here.js" } } }',
    'node_modules/@some/one/in/here.js': own,
  })
  for (const given of ['./mine.mjs', join(folder, 'mine.mjs'), 'plain', '@some/one'])
    t.equal((await load(given, folder)).name, given, 'it is called as the file calls it')
})

test('it is handed no secret that it did not ask for', async t => {
  let fetched = 0
  const secret = () => {
    fetched++
    return new Secret('PW', 'value-of-it')
  }
  const engine = {
    ...anyEngine(),
    registries: {
      'reg.test': {
        username: 'ci',
        insecure: false,
        login: true,
        get password() {
          return secret()
        },
      },
    },
    proxy: {
      no: ['localhost'],
      get https() {
        return secret()
      },
    },
  }
  const tls = { folder: '/pki', passphrase: secret(), days: 1, renewBefore: 1, sans: [], clients: [] }
  const host: Host = {
    ...{ name: 'web1', connection: 'ssh', address: '192.0.2.1', user: 'deploy', labels: { role: 'web' }, groups: [] },
    ...{ identity: '/key', password: secret(), passphrase: secret(), vars: { token: 'of the project' } },
    ...{ become: { method: 'sudo', user: 'root', password: secret() }, engine: { ...engine, tls }, at },
  }
  const body = `interface: 1, ${methods}, scopes: hosts => { globalThis.handed = hosts; return [] }`
  const folder = folderOf(t, {
    'plain.mjs': `export const provider = { ${body} }`,
    'asking.mjs': `export const provider = { ${body}, asks: ['registries'] }`,
  })
  fetched = 0
  const plain = await load('./plain.mjs', folder)
  plain.scopes([host])
  const [handed] = (globalThis as unknown as { handed: Host[] }).handed
  t.equal(handed?.name, 'web1')
  t.same(handed?.labels, { role: 'web' })
  t.same(handed?.engine.registries, { 'reg.test': { username: 'ci', insecure: false, login: true } })
  t.same(handed?.engine.proxy, { no: ['localhost'] })
  for (const word of ['password', 'passphrase', 'become', 'identity', 'user']) t.notOk(word in (handed ?? {}), word)
  t.same([handed?.vars, handed?.engine.tls], [{}, undefined])
  t.notOk('password' in ((plain.needs(host.engine) as unknown as Host['engine'][])[0]?.registries['reg.test'] ?? {}))
  t.equal(fetched, 0, 'nor was any fetched')

  const asking = await load('./asking.mjs', folder)
  asking.scopes([host])
  const [more] = (globalThis as unknown as { handed: Host[] }).handed
  t.equal((more?.engine.registries['reg.test']?.password as Secret | undefined)?.reveal(), 'value-of-it')
  t.same(more?.engine.proxy, { no: ['localhost'] }, 'the proxy it did not ask for')
})

test('what it throws is told as its own, and an interrupt stays one', async t => {
  const folder = folderOf(t, {
    'bad.mjs': `export const provider = { interface: 1, ${methods},
      diff() { throw new TypeError('x is undefined') },
      async list() { throw Object.assign(new Error('no room'), { hint: 'make some' }) },
      async apply(engine, step, { signal }) { throw signal.reason ?? new Error('late') },
      async *logs() { yield { text: 'one' }; throw new Error('cut') },
    }`,
  })
  const bad = await load('./bad.mjs', folder)
  const engine = {} as Parameters<typeof bad.list>[0]
  const wanted = {} as Parameters<typeof bad.diff>[1]
  t.throws(() => bad.diff({} as Scope, wanted, {}, { prune: false }), {
    message: 'the provider ./bad.mjs failed in diff: x is undefined',
  })
  await t.rejects(bad.list(engine, 'shop'), { name: 'UserError', message: 'no room', hint: 'make some' })
  const reason = new Error('interrupted')
  const context = { signal: AbortSignal.abort(reason) } as Parameters<typeof bad.apply>[2]
  const step = {} as Parameters<typeof bad.apply>[1]
  t.equal(await bad.apply(engine, step, context).catch((error: unknown) => error), reason)
  const heard: unknown[] = []
  const options = { follow: false, tail: 1, signal: new AbortController().signal }
  const all = async () => {
    for await (const line of bad.logs?.(engine, 'id', options) ?? []) heard.push(line)
  }
  await t.rejects(all(), { message: 'the provider ./bad.mjs failed in logs: cut' })
  t.same(heard, [{ text: 'one' }])
  t.equal(bad.exec, undefined, 'what it has not, nobody thinks it has')
})
