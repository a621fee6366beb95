// Starts programs as whoever they are to run as; the way through sudo writes a password when asked, and nothing before the ready line.
import { Transform } from 'node:stream'
import { unreachableError } from '../core/errors.js'
import { announced, newMarks, perhapsLine, plainLine, type Role, roleOf, sudoLine } from './command-line.js'
import { endProgram, type Program, type Way, within } from './program.js'
import { sudoError } from './sudo-errors.js'
import { createSudoGate, type SudoGate } from './sudo-gate.js'

/** A check in the sudo session said no, with this exit code, before the program itself was started. */
export class CheckFailed extends Error {
  readonly code: number
  constructor(code: number, said: string) {
    super(said)
    this.name = 'CheckFailed'
    this.code = code
  }
}

/** Longest wait for sudo's next word; its own delay after a wrong password is about two seconds. */
const patienceMs = 60_000

/** What a login shell may print before our command, in bytes. */
const longestGreeting = 1024 * 1024

/** Exit codes that a check may use: sudo itself has 1, a shell 126 and more. */
const checkCodes = { first: 64, last: 79 }

export interface StartOptions {
  role: Role
  signal?: AbortSignal
  /** Shell text that runs as the other user before the program; see `sudoLine`. */
  check?: string
}

/** Starts the words in the given role. UserError when sudo refuses, CheckFailed when the check does. */
export async function startAs(way: Way, words: readonly string[], options: StartOptions): Promise<Program> {
  const { role, signal } = options
  if (role.kind !== 'sudo') return startAnnounced(way, words, role, signal)
  const marks = newMarks()
  const gate = createSudoGate(marks)
  const raw = await way.start(sudoLine(words, role, marks, options.check), signal)
  const program = gated(way, raw, gate)
  try {
    await passSudo(way, program, gate, options, role)
  } catch (error) {
    program.close()
    throw error
  }
  return program
}

/**
 * The program, ended through its process group too: sshd passes no signal on to a program of root's
 * (session_signal_req in OpenSSH's session.c wants privilege separation, which a login as root does not have).
 */
async function startAnnounced(
  way: Way,
  words: readonly string[],
  role: Exclude<Role, { kind: 'sudo' }>,
  signal: AbortSignal | undefined,
): Promise<Program> {
  const marks = newMarks()
  const gate = createSudoGate(marks)
  const lineOf = role.kind === 'plain' ? plainLine : perhapsLine
  const raw = await way.start(lineOf(announced(words, marks.ready)), signal)
  let greeting = 0
  const stdout = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      greeting += gate.ready ? 0 : chunk.length
      // A greeting without an end goes to the caller, who bounds what he takes.
      const rest = greeting > longestGreeting ? chunk : gate.stdout(chunk)
      if (rest.length > 0) this.push(rest)
      done()
    },
    flush(done) {
      // Whatever answered was not our shell (no login allowed): what it said is all there is to show.
      if (!gate.ready) this.push(gate.greeting)
      done()
    },
  })
  for (const event of ['error', 'close']) raw.stdout.once(event, () => stdout.end())
  raw.stdout.pipe(stdout)
  return {
    ...raw,
    stdout,
    isOurs: () => gate.ready,
    close() {
      // A filter that nobody reads would hold back the end of the stream.
      raw.stdout.unpipe()
      raw.close()
    },
    async terminate() {
      if (gate.group > 1) await endGroup(way, gate.group, role).catch(() => undefined)
      await raw.terminate()
    },
  }
}

/** The program with both streams behind the gate; ending it takes another sudo, because it is not ours to signal. */
function gated(way: Way, raw: Program, gate: SudoGate): Program {
  const filter = (pass: (chunk: Buffer) => Buffer): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const rest = pass(chunk)
        if (rest.length > 0) this.push(rest)
        this.emit('passed')
        done()
      },
    })
  const through = (from: Program['stdout'], filtered: Transform): Transform => {
    from.once('error', () => filtered.end())
    return from.pipe(filtered)
  }
  return {
    stdin: raw.stdin,
    stdout: through(raw.stdout, filter(gate.stdout)),
    stderr: through(raw.stderr, filter(gate.stderr)),
    exited: raw.exited,
    closed: raw.closed,
    close() {
      // A filter that nobody reads would hold back the end of the stream.
      raw.stdout.unpipe()
      raw.stderr.unpipe()
      raw.close()
    },
    async terminate() {
      if (gate.group > 1)
        await endGroup(way, gate.group, roleOf(way.host, way.loginUser, 'root')).catch(() => undefined)
      await raw.terminate()
    },
  }
}

async function endGroup(way: Way, group: number, role: Role): Promise<void> {
  const killer = await startAs(way, ['sh', '-c', `kill -s TERM -- -${group}`], { role })
  killer.stdout.resume()
  killer.stderr.resume()
  killer.stdin.end()
  await killer.exited
}

/** Waits until the session is ready, answering sudo's question once. */
async function passSudo(
  way: Way,
  program: Program,
  gate: SudoGate,
  { signal }: StartOptions,
  role: Role & { kind: 'sudo' },
): Promise<void> {
  let answered = 0
  const settled = new AbortController()
  const refuse = (code: number | undefined | null): Error =>
    sudoError(way.host, way.loginUser, role.user, { code, said: gate.said, asked: gate.asked })
  const opened = new Promise<void>((resolve, reject) => {
    const answer = (): void => {
      // A second question means that the first answer was wrong.
      if (answered > 0 || role.password === undefined) reject(refuse(null))
      else program.stdin.write(`${role.password.reveal()}\n`)
      answered = gate.asked
    }
    const look = (): void => {
      if (gate.ready) resolve()
      else if (gate.asked > answered) answer()
    }
    program.stdout.on('passed', look)
    program.stderr.on('passed', look)
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: settled.signal })
    void program.exited.then(async code => {
      await within(2_000, program.closed)
      if (gate.ready) return resolve()
      if (code === undefined) return reject(unreachableError(way.host.name, 'the connection was lost'))
      if (code >= checkCodes.first && code <= checkCodes.last) return reject(new CheckFailed(code, gate.said))
      reject(refuse(code))
    })
  })
  // Both streams must flow for the gate to see anything; what it lets through waits in the filters.
  try {
    if (await within(patienceMs, opened)) return
  } finally {
    settled.abort()
  }
  void endProgram(program)
  throw refuse(null)
}
