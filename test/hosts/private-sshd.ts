// A private sshd on a loopback port, with its own keys and users, for the tests of this room; everything it makes it removes.

import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { anyEngine } from '../../core/engine-want.js'
import type { Host } from '../../core/project.js'
import { type ConnectOptions, createConnect } from '../../hosts/index.js'

export const run = (file: string, args: string[], input?: string): string =>
  execFileSync(file, args, {
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input === undefined ? {} : { input }),
  })

export const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** A folder of its own in /tmp that sshd's StrictModes accepts. */
export function testFolder(): { path: string; at(name: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'longshore-hosts-'))
  execFileSync('chmod', ['755', path])
  return { path, at: name => join(path, name), remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Makes a key pair and gives its path. */
export function makeKey(path: string, ...more: string[]): string {
  run('ssh-keygen', [
    '-q',
    '-f',
    path,
    ...(more.includes('-N') ? [] : ['-N', '']),
    ...(more.includes('-t') ? [] : ['-t', 'ed25519']),
    ...more,
  ])
  return path
}

export interface PrivateSshd {
  port: number
  /** "ssh-ed25519 AAAA…", as `host_key:` takes it. */
  hostKey: string
  pid: number
  stop(): Promise<void>
}

/** Starts an sshd. All users log in with the keys of one file. */
export async function startSshd(
  folder: string,
  name: string,
  authorizedKeys: string,
  extra = '',
): Promise<PrivateSshd> {
  mkdirSync('/run/sshd', { recursive: true })
  const port = await freePort()
  const key = makeKey(join(folder, `${name}-host-ed25519`))
  const config = join(folder, `${name}.conf`)
  writeFileSync(
    config,
    `Port ${port}
ListenAddress 127.0.0.1
ListenAddress ::1
HostKey ${key}
PidFile none
AuthorizedKeysFile ${authorizedKeys}
StrictModes no
UsePAM yes
PermitRootLogin yes
PasswordAuthentication yes
LogLevel ERROR
${extra}
`,
  )
  const child = spawn('/usr/sbin/sshd', ['-D', '-f', config], { stdio: 'ignore' })
  for (let tries = 0; tries < 100; tries += 1) {
    const up = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (up) break
    await sleep(50)
  }
  const [type = '', blob = ''] = readFileSync(`${key}.pub`, 'utf8').split(' ')
  return {
    port,
    hostKey: `${type} ${blob}`,
    pid: child.pid ?? 0,
    stop: () =>
      new Promise(resolve => {
        child.once('exit', () => resolve())
        child.kill()
      }),
  }
}

/** Makes a login user with a password, and gives what removes it again. */
export function makeUser(name: string, password: string, sudoers?: string): () => void {
  run('useradd', ['--create-home', '--shell', '/bin/sh', name])
  run('chpasswd', [], `${name}:${password}\n`)
  const file = `/etc/sudoers.d/${name}`
  if (sudoers !== undefined) {
    writeFileSync(file, `${sudoers}\n`, { mode: 0o440 })
    run('visudo', ['-c', '-q', '-f', file])
  }
  return () => {
    rmSync(file, { force: true })
    rmSync(`/run/sudo/ts/${name}`, { force: true })
    run('userdel', ['--remove', '--force', name])
  }
}

/** A host as the file would give it. */
export const hostOf = (host: Partial<Host>): Host => ({
  name: 'web1',
  connection: 'ssh',
  address: '127.0.0.1',
  labels: {},
  groups: [],
  vars: {},
  engine: anyEngine(),
  at: { file: 'longshore.yaml', line: 1, column: 1 },
  ...host,
})

/** `createConnect` for tests: an empty home, nobody to ask. */
export const connectWith = (options: Partial<ConnectOptions> & { home: string }): ReturnType<typeof createConnect> =>
  createConnect({
    hosts: [],
    unknownHostKey: async () => false,
    acceptNewHostKeys: false,
    env: { PATH: process.env.PATH },
    connectTimeoutMs: 5_000,
    ...options,
  })

/** How an error for a host that cannot be reached looks. */
export type Unreachable = { name: string; exit: number; message: RegExp; hint: RegExp }

export const unreachable = (message: RegExp, hint: RegExp = /./): Unreachable => ({
  name: 'UserError',
  exit: 4,
  message,
  hint,
})
