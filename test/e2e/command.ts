// Runs the real command in a project of its own, as a user would: in a child process, in a folder of its own, with a home of its own.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LabHost } from '../lab/index.js'

export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
/** The command's file, as npm links it. */
export const launcher = join(packageRoot, 'cli', 'longshore.cjs')

/** How a run of the command ended. */
export interface Ran {
  code: number
  stdout: string
  stderr: string
  /** The events of a run with `--json`. */
  events(): Record<string, unknown>[]
}

export interface RunOptions {
  env?: Record<string, string>
  /** Sends SIGINT when this text has come on either stream. */
  interruptAt?: RegExp
  /** Sends SIGKILL instead. */
  killAt?: RegExp
  /** Sends SIGKILL when this has come to pass. */
  killWhen?: Promise<unknown>
  /** What standard input holds; nothing if left out. */
  input?: string | Uint8Array
  /** Runs at a pseudo-terminal, and types each of these once its prompt has come. All that is shown there comes as stdout. */
  typing?: readonly (readonly [prompt: RegExp, keys: string])[]
}

/** A folder with a project in it, and the command to run there. */
export interface TestProject {
  folder: string
  write(path: string, text: string): void
  run(args: readonly string[], options?: RunOptions): Promise<Ran>
  remove(): void
}

/** Makes a project from its files. */
export function testProject(files: Record<string, string>): TestProject {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-e2e-'))
  const home = join(folder, '.home')
  mkdirSync(home)
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  return {
    folder,
    write,
    run: (args, options = {}) => runCommand(folder, home, args, options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

function runCommand(folder: string, home: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const { NODE_EXTRA_CA_CERTS: _unused, SSH_AUTH_SOCK: _agent, ...env } = process.env
  return new Promise((resolve, reject) => {
    const { typing } = options
    const line = [process.execPath, launcher, ...args]
    const atTerminal = ['script', '-qec', `stty rows 24 cols 100; exec ${line.map(quoted).join(' ')}`, '/dev/null']
    const [program = '', ...words] = typing ? atTerminal : line
    const child = spawn(program, words, {
      cwd: folder,
      env: { ...env, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), NO_COLOR: '1', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A prompt that never comes would be waited for as long.
      ...(typing ? { timeout: 30_000 } : {}),
    })
    // A command that ends before it has read its input is no fault of the input.
    child.stdin.on('error', () => {})
    if (!typing) child.stdin.end(options.input ?? '')
    const keys = [...(typing ?? [])]
    let shown = 0
    const texts = { stdout: '', stderr: '' }
    let sent = false
    const take = (stream: 'stdout' | 'stderr') => (data: Buffer) => {
      texts[stream] += data.toString()
      const [prompt, typed] = keys[0] ?? []
      if (prompt?.test(texts[stream].slice(shown))) {
        keys.shift()
        shown = texts[stream].length
        child.stdin.write(typed ?? '')
      }
      const signal = options.interruptAt?.test(texts[stream])
        ? 'SIGINT'
        : options.killAt?.test(texts[stream])
          ? 'SIGKILL'
          : undefined
      if (signal === undefined || sent) return
      sent = true
      child.kill(signal)
    }
    child.stdout.on('data', take('stdout'))
    child.stderr.on('data', take('stderr'))
    options.killWhen?.then(() => child.kill('SIGKILL'), reject)
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({
        code: code ?? (signal === 'SIGKILL' ? 137 : 1),
        ...texts,
        events: () =>
          texts.stdout
            .split('\n')
            .filter(line => line.startsWith('{'))
            .map(line => JSON.parse(line) as Record<string, unknown>),
      }),
    )
  })
}

/** A lab host as an entry of `hosts:` (root by key, host key pinned); `more` goes over it. */
export function hostEntry(host: LabHost, more: Record<string, unknown> = {}): string {
  const entry = {
    address: host.address,
    port: host.port,
    user: 'root',
    identity: host.identity,
    host_key: host.hostKey,
    private: host.ip,
    ...more,
  }
  return JSON.stringify(Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)))
}

/** Output in one piece, for assertion messages. */
export const told = (ran: Ran): string => `exit ${ran.code}\n${ran.stdout}\n${ran.stderr}`
