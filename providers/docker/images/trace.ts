// Reads BuildKit's progress: a protobuf message (moby.buildkit.v1.StatusResponse), of which we want steps, logs and errors.

/** One field of a message: a number, or bytes. */
type Field = { number: number; value: number | Uint8Array }

const text = (value: number | Uint8Array): string =>
  typeof value === 'number' ? '' : Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')

/** The fields of a message, in their order; groups do not occur, and what is cut off is left out. */
function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = bytes[at++]
      if (byte === undefined) return value
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const number = Math.floor(tag / 8)
    const type = tag % 8
    if (type === 0) yield { number, value: varint() }
    else if (type === 2) {
      const length = varint()
      yield { number, value: bytes.subarray(at, at + length) }
      at += length
    } else if (type === 1) at += 8
    else if (type === 5) at += 4
    else return
  }
}

const fieldText = (bytes: Uint8Array, wanted: number): string => {
  for (const { number, value } of fieldsOf(bytes)) if (number === wanted) return text(value)
  return ''
}

const has = (bytes: Uint8Array, wanted: number): boolean => {
  for (const { number } of fieldsOf(bytes)) if (number === wanted) return true
  return false
}

// Numbers of the fields in BuildKit's api/services/control/control.proto.
const vertexes = 1
const logs = 3
const vertexName = 3
const vertexStarted = 5
const vertexCompleted = 6
const vertexError = 7
const logMessage = 4

/** The lines that one progress message has to tell: steps that start, what they print, and errors. `aux` is base64. */
export function traceLines(aux: string): string[] {
  const lines: string[] = []
  for (const { number, value } of fieldsOf(Buffer.from(aux, 'base64'))) {
    if (typeof value === 'number') continue
    if (number === vertexes) {
      const error = fieldText(value, vertexError)
      if (error) lines.push(`ERROR: ${error}`)
      else if (has(value, vertexStarted) && !has(value, vertexCompleted)) lines.push(fieldText(value, vertexName))
    } else if (number === logs) lines.push(...fieldText(value, logMessage).split('\n'))
  }
  return lines.filter(line => line.trim() !== '')
}
