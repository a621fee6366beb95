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
