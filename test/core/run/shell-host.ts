// A way to a host that is a shell of this machine, with its state in a folder of its own: real scripts, no network.
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Test } from 'tap'
import type { Connection, ExecOptions, Exit } from '../../../core/connection.js'
import { unreachableError } from '../../../core/errors.js'
import type { Sh, Source } from '../../../core/sh.js'

/** A shell host: its folder, what was run there, and how it misbehaves. */
export interface ShellHost extends Connection {
  folder: string
  scripts: string[]
  /** Those of them that went as arguments, beside a payload. */
  arguments: string[]
  closed: boolean
  /** Once this says yes to a script the way to the host is lost, for that one and all that come. */
  lostAt?: (script: string) => boolean
  /** The same, when the host has done what the script says: only the answer is lost. */
  lostAfter?: (script: string) => boolean
  /** The way is there again. */
  back(): void
}

const payload = (stdin: Source): string | Uint8Array => {
  if (typeof stdin === 'string' || stdin instanceof Uint8Array) return stdin
  if ('file' in stdin) return readFileSync(stdin.file)
  if ('secret' in stdin) return stdin.secret.reveal()
  throw new Error('these hosts are fed no streams')
}

/** As nobody where that can be had, so that nothing of this machine's own state is touched. */
const lowly =
  process.getuid?.() === 0 ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : ([] as string[])

/** Makes a host; its folder goes when the test ends. */
export function shellHost(t: Test, host: string): ShellHost {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-shell-'))
  chmodSync(folder, 0o777)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  let lost = false
  const made: ShellHost = {
    host,
    folder,
    scripts: [],
    arguments: [],
    closed: false,
    stats: { connections: 1, execs: 0, dials: 0 },
    async exec(command: Sh, options: ExecOptions = {}): Promise<Exit> {
      options.signal?.throwIfAborted()
      lost ||= made.lostAt?.(command.sh) ?? false
      if (lost) throw unreachableError(host, 'the connection was lost while a command ran')
      made.scripts.push(command.sh)
      if (command.stdin !== undefined) made.arguments.push(command.sh)
      made.stats.execs += 1
      const words = command.stdin === undefined ? ['sh', '-s'] : ['sh', '-c', command.sh]
      const [program = '', ...args] = [...lowly, 'env', `XDG_STATE_HOME=${folder}`, ...words]
      const child = spawn(program, args, { cwd: folder, stdio: 'pipe' })
      child.stdin.on('error', () => undefined)
      child.stdin.end(payload(command.stdin ?? command.sh))
      const read = async (stream: Readable): Promise<string> => {
        const chunks: Buffer[] = []
        for await (const chunk of stream) chunks.push(chunk as Buffer)
        return Buffer.concat(chunks).toString()
      }
      const code = new Promise<number>(resolve => {
        child.once('close', ended => resolve(ended ?? 1))
      })
      const [stdout, stderr, exit] = await Promise.all([read(child.stdout), read(child.stderr), code])
      lost ||= made.lostAfter?.(command.sh) ?? false
      if (lost) throw unreachableError(host, 'the connection was lost before the answer came')
      return { code: exit, stdout, stderr }
    },
    dial: async () => Promise.reject(new Error('no sockets here')),
    terminal: async () => Promise.reject(new Error('no terminals here')),
    renew: async () => undefined,
    back() {
      lost = false
      delete made.lostAt
      delete made.lostAfter
    },
    async close() {
      made.closed = true
    },
  }
  return made
}
