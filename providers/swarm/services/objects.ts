// Files of a service as a swarm keeps them: secrets and configs whose names tell their content, because neither can be changed.
import { createHmac } from 'node:crypto'
import { shippedHash } from '../../../core/containers/mounts/shipped.js'
import { type At, usageError } from '../../../core/errors.js'
import type { LocalFiles } from '../../../core/files.js'
import { reveal, Secret } from '../../../core/secret.js'
import type { ContainerWant } from '../../../core/wanted.js'

/** A secret or config that a service mounts. */
export interface ObjectWant {
  kind: 'secret' | 'config'
  /** Its name on the swarm. */
  name: string
  target: string
  uid: number
  gid: number
  mode: number
  from: { content: string | Secret } | { path: string }
  at: At
}

/** How the name of an object ends that is told by this hash. */
export const keptEnding = (hash: string): string => hash.replace(/\W/g, '').slice(0, 12)

/** That of a name. */
export const endingOf = (name: string): string => name.slice(name.lastIndexOf('_') + 1)

/** A swarm takes names of up to 64 characters. */
const nameOf = (project: string, target: string, hash: string): string => {
  const base = (target.split('/').at(-1) ?? '').replace(/[^\w.-]/g, '_').slice(0, 24)
  return `${project.slice(0, 24)}_${base}_${keptEnding(hash)}`
}

const fingerprint = (content: string | Secret, key: Uint8Array): string =>
  createHmac('sha256', key).update(reveal(content)).digest('hex')

const defaultMode = 0o444

/** The secrets and configs of a service. A usage error for a folder of this machine: a swarm keeps single files alone. */
export function objectsOf(project: string, want: ContainerWant, key: Uint8Array): ObjectWant[] {
  const { config, at, service } = want
  const files = (config.files ?? []).map(({ target, content, uid, gid, mode }): ObjectWant => {
    const kind = content instanceof Secret ? 'secret' : 'config'
    const name = nameOf(project, target, fingerprint(content, key))
    return { kind, name, target, uid, gid, mode, from: { content }, at }
  })
  const mounts = config.mounts.flatMap(({ shipped, target }): ObjectWant[] => {
    if (shipped === undefined) return []
    if (shipped.kind === 'directory')
      throw usageError(`${service}: ${shipped.thing} cannot be mounted on a swarm, which keeps single files alone`, {
        at,
        hint: 'name its files one by one, put them into the image, or mount a volume or an absolute path of the hosts',
      })
    const { uid, gid, mode = defaultMode, secret, from } = shipped
    const name = nameOf(project, target, shippedHash(shipped, key))
    return [{ kind: secret ? 'secret' : 'config', name, target, uid, gid, mode, from, at }]
  })
  return [...files, ...mounts]
}

/** What goes into the swarm, in base64. */
export async function dataOf({ from }: ObjectWant, files: LocalFiles): Promise<string> {
  if ('content' in from) return Buffer.from(reveal(from.content)).toString('base64')
  return Buffer.from(await files.bytes(from.path)).toString('base64')
}
