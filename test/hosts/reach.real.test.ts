// The way to a host before any login: host keys, jumps, busy hosts, and hosts that cannot be reached.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'tap'
import type { Host } from '../../core/project.js'
import { sh } from '../../core/sh.js'
import type { ConnectOptions, UnknownHostKey } from '../../hosts/index.js'
import {
  connectWith,
  freePort,
  hostOf,
  makeKey,
  makeUser,
  run,
  startSshd,
  testFolder,
  type Unreachable,
  unreachable,
} from './private-sshd.js'

const folder = testFolder()
const key = makeKey(folder.at('id'))
const keys = `${key}.pub`
const rsa = makeKey(folder.at('rsa'), '-t', 'rsa', '-b', '2048')
const publicOf = (path: string): string => readFileSync(`${path}.pub`, 'utf8')

const sshd = await startSshd(folder.path, 'main', keys)
const removeUser = makeUser('lshreach', 'pw-reach')
const base = { user: 'lshreach', port: sshd.port, hostKey: sshd.hostKey }

/** Logs in, says who we are there, and hangs up. */
async function whoami(host: Partial<Host>, options: Partial<ConnectOptions> = {}): Promise<string> {
  const connection = await connectWith({ home: folder.path, ...options })(hostOf({ ...base, ...host }))
  try {
    return (await connection.exec(sh`id -un`)).stdout.trim()
  } finally {
    await connection.close()
  }
}

test('reaching hosts', async t => {
  t.teardown(async () => {
    await sshd.stop()
    removeUser()
    folder.remove()
  })

  await t.test('to hosts with known, unknown and changed keys', async t => {
    const file = folder.at('known/hosts')
    const asked: UnknownHostKey[] = []
    const answer = (yes: boolean): Partial<ConnectOptions> => ({
      knownHostsFiles: [file],
      unknownHostKey: async question => {
        asked.push(question)
        return yes
      },
    })
    const { hostKey, ...unknown } = { ...base, identity: key }
    const login = async (options: Partial<ConnectOptions>, name = 'web1'): Promise<string> => {
      const connection = await connectWith({ home: folder.path, ...options })(hostOf({ ...unknown, name }))
      await connection.close()
      return 'in'
    }
    await t.rejects(login(answer(false)), unreachable(/host key .* is not known \(ssh-ed25519 SHA256:/, /accept-new/))
    const fingerprint = run('ssh-keygen', ['-lf', folder.at('main-host-ed25519.pub')]).split(' ')[1]
    t.same(asked, [{ host: 'web1', address: `[127.0.0.1]:${sshd.port}`, keyType: 'ssh-ed25519', fingerprint }])
    t.equal(await login(answer(true)), 'in')
    const line = `[127.0.0.1]:${sshd.port} ${hostKey}\n`
    t.equal(readFileSync(file, 'utf8'), line, 'written down')
    t.equal(statSync(file).mode & 0o777, 0o600)
    t.equal(await login(answer(false)), 'in', 'known')
    run('ssh-keygen', ['-q', '-H', '-f', file])
    t.match(readFileSync(file, 'utf8'), /^\|1\|/)
    t.equal(await login(answer(false)), 'in', 'known by a hashed name')
    t.equal(asked.length, 2)

    const other = publicOf(makeKey(folder.at('other')))
      .split(' ')
      .slice(0, 2)
      .join(' ')
    writeFileSync(file, `# old\n[127.0.0.1]:${sshd.port} ${other}\n`)
    await t.rejects(
      login({ ...answer(true), acceptNewHostKeys: true }),
      unreachable(/has changed: .*known\/hosts:2 knows/, /ssh-keygen -R '\[127\.0\.0\.1\]:\d+' -f /),
    )
    writeFileSync(file, `[127.0.0.1]:${sshd.port} ${publicOf(rsa)}`)
    await t.rejects(login(answer(true)), unreachable(/has changed: .*knows ssh-rsa.* no key of that type any more/))
    writeFileSync(file, `@revoked * ${hostKey}\n${line}`)
    await t.rejects(login(answer(true)), unreachable(/hosts:1 revokes/))
    writeFileSync(file, `@cert-authority * ${other}`)
    await t.rejects(login(answer(false)), unreachable(/certificate authority, which is not supported/))
    t.equal(await login({ ...answer(false), acceptNewHostKeys: true }), 'in', 'new keys are accepted')
    t.match(readFileSync(file, 'utf8'), `@cert-authority * ${other}\n${line}`, 'on a line of its own')
    await t.rejects(whoami({ identity: key, hostKey: other }), unreachable(/another key than hosts\.web1\.host_key/))
    const before = asked.length
    writeFileSync(file, '')
    const connect = connectWith({ home: folder.path, ...answer(true) })
    const both = await Promise.all(['a', 'b', 'c'].map(name => connect(hostOf({ ...unknown, name }))))
    t.equal(asked.length - before, 1, 'asked once for hosts at one address')
    await Promise.all(both.map(connection => connection.close()))
  })

  await t.test('through jump hosts', async t => {
    const gate = hostOf({ ...base, name: 'gate', identity: key })
    const inner = { name: 'inner', identity: key }
    t.equal(await whoami({ ...inner, jump: 'gate' }, { hosts: [gate] }), 'lshreach', 'a host of the file')
    mkdirSync(folder.at('home/.ssh'), { recursive: true })
    run('cp', [key, folder.at('home/.ssh/id_ed25519')])
    const known = { home: folder.at('home'), acceptNewHostKeys: true }
    const destination = `lshreach@127.0.0.1:${sshd.port}`
    t.equal(await whoami({ ...inner, jump: destination }, known), 'lshreach', 'a destination')
    t.equal(await whoami({ ...inner, jump: `${destination},gate` }, { ...known, hosts: [gate] }), 'lshreach', 'two')

    const connect = connectWith({ home: folder.path, hosts: [gate] })
    const many = await Promise.all(
      ['a', 'b', 'c'].map(name => connect(hostOf({ ...base, ...inner, name, jump: 'gate' }))),
    )
    const logins = run('sh', ['-c', "pgrep -fc 'sshd: lshreach@' || true"]).trim()
    t.equal(logins, '1', 'sessions aside, one connection to the bastion, three through it')
    await Promise.all(many.map(connection => connection.close()))

    const circle = [hostOf({ ...gate, jump: 'inner' }), hostOf({ ...base, ...inner, jump: 'gate' })]
    await t.rejects(whoami({ ...inner, jump: 'gate' }, { hosts: circle }), { exit: 3, message: /inner → gate → inner/ })
    await t.rejects(
      whoami({ ...inner, port: 1, jump: 'gate' }, { hosts: [gate] }),
      unreachable(/gate cannot reach 127.0.0.1:1/),
    )
    const dead = hostOf({ ...gate, port: 1 })
    await t.rejects(whoami({ ...inner, jump: 'gate' }, { hosts: [dead] }), {
      ...unreachable(/cannot reach 127.0.0.1:1: nothing listens there/),
      where: 'gate',
    })
  })

  await t.test('to hosts that cannot be reached', async t => {
    const silent = createServer(() => undefined)
    const slow = await new Promise<number>(resolve => {
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port))
    })
    t.teardown(() => silent.close())
    const port = await freePort()
    const rows: [host: Partial<Host>, error: Unreachable][] = [
      [{ port }, unreachable(new RegExp(`cannot reach 127.0.0.1:${port}: nothing listens there`), /sshd running/)],
      [
        { address: 'nowhere.invalid' },
        unreachable(/cannot reach nowhere.invalid:\d+: (there is no such name|the name)/),
      ],
      [{ port: slow }, unreachable(/timed out while connecting/, /is the host up/)],
    ]
    for (const [host, error] of rows)
      await t.rejects(whoami({ identity: key, ...host }, { connectTimeoutMs: 400 }), error)
    const signal = AbortSignal.timeout(100)
    const connect = connectWith({ home: folder.path })
    await t.rejects(connect(hostOf({ ...base, identity: key, port: slow }), { signal }), { name: 'TimeoutError' })
  })

  await t.test('to a host that drops logins when it is busy', async t => {
    const busy = await startSshd(folder.path, 'busy', keys, 'MaxStartups 2:90:4')
    t.teardown(() => busy.stop())
    const connect = connectWith({ home: folder.path })
    const host = hostOf({ user: 'lshreach', port: busy.port, hostKey: busy.hostKey, identity: key })
    const all = await Promise.all(Array.from({ length: 10 }, () => connect(host)))
    t.equal(all.length, 10)
    await Promise.all(all.map(connection => connection.close()))
  })
})
