// Single requests about one container. A container is named by its id or its name.
import { posix } from 'node:path'
import { reveal } from '../../../core/secret.js'
import type { FileWant } from '../../../core/wanted.js'
import type { ContainerDetails } from '../api/shapes.js'
import { hasStatus, unlessMissing } from '../apply/job.js'
import { packTar } from '../images/tar.js'
import type { DockerEngine } from '../open.js'

const path = (container: string, action = ''): string => `/containers/${encodeURIComponent(container)}${action}`

/** A container's details; undefined if it is not there. */
export const inspect = (
  { api }: DockerEngine,
  container: string,
  signal?: AbortSignal,
): Promise<ContainerDetails | undefined> =>
  unlessMissing(api.json<ContainerDetails>({ path: path(container, '/json'), signal }))

export const start = ({ api }: DockerEngine, container: string, signal?: AbortSignal): Promise<void> =>
  api.json({ method: 'POST', path: path(container, '/start'), signal })

export const unpause = ({ api }: DockerEngine, container: string, signal?: AbortSignal): Promise<void> =>
  api.json({ method: 'POST', path: path(container, '/unpause'), signal })

/** Stops it with its own signal and grace period; one that is not there or not running is stopped already. */
export const stop = async ({ api }: DockerEngine, container: string, signal?: AbortSignal): Promise<void> => {
  await unlessMissing(api.json({ method: 'POST', path: path(container, '/stop'), signal }))
}

export const rename = ({ api }: DockerEngine, container: string, name: string, signal?: AbortSignal): Promise<void> =>
  api.json({ method: 'POST', path: path(container, '/rename'), query: { name }, signal })

/** Removes it, running or not, with its unnamed volumes if so asked. One that is gone, or going, is fine. */
export const remove = async (
  { api }: DockerEngine,
  container: string,
  withVolumes: boolean,
  signal?: AbortSignal,
): Promise<void> => {
  try {
    await api.json({ method: 'DELETE', path: path(container), query: { force: true, v: withVolumes }, signal })
  } catch (error) {
    if (!hasStatus(error, 404) && !(hasStatus(error, 409) && /already in progress/.test(error.message))) throw error
  }
}

/**
 * Puts files into its file system; folders on their way are made. All of them lie below `folder`: into a container whose root is read-only
 * the engine lets files come only where that folder is in a volume.
 */
export const putFiles = async (
  { api }: DockerEngine,
  container: string,
  files: readonly FileWant[],
  signal?: AbortSignal,
  folder = '/',
): Promise<void> => {
  if (files.length === 0) return
  const upload = packTar(
    files.map(({ target, content, uid, gid, mode }) => ({
      path: posix.relative(folder, target),
      kind: 'file',
      mode,
      uid,
      gid,
      bytes: async () => Buffer.from(reveal(content)),
    })),
  )
  await api.json({ method: 'PUT', path: path(container, '/archive'), query: { path: folder }, upload, signal })
}
