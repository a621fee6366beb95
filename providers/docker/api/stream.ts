// Reads the Engine API's streams: progress events (JSON, with errors among them) and multiplexed output.
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { ProgressEvent } from './shapes.js'

/** Lines longer than this are handed on in pieces, so that a stream without line ends stays bounded in memory. */
const longestLine = 64 * 1024

/** Cuts text that arrives in pieces into lines; `end` hands out what is left. */
export function lineSplitter(line: (text: string) => void): { write(chunk: Uint8Array): void; end(): void } {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return {
    write(chunk) {
      const parts = (rest + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))).split('\n')
      rest = parts.pop() ?? ''
      for (const part of parts) line(part.endsWith('\r') ? part.slice(0, -1) : part)
      if (rest.length > longestLine) {
        line(rest)
        rest = ''
      }
    },
    end() {
      rest += decoder.end()
      if (rest) line(rest)
      rest = ''
    },
  }
}

/** Hands out each event of a progress stream. Throws what the engine says went wrong: errors come inside a stream whose status was 200. */
export async function readProgress(stream: Readable, event: (told: ProgressEvent) => void): Promise<void> {
  const take = (text: string): void => {
    if (text.trim() === '') return
    const told = JSON.parse(text) as ProgressEvent
    event(told)
    const wrong = told.errorDetail?.message ?? told.error
    if (wrong !== undefined) throw new ProgressError(wrong)
  }
  let rest = ''
  const decoder = new StringDecoder('utf8')
  for await (const chunk of stream) {
    const parts = (rest + decoder.write(chunk as Buffer)).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) take(part)
  }
  take(rest)
}

/** What an engine reported as failed while it was at work. */
export class ProgressError extends Error {}

/** Takes apart output without a terminal: frames of 8 bytes (stream, three zeros, length) and their content. */
export function demultiplexer(
  output: (chunk: Uint8Array, stream: 'stdout' | 'stderr') => void,
): (chunk: Uint8Array) => void {
  const header = Buffer.alloc(8)
  let headerBytes = 0
  let left = 0
  return chunk => {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    while (bytes.length > 0) {
      if (left === 0) {
        const taken = bytes.copy(header, headerBytes, 0, 8 - headerBytes)
        headerBytes += taken
        bytes = bytes.subarray(taken)
        if (headerBytes < 8) return
        headerBytes = 0
        left = header.readUInt32BE(4)
        continue
      }
      const content = bytes.subarray(0, left)
      output(content, header[0] === 2 ? 'stderr' : 'stdout')
      left -= content.length
      bytes = bytes.subarray(content.length)
    }
  }
}
