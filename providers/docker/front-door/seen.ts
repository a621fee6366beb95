// Reads what the front door was last told, out of its volume: one request, and none where no front door is wanted.
import { text } from 'node:stream/consumers'
import type { Wanted } from '../../../core/wanted.js'
import { hasStatus } from '../apply/job.js'
import { type JsonObject, parseSpec } from '../canonical.js'
import { readTar } from '../images/tar.js'
import type { DockerEngine } from '../open.js'
import { stateFolder } from './config.js'

/** What is known of a front door. */
export interface SeenDoor {
  /** What it was last told, in the words of a plan. */
  spec: JsonObject
  /** What Caddy has loaded last. */
  config: JsonObject
  /** Short ids of the containers that serve, by SERVICE/NUMBER. */
  serving: Record<string, string[]>
}

/** Largest file of it that is read. */
const largest = 4 * 1024 ** 2

/** The wanted front door's state; undefined where there is none yet, or none is wanted. */
export async function seeDoor(
  engine: DockerEngine,
  { containers }: Wanted,
  signal?: AbortSignal,
): Promise<SeenDoor | undefined> {
  const want = containers.find(({ door }) => door !== undefined)
  if (want === undefined) return undefined
  const seen: SeenDoor = { spec: {}, config: {}, serving: {} }
  try {
    const path = `/containers/${encodeURIComponent(want.name)}/archive`
    const archive = await engine.api.stream({ path, query: { path: stateFolder }, signal, alone: true })
    for await (const { path: name, isFile, size, body } of readTar(archive)) {
      const [, service, number, id] = /^state\/serving\/([^/]+)\/(\d+)\/([0-9a-f]+)$/.exec(name) ?? []
      if (isFile && id !== undefined) {
        const slot = `${service}/${number}`
        seen.serving[slot] = [...(seen.serving[slot] ?? []), id]
      }
      if (isFile && size < largest && name === 'state/routes.json') seen.spec = parseSpec(await text(body))
      else if (isFile && size < largest && name === 'state/caddy/autosave.json')
        seen.config = parseSpec(await text(body))
      else body.destroy()
    }
    return seen
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}
