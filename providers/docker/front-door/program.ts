// Runs short commands in the front door's container.
import { Readable, Writable } from 'node:stream'
import { cleanLine } from '../../../core/events.js'
import { execInContainer } from '../exec.js'
import type { DockerEngine } from '../open.js'

/** Output that is kept at most, in bytes. */
const mostOutput = 256 * 1024

/** How a command ended, and what it said. */
export interface Answer {
  code: number
  out: string
  /** The last lines of what it said besides, for people. */
  err: string
}

function sink(): { stream: Writable; text(): string } {
  const chunks: Buffer[] = []
  let size = 0
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (size < mostOutput) chunks.push(chunk)
      size += chunk.length
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
}

/** Runs a command to its end. */
export async function runInDoor(
  engine: DockerEngine,
  container: string,
  argv: string[],
  input: string | undefined = undefined,
): Promise<Answer> {
  const [stdout, stderr] = [sink(), sink()]
  const code = await execInContainer(engine, container, {
    argv,
    tty: false,
    stdin: input === undefined ? undefined : Readable.from([input]),
    stdout: stdout.stream,
    stderr: stderr.stream,
  })
  const err = stderr.text().trim().split('\n').slice(-3).map(cleanLine).join('\n')
  return { code, out: stdout.text(), err }
}
