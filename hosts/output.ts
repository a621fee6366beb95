// Keeps what a program prints, up to a bound, and tells its lines as they come.
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { cleanLine } from '../core/events.js'

/** More than this from one stream is taken for a mistake. */
export const longestOutputBytes = 8 * 1024 * 1024

export interface Output {
  /** Settles when the stream has ended, however. */
  readonly done: Promise<void>
  text(): string
  /** How often something has come, so that a silence can be told. */
  readonly chunks: number
}

/** Cuts text into lines; what a carriage return has overwritten is left out. */
function createLines(onLine: (line: string) => void): { add(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const tell = (line: string): void => {
    const parts = line.split('\r').filter(part => part !== '')
    onLine(cleanLine(parts.at(-1) ?? ''))
  }
  return {
    add(chunk) {
      const lines = (rest + decoder.write(chunk)).split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(tell)
      // An endless line must not fill the memory.
      if (rest.length > 65_536) rest = rest.slice(-65_536)
    },
    end() {
      if (rest !== '') tell(rest)
      rest = ''
    },
  }
}

/** Reads a stream to its end. `onOverflow` is called once when it prints more than `longestOutputBytes`; the rest is dropped. */
export function collectOutput(
  stream: Readable,
  onLine: ((line: string) => void) | undefined,
  onOverflow: () => void,
): Output {
  const kept: Buffer[] = []
  const lines = onLine === undefined ? undefined : createLines(onLine)
  let bytes = 0
  let chunks = 0
  stream.on('data', (chunk: Buffer) => {
    chunks += 1
    const before = bytes
    bytes += chunk.length
    if (bytes <= longestOutputBytes) {
      kept.push(chunk)
      lines?.add(chunk)
    } else if (before <= longestOutputBytes) onOverflow()
  })
  const done = new Promise<void>(resolve => {
    const end = (): void => {
      lines?.end()
      resolve()
    }
    stream.once('end', end).once('close', end).once('error', end)
  })
  return {
    done,
    text: () => Buffer.concat(kept).toString('utf8'),
    get chunks() {
      return chunks
    },
  }
}

/** Hands a stream on as it comes, to its end, and keeps nothing. */
export function passOutput(stream: Readable, onBytes: (bytes: Buffer) => void): Output {
  let chunks = 0
  stream.on('data', (chunk: Buffer) => {
    chunks += 1
    onBytes(chunk)
  })
  const done = new Promise<void>(resolve => {
    stream
      .once('end', resolve)
      .once('close', resolve)
      .once('error', () => resolve())
  })
  return {
    done,
    text: () => '',
    get chunks() {
      return chunks
    },
  }
}
