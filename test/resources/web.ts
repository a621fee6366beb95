// A web server, programs and sums for the tests of what travels: all of this machine's own.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** The checksum of a text or of bytes, as get_url takes it. */
export const sum = (text: string | Uint8Array, algorithm = 'sha256'): string =>
  `${algorithm}:${createHash(algorithm).update(text).digest('hex')}`

/** What a program prints; a failure is an error. */
export const said = (program: string, words: string[]): string =>
  execFileSync(program, words, { encoding: 'utf8', stdio: 'pipe' })

/** Starts a server, and gives its port. */
export const open = (server: Server): Promise<number> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

/** A secret with characters that are hard to carry. */
export const token = 'tok"en\\3n'
/** Every command line of the machine. */
const commandLines = (): string =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(id => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8')
      } catch {
        return ''
      }
    })
    .join('\n')

/** Serves `files` by path; /private needs a header, and tells whether the header shows in a process list; /moved leads to /text. */
export function webOf(files: Map<string, Uint8Array | string>): Server {
  return createServer((request, response) => {
    const path = request.url ?? ''
    const file = files.get(path)
    if (path === '/moved') response.writeHead(302, { location: '/text' }).end()
    else if (path === '/private' && request.headers['x-token'] !== token) response.writeHead(403).end('no')
    else if (path === '/private') response.end(commandLines().includes('3n') ? 'everybody sees it' : 'private text')
    else if (file === undefined) response.writeHead(404).end('none')
    else response.end(file)
  })
}

/** A folder of programs: what the scripts need, and of the ways to download only one. */
export function programsWith(folder: string, wget: 'wget' | 'busybox' | 'none', more = ''): string {
  mkdirSync(folder, { recursive: true })
  const needed =
    'sh dash bash busybox cat chmod chown cp cut date grep head mktemp mv rm sed sha256sum sha512sum stat tail tr readlink'
  for (const name of `${needed} ${more}`.trim().split(' '))
    symlinkSync(said('sh', ['-c', `command -v ${name}`]).trim(), join(folder, name))
  if (wget !== 'none') symlinkSync(said('sh', ['-c', `command -v ${wget}`]).trim(), join(folder, 'wget'))
  return folder
}
