// Writes a command's payload (text, bytes, a file, a secret, a stream) to its standard input.
import { createReadStream } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { messageOf, UserError } from '../core/errors.js'
import type { Source } from '../core/sh.js'

const bytesOf = (source: Source): string | Uint8Array | undefined => {
  if (typeof source === 'string' || source instanceof Uint8Array) return source
  return typeof source === 'object' && 'secret' in source ? source.secret.reveal() : undefined
}

const streamOf = (source: Exclude<Source, string | Uint8Array | { secret: unknown }>): Readable =>
  typeof source === 'function' ? source() : createReadStream(source.file)

/**
 * Writes all of the source and ends the stream. A program that stops reading early is no error of ours (its exit code tells);
 * a source that cannot be read is a UserError.
 */
export async function feed(stdin: Writable, source: Source): Promise<void> {
  const bytes = bytesOf(source)
  if (bytes !== undefined) {
    stdin.end(bytes)
    return
  }
  let fault: unknown
  const stream = streamOf(source as { file: string } | (() => Readable))
  stream.once('error', error => {
    fault ??= error
  })
  let reading = true
  stdin.once('close', () => {
    reading = false
  })
  try {
    await pipeline(stream, stdin)
  } catch (error) {
    // The pipeline destroys a source whose reader has gone, which is not the source's fault.
    if (fault === undefined || !reading || (error as NodeJS.ErrnoException).code === 'EPIPE') return
    if (fault instanceof UserError) throw fault
    const name = typeof source === 'object' && 'file' in source ? source.file : 'the input of the command'
    throw new UserError(`cannot read ${name}: ${messageOf(fault)}`, { cause: fault })
  }
}
