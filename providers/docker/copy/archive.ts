// Files of a container: what lies at a path, and tar archives out of it and into it.
import type { Readable } from 'node:stream'
import { UserError } from '../../../core/errors.js'
import type { PathInfo } from '../../../core/provider-abilities.js'
import { hasStatus } from '../apply/job.js'
import type { DockerEngine } from '../open.js'

const archivePath = (container: string): string => `/containers/${encodeURIComponent(container)}/archive`

/** Bits of a file's mode as the engine's language counts them (Go, io/fs, FileMode). */
const folderBit = 2 ** 31
const linkBit = 2 ** 27
const otherBits = [2 ** 26, 2 ** 25, 2 ** 24, 2 ** 21]

const has = (mode: number, bit: number): boolean => Math.floor(mode / bit) % 2 === 1

/** What the header of an answer says of a path: base64 of JSON. */
export function readPathInfo(header: string): PathInfo {
  const told = JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as {
    name: string
    mode: number
    linkTarget: string
  }
  const { name, mode, linkTarget: target } = told
  const isOther = otherBits.some(bit => has(mode, bit))
  return {
    name,
    target,
    kind: has(mode, folderBit) ? 'folder' : has(mode, linkBit) ? 'link' : isOther ? 'other' : 'file',
  }
}

/** What lies at a path of a container, running or not; undefined for nothing. */
export async function pathInfo({ api }: DockerEngine, container: string, path: string): Promise<PathInfo | undefined> {
  try {
    const answer = await api.stream({ method: 'HEAD', path: archivePath(container), query: { path } })
    answer.resume()
    const header = answer.headers['x-docker-container-path-stat']
    return typeof header === 'string' ? readPathInfo(header) : undefined
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

/** A file or folder of a container as a tar archive. A UserError where it is not there. */
export async function archiveOf(
  { api, scope }: DockerEngine,
  container: string,
  path: string,
  signal: AbortSignal,
): Promise<Readable> {
  try {
    return await api.stream({ path: archivePath(container), query: { path }, signal, alone: true })
  } catch (error) {
    if (hasStatus(error, 400, 404)) throw new UserError(error.message, { where: scope.name })
    throw error
  }
}

/** Unpacks a tar archive into a folder of a container. A file takes no folder's place, nor the other way round. */
export async function unpackInto(
  { api, scope }: DockerEngine,
  container: string,
  folder: string,
  archive: Readable,
  signal: AbortSignal,
): Promise<void> {
  const query = { path: folder, noOverwriteDirNonDir: true }
  try {
    await api.json({ method: 'PUT', path: archivePath(container), query, upload: archive, signal, alone: true })
  } catch (error) {
    if (hasStatus(error, 400, 403, 404, 500))
      throw new UserError(`the engine refuses the copy: ${error.message}`, { where: scope.name })
    throw error
  }
}
