// Runs one command on a host to its end: payload in, output and exit code out, or a clear error.
import type { ExecOptions, Exit } from '../core/connection.js'
import { UserError, unreachableError } from '../core/errors.js'
import { cleanLine } from '../core/events.js'
import type { Sh } from '../core/sh.js'
import { roleOf, wordsOf } from './command-line.js'
import { collectOutput, longestOutputBytes, type Output, passOutput } from './output.js'
import { feed } from './payload.js'
import { endProgram, type Program, type Way, within } from './program.js'
import { startAs } from './sudo.js'

/** A command that has ended may have left a daemon that holds its output: after this much silence we stop waiting for it. */
const quietMs = 5_000

/** Longest wait for the login shell to start what it was given. */
const shellPatienceMs = 60_000

/**
 * Runs a command. Text without `stdin` travels over the standard input of `sh -s`; with it, as an argument.
 * Errors: the signal's reason; a UserError for a timeout, too much output or sudo; exit code 4 for a lost connection.
 */
export async function execute(way: Way, command: Sh, options: ExecOptions = {}): Promise<Exit> {
  const words = wordsOf(command)
  const stop = createStop(way.host.name, options)
  try {
    const role = roleOf(way.host, way.loginUser, options.as)
    const program = await startAs(way, words, { role, signal: stop.signal })
    return await runToEnd(way, program, command, options, stop)
  } finally {
    stop.clear()
  }
}

/** Everything that can end a command early, as one signal. */
interface Stop {
  readonly signal: AbortSignal
  now(reason: unknown): void
  clear(): void
}

function createStop(host: string, { signal, timeoutMs }: ExecOptions): Stop {
  const controller = new AbortController()
  const now = (reason: unknown): void => controller.abort(reason)
  const onAbort = (): void => now(signal?.reason)
  const onTimeout = (): void =>
    now(
      new UserError(`the command did not end within ${(timeoutMs ?? 0) / 1000} s`, {
        where: host,
        hint: 'give it more time, or look on the host why it takes so long',
      }),
    )
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs)
  return {
    signal: controller.signal,
    now,
    clear() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}

async function runToEnd(way: Way, program: Program, command: Sh, options: ExecOptions, stop: Stop): Promise<Exit> {
  const overflow = (): void =>
    stop.now(
      new UserError(`the command printed more than ${longestOutputBytes / 1024 / 1024} MiB`, {
        where: way.host.name,
        hint: 'let it print less, or write into a file',
      }),
    )
  const { onLine, onBytes } = options
  const read = (from: 'stdout' | 'stderr'): Output =>
    onBytes ? passOutput(program[from], bytes => onBytes(bytes, from)) : collectOutput(program[from], onLine, overflow)
  const [stdout, stderr] = [read('stdout'), read('stderr')]
  feed(program.stdin, command.stdin ?? command.sh).catch(stop.now)
  const stopped = new Promise<never>((_resolve, reject) => {
    const end = (): void => {
      void endProgram(program).then(() => reject(stop.signal.reason))
    }
    if (stop.signal.aborted) end()
    else stop.signal.addEventListener('abort', end, { once: true })
  })
  const patience = setTimeout(() => {
    if (program.isOurs?.() === false)
      stop.now(shellError(way, `does not start a command within ${shellPatienceMs / 1000} s`))
  }, shellPatienceMs)
  const code = await Promise.race([codeOf(program, [stdout, stderr]), stopped]).finally(() => clearTimeout(patience))
  if (stop.signal.aborted) await stopped
  if (code === undefined) throw lostError(way.host.name)
  if (program.isOurs?.() === false) throw shellError(way, 'does not run commands', stdout.text() + stderr.text())
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

async function codeOf(program: Program, outputs: readonly Output[]): Promise<number | undefined> {
  const code = await program.exited
  const ended = Promise.all(outputs.map(output => output.done))
  const count = (): number => outputs.reduce((sum, output) => sum + output.chunks, 0)
  for (let seen = -1; seen !== count(); ) {
    seen = count()
    if (await within(quietMs, ended)) return code
  }
  program.close()
  return code
}

const shellError = ({ host, loginUser }: Way, what: string, said = ''): UserError =>
  new UserError(`the login shell of ${loginUser} ${what}`, {
    where: host.name,
    hint: `it must be sh, bash or the like, not nologin or csh (getent passwd ${loginUser}), and what it reads at the start must end`,
    ...(said.trim() === ''
      ? {}
      : {
          output: said
            .trim()
            .split('\n')
            .slice(-5)
            .map(line => cleanLine(line))
            .join('\n'),
        }),
  })

const lostError = (host: string): UserError =>
  unreachableError(host, 'the connection was lost while a command ran', {
    hint: 'it may still be running there; look at the host, then run the same again',
  })
