// Which layers of an image an engine lacks. An engine knows a layer by all that lie under it, too: by its chain id.
import { createHash } from 'node:crypto'

/** Chain ids of layers, from their diff ids (bottom first): a layer's is made from the one below and its own (OCI image specification). */
export function chainIds(diffIds: readonly string[]): string[] {
  const chains: string[] = []
  for (const diffId of diffIds) {
    const below = chains.at(-1)
    chains.push(
      below === undefined ? diffId : `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`,
    )
  }
  return chains
}

/** What of layers an engine has. */
export interface Layers {
  /** `chain`: a layer counts with those below it. `content`: each for itself (the containerd store). */
  by: 'chain' | 'content'
  /** Chain ids or diff ids. */
  known: ReadonlySet<string>
}

/** For each layer (diff ids, bottom first) whether the engine lacks it. */
export function lacking(diffIds: readonly string[], { by, known }: Layers): boolean[] {
  const ids = by === 'chain' ? chainIds(diffIds) : diffIds
  return ids.map(id => !known.has(id))
}
