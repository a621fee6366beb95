// The sudo protocol as a state machine over bytes: what a session has said so far, and what of it is for the caller.
import type { Marks } from './command-line.js'

export interface SudoGate {
  /** Takes bytes of standard output and gives those behind the ready line. */
  stdout(chunk: Buffer): Buffer
  /** The same for standard error. */
  stderr(chunk: Buffer): Buffer
  /** How often sudo has asked for a password. */
  readonly asked: number
  /** True once the ready line was seen on standard output. */
  readonly ready: boolean
  /** Process group of what sudo started; 0 until ready. */
  readonly group: number
  /** What came on standard output while it was not ready. */
  readonly greeting: string
  /** What came on standard error before the ready line, without the prompts. */
  readonly said: string
}

const nothing = Buffer.alloc(0)
/** What comes before the ready line (a lecture, a login shell's greeting) is kept up to this many bytes. */
const longestPreamble = 64 * 1024

/** Holds a stream back until a line that starts with `mark` has come whole. */
function createHold(mark: string): { add(chunk: Buffer): Buffer; line: string | undefined; before: string } {
  let held: Buffer = nothing
  const hold = {
    line: undefined as string | undefined,
    before: '',
    add(chunk: Buffer): Buffer {
      if (hold.line !== undefined) return chunk
      held = Buffer.concat([held, chunk])
      const start = held.indexOf(mark)
      const end = start < 0 ? -1 : held.indexOf('\n', start)
      if (end < 0) {
        if (held.length > longestPreamble) held = held.subarray(-longestPreamble)
        hold.before = held.toString('utf8')
        return nothing
      }
      hold.before = held.toString('utf8', 0, start)
      hold.line = held.toString('utf8', start, end)
      const rest = held.subarray(end + 1)
      held = nothing
      return rest
    },
  }
  return hold
}

/** Makes the gate of one session. */
export function createSudoGate(marks: Marks): SudoGate {
  const out = createHold(marks.ready)
  const err = createHold(marks.ready)
  return {
    stdout: chunk => out.add(chunk),
    stderr: chunk => err.add(chunk),
    get asked() {
      return err.before.split(marks.prompt).length - 1
    },
    get ready() {
      return out.line !== undefined
    },
    get group() {
      return Number(out.line?.split(' ')[1] ?? 0)
    },
    get greeting() {
      return out.before
    },
    get said() {
      return err.before.replaceAll(marks.prompt, '').trim()
    },
  }
}
