// The files that a service asks for by `configs:` and `secrets:`: mounted where the host has them or is brought them, else put into the container.
import { isAbsolute } from 'node:path'
import { configKeys, secretKeys } from '../../compose/keys/others.js'
import { hasShell, isHere } from '../../engine-alone/address.js'
import { type At, UserError } from '../../errors.js'
import type { Host } from '../../project.js'
import type { Raw } from '../../raw.js'
import { Secret, type Value } from '../../secret.js'
import type { FileWant, MountWant } from '../../wanted.js'
import type { Read } from '../read.js'
import { pathHere, type Run, readFor } from '../run.js'
import { configSchema, secretFileSchema } from '../schema/files.js'
import type { Service } from '../schema/service.js'
import type { FileUse } from '../schema/surroundings.js'
import { shippedOf } from './ship.js'

/** What the files of a service come to on a host. */
interface Files {
  files: FileWant[]
  mounts: MountWant[]
}

type Kind = 'configs' | 'secrets'

/** Where the content comes from: a path as it was written, or the text itself. */
type Source = { path: string; at: At } | { content: Value }

const below: Record<Kind, string> = { configs: '/', secrets: '/run/secrets/' }

function sourceOf(run: Run, read: Read<Service>, host: Host, kind: Kind, name: string, at: At): Source | undefined {
  const { project, mistakes } = run
  const raw: Raw | undefined = (kind === 'configs' ? project.configs : project.secretFiles)[name]
  if (raw === undefined) {
    // Our own secrets can be had as files too.
    const content = kind === 'secrets' ? mistakes.take(() => project.secrets.get(name, at)) : undefined
    return content === undefined ? undefined : { content }
  }
  const entry = { name: `${kind === 'configs' ? 'config' : 'secret'} ${name}`, raw, service: read.name }
  const value:
    | { file?: string | undefined; environment?: string | undefined; content?: string | undefined }
    | undefined =
    kind === 'configs'
      ? readFor(run, host, configSchema, { ...entry, keys: configKeys })?.value
      : readFor(run, host, secretFileSchema, { ...entry, keys: secretKeys })?.value
  if (value === undefined) return undefined
  if (value.file !== undefined) return { path: value.file, at: raw.where(['file']) }
  if (value.content !== undefined) return { content: value.content }
  const variable = value.environment ?? ''
  const text = (raw.composed?.environment ?? run.context.environment)[variable]
  if (text === undefined) {
    mistakes.add(`${entry.name}: the variable ${variable} is not set`, raw.where(['environment']))
    return undefined
  }
  return { content: kind === 'secrets' ? new Secret(name, text) : text }
}

/** One file that a service asks for, on a host. */
interface Asked {
  kind: Kind
  use: FileUse
  /** Absolute path in the container. */
  target: string
  mode: number
  at: At
}

/** A file that the host has: mounted where it lies, as Compose does. */
async function fromHost(run: Run, read: Read<Service>, path: string, at: At): Promise<string | undefined> {
  const there = isAbsolute(path) ? path : pathHere(run, path, run.project.folder)
  if (isAbsolute(path) || (await run.context.files.exists(there))) return there
  run.mistakes.add(`${read.name}: there is no ${there}`, at)
  return undefined
}

/** A secret that is put into the container must be text; what is brought to the host as a file may be anything. */
async function contentHere(run: Run, asked: Asked, path: string): Promise<Value | undefined> {
  try {
    const text = await run.context.files.text(pathHere(run, path, run.project.folder))
    return asked.kind === 'secrets' ? new Secret(asked.use.source, text) : text
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    run.mistakes.add(error.message, asked.at)
    return undefined
  }
}

/** Puts one file to those of the service. What is mounted from the host outlives a read-only root and can change under the container. */
async function addFile(run: Run, read: Read<Service>, host: Host, asked: Asked, found: Files): Promise<void> {
  const { kind, use, target, mode, at } = asked
  const { source: name, uid = 0, gid = 0, on_change: onChange } = use
  const source = sourceOf(run, read, host, kind, name, at)
  if (source === undefined) return
  const isThere = 'path' in source && (isAbsolute(source.path) || (isHere(host) && onChange === undefined))
  if (isThere) {
    if (onChange !== undefined)
      run.mistakes.add(
        `${read.name}: \`on_change\` is for files of this machine, and ${source.path} is the host's own`,
        at,
      )
    const file = await fromHost(run, read, source.path, source.at)
    if (file !== undefined) found.mounts.push({ type: 'bind', source: file, target, readOnly: true })
    return
  }
  const isMounted = 'path' in source || onChange !== undefined || read.value.read_only === true
  if (!isMounted || (onChange === undefined && !hasShell(host))) {
    const content = 'content' in source ? source.content : await contentHere(run, asked, source.path)
    if (content !== undefined) found.files.push({ target, content, uid, gid, mode })
    return
  }
  const word = `${kind === 'configs' ? 'config' : 'secret'} ${name}`
  const shipped = await shippedOf(run, {
    ...{ service: read.name, host, uid, gid, mode, onChange },
    from: 'content' in source ? source : { path: source.path, folder: run.project.folder },
    ...(kind === 'configs' && 'path' in source ? {} : { name: word }),
    secret: kind === 'secrets',
    at: 'path' in source ? source.at : at,
  })
  if (shipped !== undefined) found.mounts.push({ type: 'bind', source: word, target, readOnly: true, shipped })
}

/** The files of a service on a host. The run has the mistakes. */
export async function filesOf(run: Run, read: Read<Service>, host: Host): Promise<Files> {
  const found: Files = { files: [], mounts: [] }
  const isComposed = read.raw.composed !== undefined
  for (const kind of ['configs', 'secrets'] as const)
    for (const [index, use] of ((read.value[kind] ?? []) as FileUse[]).entries()) {
      const { source, target = source } = use
      const path = target.startsWith('/') ? target : `${below[kind]}${target}`
      // A service of a Compose file may run as any user, and Compose lets all read.
      const mode = use.mode ?? (kind === 'secrets' && !isComposed ? 0o400 : 0o444)
      await addFile(run, read, host, { kind, use, target: path, mode, at: read.raw.where([kind, index]) }, found)
    }
  found.files.sort((one, other) => (one.target < other.target ? -1 : 1))
  return found
}
