// The program: from argv to an exit code. Reads the command line, makes the context, runs the command, tells errors.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { exitCodes, UserError } from '../core/errors.js'
import { readArgv } from './argv.js'
import { commands } from './commands/index.js'
import { type GlobalOptions, readGlobalOptions } from './options.js'
import { packageRoot } from './package-root.js'
import { errorData, errorText, exitOf } from './report/error.js'
import { defaultSettings } from './settings.js'
import { watchSignals } from './signals.js'
import type { Io } from './streams.js'
import { type OpenContext, openContext } from './surroundings.js'

const io: Io = {
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
}

const version = (): string => JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version

/** What is wanted of an error's text while the command line itself cannot be read. */
const guessOptions = (argv: readonly string[]): GlobalOptions =>
  readGlobalOptions({ color: !argv.includes('--no-color'), json: argv.includes('--json') }, {})

/** Tells an error, through the context where there is one. Gives the exit code. */
async function tell(error: unknown, options: GlobalOptions, open: OpenContext | undefined): Promise<number> {
  await open?.end()
  if (open) await open.context.tell(error)
  else {
    const settings = async () => defaultSettings
    const text = await errorText(error, { options, io, env: process.env, cwd: process.cwd(), settings })
    io.stderr.write(`${text}\n`)
    const time = new Date().toISOString()
    if (options.json) for (const data of errorData(error)) io.stdout.write(`${JSON.stringify({ time, ...data })}\n`)
  }
  return exitOf(error)
}

/** Notes when the reader of stdout goes, which is no fault, and every other failure to write, which is one. */
function watchStdout(): { closed: AbortSignal; fault(): Error | undefined } {
  const closed = new AbortController()
  let fault: Error | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') closed.abort(new UserError('nobody reads stdout any more'))
    else fault ??= new UserError(`cannot write to stdout: ${error.message}`)
  })
  return { closed: closed.signal, fault: () => fault }
}

/** Runs one command line to its end and gives the exit code. */
async function run(argv: readonly string[]): Promise<number> {
  const stdout = watchStdout()
  let options = guessOptions(argv)
  let open: OpenContext | undefined
  const signal = watchSignals(
    () => open?.context.emit({ type: 'note', text: 'Interrupted: ending what runs; once more to stop at once.' }),
    () => void open?.end(),
  )
  process.on('uncaughtException', error => {
    void tell(error, options, open).finally(() => process.exit(exitCodes.failed))
  })
  try {
    const asked = await readArgv(argv, {
      entries: commands,
      version: version(),
      out: text => io.stdout.write(text),
      err: text => io.stderr.write(text),
      columns: io.stdout.columns ?? 80,
    })
    if (asked.kind === 'told') return asked.exit
    options = asked.options
    open = openContext({
      options,
      io,
      env: process.env,
      home: homedir(),
      cwd: process.cwd(),
      signal,
      stdoutClosed: stdout.closed,
    })
    const exit = await asked.command.run(open.context, asked.given)
    await open.end()
    await new Promise<void>(resolve => io.stdout.write('', () => resolve()))
    const fault = stdout.fault()
    if (fault) throw fault
    return signal.aborted && exit === exitCodes.done ? exitCodes.interrupted : exit
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted
    if (stdout.closed.aborted && error === stdout.closed.reason) return exitCodes.done
    return tell(error, options, open)
  } finally {
    await open?.end()
  }
}

/** Runs the process' command line and ends the process, whatever is still open. */
export async function main(): Promise<void> {
  const exit = await run(process.argv.slice(2))
  await new Promise<void>(resolve => io.stdout.write('', () => resolve()))
  process.exit(exit)
}
