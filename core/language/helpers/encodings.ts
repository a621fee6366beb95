// Helpers that turn values into encoded text and back: JSON, YAML, base64, hashes.
import { createHash } from 'node:crypto'
import { readYaml, toYaml } from '../../config/yaml.js'
import { messageOf } from '../../errors.js'
import { type Helper, HelperError, taking, takingUpTo, text } from './helper.js'

const hashes = ['sha256', 'sha1', 'md5', 'sha512']

/** What a reading makes of a text; its complaint becomes the helper's, without the text itself. */
function reading<T>(kind: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const [first = ''] = messageOf(error).split('\n')
    throw new HelperError(`cannot read this as ${kind}${kind === 'YAML' ? `: ${first}` : ''}`)
  }
}

function fromBase64(value: string): string {
  const plain = value.replace(/\s+/g, '')
  const bytes = Buffer.from(plain, 'base64')
  const strip = (one: string): string => one.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')
  if (strip(bytes.toString('base64')) !== strip(plain)) throw new HelperError('takes base64')
  const decoded = bytes.toString('utf8')
  if (!Buffer.from(decoded).equals(bytes)) throw new HelperError('gives text, and these bytes are none')
  return decoded
}

function hash(value: unknown, algorithm: unknown = 'sha256'): string {
  const name = text(algorithm)
  if (!hashes.includes(name)) throw new HelperError(`knows ${hashes.join(', ')}, not "${name}"`)
  return createHash(name).update(text(value)).digest('hex')
}

/** Helpers for encodings. */
export const encodingHelpers: Record<string, Helper> = {
  json: taking(1, value => JSON.stringify(value)),
  yaml: taking(1, value => toYaml(value)),
  from_json: taking(1, value => reading('JSON', (): unknown => JSON.parse(text(value)))),
  from_yaml: taking(1, value => reading('YAML', () => readYaml(text(value), 'text').value)),
  b64: taking(1, value => Buffer.from(text(value)).toString('base64')),
  unb64: taking(1, value => fromBase64(text(value))),
  hash: takingUpTo(1, 2, hash),
}
