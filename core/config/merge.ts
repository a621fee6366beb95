// How settings from several places become one: maps merge by key, lists and scalars replace.

type Plain = Record<string, unknown>

const isMap = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Merges maps from the weakest to the strongest, deeply; none of them is changed. */
export function mergeMaps(...layers: readonly (Plain | undefined)[]): Plain {
  const merged: Plain = {}
  for (const layer of layers)
    for (const [key, value] of Object.entries(layer ?? {})) {
      const before = merged[key]
      merged[key] = isMap(before) && isMap(value) ? mergeMaps(before, value) : value
    }
  return merged
}
