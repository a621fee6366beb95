// Tells layers of an archive as engines before 25 write it, in folders named by ids that say nothing of the content.
import { createHash } from 'node:crypto'

/** JSON as Go writes a map: keys sorted, nothing between. The order inside of values stays. */
const sorted = (map: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1))))

/**
 * Position of a layer, by the `json` that lies beside it and the image's chain ids; undefined where it cannot be told.
 * An engine makes such an id of a fixed text, the layer's chain id and the id below (moby, `image/v1.CreateID`); only the topmost layer's
 * text holds the image's settings.
 */
export function positionOf(text: string, chains: readonly string[]): number | undefined {
  const { id, parent, os: _, ...fixed } = JSON.parse(text) as Record<string, unknown>
  const below = parent === undefined ? {} : { parent: `sha256:${parent}` }
  const position = chains.findIndex(
    chain =>
      createHash('sha256')
        .update(sorted({ ...fixed, layer_id: chain, ...below }))
        .digest('hex') === id,
  )
  if (position >= 0) return position
  return 'config' in fixed ? chains.length - 1 : undefined
}

/** What engines before 25 make the ids of all layers but the topmost from, besides chain and parent (recorded from 20.10). */
const fixedSettings = {
  container_config: {
    ...{ Hostname: '', Domainname: '', User: '', AttachStdin: false, AttachStdout: false, AttachStderr: false },
    ...{ Tty: false, OpenStdin: false, StdinOnce: false, Env: null, Cmd: null, Image: '', Volumes: null },
    ...{ WorkingDir: '', Entrypoint: null, OnBuild: null, Labels: null },
  },
  created: '1970-01-01T00:00:00Z',
}

/** Folders of all layers but the topmost in an archive of an engine before 25, by the image's chain ids. */
export function layerFolders(chains: readonly string[]): string[] {
  const ids: string[] = []
  for (const chain of chains.slice(0, -1)) {
    const below = ids.at(-1)
    const text = sorted({ ...fixedSettings, layer_id: chain, ...(below ? { parent: `sha256:${below}` } : {}) })
    ids.push(createHash('sha256').update(text).digest('hex'))
  }
  return ids
}
