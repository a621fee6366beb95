// Runs programs of this machine for the lab: one call, one result, no shell in between.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** What a finished program left behind. `code` is 128 or more when a signal ended it. */
export interface RunResult {
  code: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  /** Bytes for the program's standard input; without it the input is closed at once. */
  input?: string | Uint8Array
  /** Milliseconds after which the program is killed; the result's code is then 137. */
  timeout?: number
  /** Variables on top of this process's own. */
  env?: Record<string, string>
}

/** Runs a program to its end and returns code and output; it rejects only if the program cannot be started. */
export const run = async (command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: 'pipe',
    ...(options.timeout === undefined ? {} : { timeout: options.timeout, killSignal: 'SIGKILL' as const }),
  })
  // A program that ends before it has read its input is no error of ours: its code tells.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)))
  })
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { code, stdout, stderr }
}

/** Like `run`, but a code other than 0 is an error that shows the end of what the program said. */
export const must = async (command: string, args: readonly string[], options: RunOptions = {}): Promise<string> => {
  const result = await run(command, args, options)
  if (result.code !== 0) {
    const said = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-15).join('\n')
    throw new Error(`${command} ${args.slice(0, 3).join(' ')} ended with ${result.code}:\n${said}`)
  }
  return result.stdout
}

/** The socket of the lab's outer engine, whatever context or DOCKER_HOST the caller's shell has. */
export const socket = '/var/run/docker.sock'

/** Runs the `docker` client against the lab's outer engine; a code other than 0 is an error. */
export const docker = (args: readonly string[], options: RunOptions = {}): Promise<string> =>
  must('docker', ['--host', `unix://${socket}`, ...args], options)

/** Like `docker`, but hands back the code instead of throwing. */
export const tryDocker = (args: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  run('docker', ['--host', `unix://${socket}`, ...args], options)

/** Resolves after that many milliseconds. */
export const pause = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds))
