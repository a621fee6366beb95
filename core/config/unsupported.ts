// What the design names and this version does not do yet: such keys and values get an answer of their own.
import { pathText, type Wrong } from './words.js'

const laterValues: Record<string, string[]> = {
  provider: ['podman', 'swarm'],
  connection: ['container'],
}

const no = (what: string): string => `${what} is not supported by this version`

const isLaterKey = (key: string, parent: readonly (string | number)[]): boolean =>
  parent.length === 2 && parent[0] === 'hosts' && key === 'machine'

/** The answer to a key or value of the project file that a later version will take; undefined for all others. */
export function unsupportedInFile({ path, unknown }: Wrong, value: unknown): string | undefined {
  const parent = path.slice(0, -1)
  if (unknown !== undefined) return isLaterKey(unknown, parent) ? no(pathText(path)) : undefined
  const last = String(path.at(-1))
  return typeof value === 'string' && laterValues[last]?.includes(value) === true
    ? no(`${pathText(path)}: ${value}`)
    : undefined
}
