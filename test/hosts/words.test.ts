// The pure parts of the room, as tables: known_hosts, ssh's configuration, destinations, roles, the sudo gate, places.
import { mkdirSync, writeFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import type { As } from '../../core/connection.js'
import { Secret } from '../../core/secret.js'
import { newMarks, perhapsLine, plainLine, roleOf, sudoLine, wordsOf } from '../../hosts/command-line.js'
import { collectOutput } from '../../hosts/output.js'
import { createSemaphore } from '../../hosts/semaphore.js'
import { askSsh, createConfigReader, parseSettings } from '../../hosts/ssh/config.js'
import { parseConfigFiles } from '../../hosts/ssh/config-file.js'
import { judge, keysFor, knownName, matchesHosts } from '../../hosts/ssh/known-hosts.js'
import { parseDestination, resolveTarget } from '../../hosts/ssh/target.js'
import { createSudoGate } from '../../hosts/sudo-gate.js'
import { hostOf, run, testFolder } from './private-sshd.js'

test('known_hosts: which names a line means', async t => {
  const rows: [field: string, name: string, means: boolean][] = [
    ['web1.example', 'web1.example', true],
    ['web1.example,192.0.2.10', '192.0.2.10', true],
    ['Web1.Example', 'web1.example', true],
    ['web1.example', '[web1.example]:2222', false],
    ['[web1.example]:2222', '[web1.example]:2222', true],
    ['*.example', 'web1.example', true],
    ['*.example', 'example', false],
    ['web?.example', 'web12.example', false],
    ['*.example,!web1.example', 'web1.example', false],
    ['!web1.example,*.example', 'web2.example', true],
    ['!web1.example', 'web2.example', false],
    ['[2001:db8::1]:2222', '[2001:db8::1]:2222', true],
    ['web1.example.com', 'web1xexample.com', false],
    // Made by `ssh-keygen -H` for "web1.example".
    ['|1|qskW+bovVxFE3tzq6HV0Sm8bouM=|KL1bVgio2aD5OODcYpZz25CSjl0=', 'web1.example', true],
    ['|1|qskW+bovVxFE3tzq6HV0Sm8bouM=|KL1bVgio2aD5OODcYpZz25CSjl0=', 'web2.example', false],
  ]
  for (const [field, name, means] of rows) t.equal(matchesHosts(field, name), means, `${field} ${name}`)
  t.equal(knownName('Web1', 22), 'web1')
  t.equal(knownName('::1', 2222), '[::1]:2222')
})

test('known_hosts: what a key is to a host', async t => {
  const wire = (type: string, rest: string): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(type.length)
    return Buffer.concat([length, Buffer.from(type + rest)])
  }
  const [old, fresh, rsa] = [wire('ssh-ed25519', 'old'), wire('ssh-ed25519', 'new'), wire('ssh-rsa', 'rsa')]
  const line = (type: string, key: Buffer): string => `web1 ${type} ${key.toString('base64')} comment`
  const rows: [text: string, key: Buffer, state: string][] = [
    ['', fresh, 'unknown'],
    [`# ${line('ssh-ed25519', fresh)}\n\nbroken\n@strange ${line('ssh-ed25519', fresh)}`, fresh, 'unknown'],
    [line('ssh-ed25519', fresh), fresh, 'known'],
    [`${line('ssh-ed25519', old)}\n${line('ssh-ed25519', fresh)}\r\n`, fresh, 'known'],
    [line('ssh-ed25519', old), fresh, 'changed'],
    [line('ssh-rsa', rsa), fresh, 'changed'],
    [`${line('ssh-ed25519', fresh)}\n@revoked ${line('ssh-ed25519', fresh)}`, fresh, 'revoked'],
    [`@revoked ${line('ssh-ed25519', old)}`, fresh, 'unknown'],
    [`@cert-authority ${line('ssh-ed25519', fresh)}`, fresh, 'unknown'],
  ]
  for (const [text, key, state] of rows) t.equal(judge(key, keysFor('web1', text, 'known_hosts')).state, state, text)
  const changed = judge(fresh, keysFor('web1', `${line('ssh-rsa', rsa)}\n${line('ssh-ed25519', old)}`, 'file'))
  t.match(changed, { from: { file: 'file', line: 2 } }, 'the line of the same type is named')
})

test("ssh's configuration", async t => {
  const folder = testFolder()
  t.teardown(() => folder.remove())
  mkdirSync(folder.at('.ssh'))
  const file = folder.at('.ssh/config')
  const included = folder.at('.ssh/more.conf')
  writeFileSync(
    file,
    `Include more.* "${folder.at('absolute.conf')}"\nHost *\n  Port 2022\n  IdentityFile ~/.ssh/last\n`,
  )
  writeFileSync(included, 'Host web*\n  HostName %h.example\n  IdentityFile ~/.ssh/%r-first\n')
  writeFileSync(folder.at('absolute.conf'), 'Host web1\n  User deploy\n  IdentitiesOnly yes\n  ProxyJump bastion\n')
  const read = createConfigReader(folder.path, {})
  const own = await read({ alias: 'web1' })
  t.match(own, { hostname: ['%h.example'], user: ['deploy'], port: ['2022'], proxyjump: ['bastion'] })
  t.same(own.identityfile, ['~/.ssh/%r-first', '~/.ssh/last'])
  t.same((await read({ alias: 'db1', port: 22, user: 'me' })).port, ['22'], 'what is asked with comes first')
  // ssh itself reads relative includes beside its user's own file only.
  writeFileSync(file, `Include ${included} ${folder.at('absolute.conf')}\nHost *\n  Port 2022\n`)
  const asked = await askSsh({ alias: 'web1' }, { PATH: process.env.PATH }, file)
  t.match(asked, { hostname: ['web1.example'], user: ['deploy'], port: ['2022'], proxyjump: ['bastion'] })
  t.equal(await askSsh({ alias: 'web1' }, { PATH: folder.path }, file), undefined, 'no ssh here')
  writeFileSync(file, 'Nonsense yes\n')
  const broken = askSsh({ alias: 'web1' }, { PATH: process.env.PATH }, file)
  await t.rejects(broken, { name: 'UserError', message: /configuration: .*Nonsense|nonsense/ })
  writeFileSync(file, 'Include config\n')
  const files = { home: folder.path, read: async (): Promise<string> => 'Include config\n' }
  await t.rejects(parseConfigFiles({ alias: 'x' }, file, files), { message: /includes itself/ })
  t.same(parseSettings('user a b\nidentityfile x\nidentityfile y\n\n'), { user: ['a b'], identityfile: ['x', 'y'] })

  const options = { home: '/home/me', env: { SSH_AUTH_SOCK: '/agent' }, acceptNewHostKeys: false }
  const target = await resolveTarget(hostOf({ address: 'web1' }), { ...options, settings: async () => own })
  t.match(target, {
    hostname: 'web1.example',
    port: 2022,
    user: 'deploy',
    identityFiles: ['/home/me/.ssh/deploy-first', '/home/me/.ssh/last'],
    identitiesOnly: true,
    agentSocket: '/agent',
    jump: 'bastion',
    knownName: '[web1.example]:2022',
  })
  const mine = hostOf({ address: 'web1', user: 'root', port: 22, jump: 'other' })
  const explicit = await resolveTarget(mine, { ...options, settings: async () => own })
  t.match(explicit, { hostname: 'web1.example', port: 22, user: 'root', jump: 'other', knownName: 'web1.example' })
  const proxied = resolveTarget(mine, { ...options, settings: async () => ({ proxycommand: ['nc %h %p'] }) })
  t.match(await proxied, { jump: 'other' })
  const { jump, ...direct } = mine
  await t.rejects(resolveTarget(direct, { ...options, settings: async () => ({ proxycommand: ['nc'] }) }), {
    message: /ProxyCommand/,
  })
  const option = resolveTarget(hostOf({ address: '-oProxyCommand=x' }), { ...options, settings: async () => ({}) })
  await t.rejects(option, { message: /is no address/ })
})

test('destinations', async t => {
  const rows: [text: string, want: object][] = [
    ['bastion', { address: 'bastion' }],
    ['me@bastion:2222', { user: 'me', address: 'bastion', port: 2222 }],
    ['ssh://me@bastion:2222/', { user: 'me', address: 'bastion', port: 2222 }],
    ['me@corp@bastion', { user: 'me@corp', address: 'bastion' }],
    ['[2001:db8::1]:22', { address: '2001:db8::1', port: 22 }],
    ['me@2001:db8::1', { user: 'me', address: '2001:db8::1' }],
  ]
  for (const [text, want] of rows)
    t.strictSame(parseDestination(text), { name: text, destination: true, ...want }, text)
})

test('roles and command lines', async t => {
  const password = new Secret('SUDO', 'pw')
  const sudo = { become: { method: 'sudo' as const, user: 'root', password } }
  const rows: [host: object, login: string, as: As | undefined, want: object][] = [
    [{}, 'deploy', undefined, { kind: 'plain' }],
    [sudo, 'deploy', 'login', { kind: 'plain' }],
    [{}, 'deploy', 'root', { kind: 'sudo', user: 'root' }],
    [sudo, 'deploy', 'root', { kind: 'sudo', user: 'root', password }],
    [sudo, 'root', 'root', { kind: 'plain' }],
    [sudo, 'deploy', 'best', { kind: 'sudo', user: 'root', password }],
    [{}, 'deploy', 'best', { kind: 'perhaps' }],
    [{}, 'root', 'best', { kind: 'plain' }],
    [{ become: { method: 'sudo', user: 'app' } }, 'root', 'root', { kind: 'sudo', user: 'app' }],
  ]
  for (const [host, login, as, want] of rows) t.strictSame(roleOf(hostOf(host), login, as), want)
  t.equal(plainLine(wordsOf({ sh: 'echo $HOME' })), 'exec env LC_ALL=C sh -s')
  t.equal(plainLine(wordsOf({ sh: "echo 'a b'", stdin: '' })), `exec env LC_ALL=C sh -c 'echo '\\''a b'\\'''`)
  t.match(run('sh', ['-c', perhapsLine(['echo', "it's"])]), "it's")
  t.match(sudoLine(['sh', '-s'], { kind: 'sudo', user: 'root' }, newMarks()), /sudo -H -n -u root -- sh -c/)
  t.throws(() => wordsOf({ sh: 'x'.repeat(102_401), stdin: '' }), { name: 'UserError', message: /100 KB/ })
  t.throws(() => plainLine(wordsOf({ sh: "'".repeat(50_000), stdin: '' })), { message: /too long/ })
})

test('the sudo gate', async t => {
  const marks = { prompt: '<prompt>', ready: '<ready>' }
  const bytes = Buffer.from
  // However the bytes are cut, the same comes through.
  for (const size of [1, 3, 7, 1000]) {
    const gate = createSudoGate(marks)
    const feed = (text: string, into: (chunk: Buffer) => Buffer): string => {
      let through = ''
      for (let at = 0; at < text.length; at += size) through += into(bytes(text.slice(at, at + size))).toString()
      return through
    }
    t.equal(feed('greeting\n', gate.stdout), '')
    t.equal(feed('lecture\n<prompt>', gate.stderr), '')
    t.match(gate, { asked: 1, ready: false, group: 0, said: 'lecture' })
    t.equal(feed('Sorry, try again.\n<prompt>', gate.stderr), '')
    t.equal(gate.asked, 2)
    t.equal(feed('<ready> 4711\nout\n<ready> mine\n', gate.stdout), 'out\n<ready> mine\n')
    t.equal(feed('\n<ready>\nerr<prompt>', gate.stderr), 'err<prompt>')
    t.match(gate, { asked: 2, ready: true, group: 4711 })
  }
})

test('places', async t => {
  const places = createSemaphore(2)
  const order: number[] = []
  const work = async (n: number): Promise<void> => {
    const free = await places.acquire()
    order.push(n)
    await sleep(5)
    free()
    free()
  }
  const all = Promise.all([1, 2, 3, 4].map(work))
  t.equal(places.held, 2)
  const signal = AbortSignal.timeout(1)
  await t.rejects(places.acquire(signal), { name: 'TimeoutError' })
  await t.rejects(places.acquire(AbortSignal.abort(new Error('no'))), { message: 'no' })
  await all
  t.same(order, [1, 2, 3, 4])
  t.equal(places.held, 0)
  places.narrow(0)
  t.equal(places.limit, 1)
})

test('output in lines', async t => {
  const stream = new PassThrough()
  const seen: string[] = []
  const output = collectOutput(stream, line => seen.push(line), t.fail)
  for (const chunk of ['a\r\n', 'b', 'c\nda', Buffer.from('ä').subarray(0, 1), Buffer.from('ä').subarray(1), '\n\nend'])
    stream.write(chunk)
  stream.end()
  await output.done
  t.same(seen, ['a', 'bc', 'daä', '', 'end'])
  t.equal(output.text(), 'a\r\nbc\ndaä\n\nend')
})
