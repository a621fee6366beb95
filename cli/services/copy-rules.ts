// Where a copy ends up, by the rules of `docker cp`: what the source is, what is at the destination, and how both paths are written.
import { basename, dirname } from 'node:path'
import { UserError, usageError } from '../../core/errors.js'

/** One side of a copy, as the command line names it. */
export type Side =
  | { kind: 'local'; path: string }
  | { kind: 'service'; service: string; path: string }
  | { kind: 'stream' }

/** Reads one side: `SERVICE:PATH`, a path of this machine (absolute, `./…`, or without a colon), or `-`. */
export function readSide(text: string): Side {
  if (text === '-') return { kind: 'stream' }
  if (text === '') throw usageError('a path to copy from or to is empty')
  const at = text.indexOf(':')
  if (text.startsWith('/') || text.startsWith('.') || at < 0) return { kind: 'local', path: text }
  const [service, path] = [text.slice(0, at), text.slice(at + 1)]
  if (service === '' || path === '') throw usageError(`"${text}" is no SERVICE:PATH`)
  return { kind: 'service', service, path }
}

/** A path of a container: without a leading slash it starts at its root, too. */
export const inContainer = (path: string): string => (path.startsWith('/') ? path : `/${path}`)

/** True for a path that says by its end that it is a folder: `data/`, `data/.`. */
export const saysFolder = (path: string): boolean =>
  path.endsWith('/') || lastPart(path) === '.' || lastPart(path) === '..'

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** True for a folder of which only the content is meant: `data/.`, or the root. */
export const meansContent = (path: string): boolean => lastPart(path) === '.' || /^\/+$/.test(path)

export interface CopySource {
  /** As it was written. */
  path: string
  isFolder: boolean
  /** What it is called, where that says more than its path (`..`). */
  name?: string
}

export interface CopyDestination {
  /** As it was written. */
  path: string
  there: 'nothing' | 'folder' | 'other'
}

/** The folder to unpack into, and what the source is called there; empty: only its content. */
export interface CopyPlace {
  into: string
  as: string
}

/** Where the copy ends up. A UserError where it cannot. */
export function copyPlace(source: CopySource, destination: CopyDestination): CopyPlace {
  const { path, there } = destination
  const apart = { into: dirname(trimmed(path)), as: basename(trimmed(path)) }
  if (there === 'folder') {
    if (source.isFolder && meansContent(source.path)) return { into: path, as: '' }
    return { into: path, as: source.name ?? basename(source.path) }
  }
  if (there === 'other') {
    if (source.isFolder) throw new UserError(`${path} is a file: a folder cannot be copied to it`)
    if (saysFolder(path)) throw new UserError(`${path} is no folder`)
    return apart
  }
  if (!source.isFolder && saysFolder(path))
    throw new UserError(`there is no folder ${path}`, { hint: 'leave out the slash at the end to name the file so' })
  return apart
}

/** Without slashes and dots at the end that say that it is a folder. */
const trimmed = (path: string): string => path.replace(/(?<=.)(?:\/+\.?)+$/, '') || '/'
