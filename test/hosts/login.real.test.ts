// Getting into a host: keys, agent, passwords, host keys, jumps, ssh's configuration, and every way it can fail.
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'tap'
import type { Host } from '../../core/project.js'
import { Secret } from '../../core/secret.js'
import { sh } from '../../core/sh.js'
import type { ConnectOptions } from '../../hosts/index.js'
import { connectWith, hostOf, makeKey, makeUser, run, startSshd, testFolder, unreachable } from './private-sshd.js'

const folder = testFolder()
const key = makeKey(folder.at('id'))
const locked = makeKey(folder.at('locked'), '-N', 'open sesame')
const rsa = makeKey(folder.at('rsa'), '-t', 'rsa', '-b', '2048', '-m', 'PKCS8')
const ecdsa = makeKey(folder.at('ecdsa'), '-t', 'ecdsa', '-m', 'PKCS8', '-N', 'open sesame')
const ed25519 = folder.at('ed25519.pem')
const pair = generateKeyPairSync('ed25519')
writeFileSync(ed25519, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
const keys = folder.at('authorized_keys')
const publicOf = (path: string): string => readFileSync(`${path}.pub`, 'utf8')
writeFileSync(keys, [key, locked, rsa, ecdsa].map(publicOf).join(''))
// The public half as ssh writes it: 32 bytes at the end of the SPKI form.
const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
const blob = Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1'), spki.subarray(-32)])
appendFileSync(keys, `ssh-ed25519 ${blob.toString('base64')}\n`)

const sshd = await startSshd(folder.path, 'main', keys)
const factors = await startSshd(
  folder.path,
  'factors',
  keys,
  'PasswordAuthentication no\nKbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive',
)
const removeUser = makeUser('lshlogin', 'pw-login')
const base = { user: 'lshlogin', port: sshd.port, hostKey: sshd.hostKey }

/** Logs in, says who we are there, and hangs up. */
async function whoami(host: Partial<Host>, options: Partial<ConnectOptions> = {}): Promise<string> {
  const connection = await connectWith({ home: folder.path, ...options })(hostOf({ ...base, ...host }))
  try {
    return (await connection.exec(sh`id -un`)).stdout.trim()
  } finally {
    await connection.close()
  }
}

const secret = (value: string): Secret => new Secret('TEST', value)
test('logging in', async t => {
  t.teardown(async () => {
    await Promise.all([sshd.stop(), factors.stop()])
    removeUser()
    folder.remove()
  })

  await t.test('with keys', async t => {
    const rows: [name: string, host: Partial<Host>][] = [
      ['an OpenSSH key', { identity: key }],
      ['an encrypted key', { identity: locked, passphrase: secret('open sesame') }],
      ['RSA in PKCS#8', { identity: rsa }],
      ['encrypted ECDSA in PKCS#8', { identity: ecdsa, passphrase: secret('open sesame') }],
      ['Ed25519 in PKCS#8', { identity: ed25519 }],
      ['IPv6', { identity: key, address: '::1' }],
    ]
    for (const [name, host] of rows) t.equal(await whoami(host), 'lshlogin', name)
    mkdirSync(folder.at('.ssh'))
    run('cp', [key, folder.at('.ssh/id_ed25519')])
    t.equal(await whoami({}), 'lshlogin', 'a default key')
    run('rm', [folder.at('.ssh/id_ed25519')])
    await t.rejects(whoami({ identity: folder.at('none') }), unreachable(/there is no key .*none/, /identity/))
    await t.rejects(whoami({ identity: locked }), unreachable(/locked is encrypted/, /hosts\.web1\.passphrase/))
    await t.rejects(whoami({ identity: ecdsa }), unreachable(/ecdsa is encrypted/))
    const wrong = secret('wrong')
    await t.rejects(whoami({ identity: locked, passphrase: wrong }), unreachable(/passphrase .* is wrong/))
    await t.rejects(whoami({ identity: ecdsa, passphrase: wrong }), unreachable(/passphrase .* is wrong/))
    await t.rejects(whoami({ identity: keys }), unreachable(/cannot be used/))
  })

  await t.test('with an agent', async t => {
    const socket = folder.at('agent.sock')
    const agent = spawn('sh', ['-c', `exec ssh-agent -D -a ${socket}`], { stdio: 'ignore' })
    t.teardown(() => agent.kill())
    while (!run('sh', ['-c', `test -S ${socket} && echo yes || true`])) run('sleep', ['0.05'])
    const env = { PATH: process.env.PATH, SSH_AUTH_SOCK: socket }
    await t.rejects(
      whoami({}, { env }),
      unreachable(/lshlogin@127.0.0.1:\d+ refuses the login \(tried agent\)/, /ssh-add/),
    )
    run('sh', ['-c', `SSH_AUTH_SOCK=${socket} ssh-add -q ${key}`])
    t.equal(await whoami({}, { env }), 'lshlogin')
    t.equal(await whoami({ identity: locked }, { env }), 'lshlogin', 'in place of a key that we cannot open')
    const gone = { ...env, SSH_AUTH_SOCK: folder.at('no-agent') }
    t.equal(await whoami({ password: secret('pw-login') }, { env: gone }), 'lshlogin', 'an agent that is gone')
  })

  await t.test('with passwords', async t => {
    t.equal(await whoami({ password: secret('pw-login') }), 'lshlogin')
    await t.rejects(
      whoami({ password: secret('pw-wrong') }),
      unreachable(/refuses the login \(tried password\)/, /publickey.*password.*hosts\.web1\.user \(lshlogin\)/),
    )
    await t.rejects(whoami({}), unreachable(/refuses the login \(nothing to log in with\)/))
    const two = { port: factors.port, hostKey: factors.hostKey, identity: key }
    t.equal(await whoami({ ...two, password: secret('pw-login') }), 'lshlogin', 'key and keyboard-interactive')
    await t.rejects(whoami(two), unreachable(/refuses the login \(tried key/, /it takes keyboard-interactive/))
  })

  await t.test("with ssh's configuration", async t => {
    const home = folder.at('configured')
    mkdirSync(`${home}/.ssh/conf.d`, { recursive: true })
    run('cp', [key, `${home}/.ssh/key-alias`])
    writeFileSync(`${home}/.ssh/config`, 'Include conf.d/*.conf\nHost *\n  User nobody\n')
    writeFileSync(
      `${home}/.ssh/conf.d/a.conf`,
      `Host alias\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User lshlogin\n  IdentityFile ~/.ssh/key-%n\n  StrictHostKeyChecking accept-new\n`,
    )
    writeFileSync(
      `${home}/.ssh/conf.d/b.conf`,
      `Host behind lost\n  HostName localhost\n  Port ${sshd.port}\n  User lshlogin\nHost behind\n  ProxyJump alias\nHost lost\n  ProxyJump nobody@127.0.0.1:1\n`,
    )
    const connect = connectWith({ home })
    const connection = await connect(hostOf({ address: 'alias' }))
    t.equal((await connection.exec(sh`id -un`)).stdout, 'lshlogin\n')
    await connection.close()
    t.match(readFileSync(`${home}/.ssh/known_hosts`, 'utf8'), `[127.0.0.1]:${sshd.port} ssh-ed25519`)
    const { hostKey } = sshd
    const behind = await connect(hostOf({ address: 'behind', password: secret('pw-login'), hostKey }))
    t.equal((await behind.exec(sh`id -un`)).stdout, 'lshlogin\n')
    await behind.close()
    await t.rejects(connect(hostOf({ address: 'lost', password: secret('pw-login'), hostKey })), {
      ...unreachable(/cannot reach 127.0.0.1:1/),
      where: 'nobody@127.0.0.1:1',
    })
  })

  await t.test('loads ssh2 only for ssh hosts', async t => {
    const script = `
      import { createConnect } from ${JSON.stringify(new URL('../../hosts/index.js', import.meta.url).href)}
      import { createRequire } from 'node:module'
      const { cache } = createRequire(import.meta.url)
      const connect = createConnect({ hosts: [], home: '/', env: {}, acceptNewHostKeys: false, unknownHostKey: async () => false })
      const here = await connect({ name: 'here', connection: 'local', address: 'here' })
      await here.exec({ sh: 'true' })
      console.log(Object.keys(cache).filter(path => /ssh2|node-pty/.test(path)).length)
      await connect({ name: 'there', connection: 'ssh', address: '127.0.0.1', port: 1, user: 'x', password: { reveal: () => '' } }).catch(() => {})
      console.log(Object.keys(cache).some(path => path.includes('/ssh2/')))`
    t.equal(run(process.execPath, ['--input-type=module', '-e', script]), '0\ntrue\n')
  })
})
