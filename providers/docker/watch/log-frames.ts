// Takes a container's log apart into lines with their times: the engine writes a time before each piece, and long lines come in several pieces.
import type { LogLine } from '../../../core/provider-abilities.js'

type Stream = LogLine['stream']

/** A line longer than this is handed on in parts, so that one without an end stays bounded in memory. */
const longestLine = 256 * 1024
/** Without frames, a piece's end cannot be told but by its length: the engine cuts lines into pieces of 16 KiB. */
const pieceBytes = 16 * 1024
const timePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z /

/** Text of a time in nine digits, and what follows it; undefined where there is none. */
export function splitTime(text: string): { time: string; rest: string } | undefined {
  const found = timePattern.exec(text)
  if (!found) return undefined
  return { time: `${found[1]}.${(found[2] ?? '').padEnd(9, '0')}Z`, rest: text.slice(found[0].length) }
}

/** Lines of one stream, put together from its pieces. */
function joinPieces(stream: Stream): { piece(text: string): LogLine[]; end(): LogLine[] } {
  let time = ''
  let line: string | undefined
  const take = (text: string): LogLine => ({ time, stream, text: text.endsWith('\r') ? text.slice(0, -1) : text })
  return {
    piece(text) {
      const told = splitTime(text)
      // The rest of a line that was cut has a time of its own, which is no part of it.
      if (line === undefined && told) time = told.time
      line = (line ?? '') + (told ? told.rest : text)
      const lines: LogLine[] = []
      const parts = line.split('\n')
      line = parts.pop() || undefined
      for (const part of parts) lines.push(take(part))
      if (line !== undefined && line.length > longestLine) {
        lines.push(take(line))
        line = undefined
      }
      return lines
    },
    end: () => (line === undefined ? [] : [take(line)]),
  }
}

/** Takes frames apart: 8 bytes (stream, three zeros, length) and their content, one piece of a line in each. */
export async function* framedLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<LogLine> {
  const streams = { stdout: joinPieces('stdout'), stderr: joinPieces('stderr') }
  let bytes = Buffer.alloc(0)
  for await (const chunk of source) {
    bytes = bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([bytes, chunk])
    while (bytes.length >= 8) {
      const length = bytes.readUInt32BE(4)
      if (bytes.length < 8 + length) break
      const stream = bytes[0] === 2 ? 'stderr' : 'stdout'
      const content = bytes.toString('utf8', 8, 8 + length)
      bytes = bytes.subarray(8 + length)
      yield* streams[stream].piece(content)
    }
  }
  yield* streams.stdout.end()
  yield* streams.stderr.end()
}

/** A line of a container with a terminal, one letter for each byte: the times that stand before its later pieces are taken out. */
function withoutInnerTimes(bytes: string): string {
  const head = splitTime(bytes)
  let rest = head?.rest ?? bytes
  let text = head ? `${head.time} ` : ''
  while (rest.length > pieceBytes) {
    text += rest.slice(0, pieceBytes)
    rest = rest.slice(pieceBytes)
    rest = splitTime(rest)?.rest ?? rest
  }
  return Buffer.from(text + rest, 'latin1').toString('utf8')
}

/** Takes apart what comes from a container with a terminal, whose pieces have no frames. */
export async function* plainLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<LogLine> {
  const joined = joinPieces('stdout')
  let rest = ''
  for await (const chunk of source) {
    const parts = (rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) yield* joined.piece(`${withoutInnerTimes(part)}\n`)
    if (rest.length > longestLine) {
      yield* joined.piece(`${withoutInnerTimes(rest)}\n`)
      rest = ''
    }
  }
  if (rest !== '') yield* joined.piece(withoutInnerTimes(rest))
  yield* joined.end()
}
