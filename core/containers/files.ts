// The files that a service asks for by `configs:` and `secrets:`: mounted where they lie on the host, else put into the container.
import { isAbsolute } from 'node:path'
import { configKeys, secretKeys } from '../compose/keys/others.js'
import type { At } from '../errors.js'
import type { Host } from '../project.js'
import type { Raw } from '../raw.js'
import { Secret, type Value } from '../secret.js'
import type { FileWant, MountWant } from '../wanted.js'
import type { Read } from './read.js'
import { pathHere, type Run, readFor } from './run.js'
import { configSchema, secretFileSchema } from './schema/files.js'
import type { Service } from './schema/service.js'
import type { FileUse } from './schema/surroundings.js'

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

/** The path of a file on the host; undefined, with a mistake noted, where there is none. */
async function pathOnHost(
  run: Run,
  read: Read<Service>,
  host: Host,
  path: string,
  at: At,
): Promise<string | undefined> {
  if (isAbsolute(path)) return path
  if (host.connection !== 'local') {
    run.mistakes.add(
      `${read.name}: ${path} lies on this machine, and ${read.name} runs on another; files of configs and secrets for another host are not supported by this version: use an absolute path of the host, or \`environment\` or \`content\``,
      at,
    )
    return undefined
  }
  const here = pathHere(run, path, run.project.folder)
  if (await run.context.files.exists(here)) return here
  run.mistakes.add(`${read.name}: there is no ${here}`, at)
  return undefined
}

/** The files of a service on a host. The run has the mistakes. */
export async function filesOf(run: Run, read: Read<Service>, host: Host): Promise<Files> {
  const found: Files = { files: [], mounts: [] }
  const isComposed = read.raw.composed !== undefined
  for (const kind of ['configs', 'secrets'] as const)
    for (const [index, use] of ((read.value[kind] ?? []) as FileUse[]).entries()) {
      const { source: name, target = name, uid = 0, gid = 0 } = use
      const at = read.raw.where([kind, index])
      const path = target.startsWith('/') ? target : `${below[kind]}${target}`
      const source = sourceOf(run, read, host, kind, name, at)
      if (source === undefined) continue
      if ('content' in source) {
        // A service of a Compose file may run as any user, and Compose lets all read.
        const mode = use.mode ?? (kind === 'secrets' && !isComposed ? 0o400 : 0o444)
        found.files.push({ target: path, content: source.content, uid, gid, mode })
        continue
      }
      const file = await pathOnHost(run, read, host, source.path, source.at)
      if (file !== undefined) found.mounts.push({ type: 'bind', source: file, target: path, readOnly: true })
    }
  found.files.sort((one, other) => (one.target < other.target ? -1 : 1))
  return found
}
