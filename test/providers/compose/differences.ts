// Compares what `docker inspect` tells of two containers, and knows why some of it may differ.

export type Inspected = Record<string, unknown>

/** Fields that tell of the moment, of the engine's own names, or of who made it. */
const passing = [
  /^(Id|Created|Image|Name|ResolvConfPath|HostnamePath|HostsPath|LogPath|State|GraphDriver|ExecIDs)(\.|$)/,
  /^Config\.Labels\.(com\.docker\.compose|longshore)\./,
  /^NetworkSettings\.(SandboxID|SandboxKey|EndpointID|Gateway|IPAddress|IPPrefixLen|MacAddress|Ports|Bridge|LinkLocal\w+|GlobalIPv6\w+|IPv6Gateway|HairpinMode|Secondary\w+)/,
  /^NetworkSettings\.Networks\.[^.]+\.(NetworkID|EndpointID|Gateway|IPAddress|IPPrefixLen|MacAddress|DNSNames)$/,
]

/** Differences that are right, each with its reason. `agree` says when they are; all are if it is left out. */
export const reasons: { path: RegExp; why: string; agree?: (ours: unknown, theirs: unknown) => boolean }[] = []

const shorten = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/\b[0-9a-f]{64}\b/g, 'ID').replace(/\b[0-9a-f]{12}\b/g, 'SHORT') : value

/** Every leaf with its path; lists of texts stay whole. */
function leaves(value: unknown, path: string, found: Map<string, unknown>): Map<string, unknown> {
  if (Array.isArray(value)) {
    if (value.every(item => typeof item !== 'object')) found.set(path, value.map(shorten))
    else
      value.forEach((item, index) => {
        leaves(item, `${path}[${index}]`, found)
      })
  } else if (value !== null && typeof value === 'object')
    for (const [key, inner] of Object.entries(value)) leaves(inner, path === '' ? key : `${path}.${key}`, found)
  else found.set(path, shorten(value))
  return found
}

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** The differences that no reason speaks for, as "path: ours, theirs". */
export function differences(ours: Inspected, theirs: Inspected): string[] {
  const [mine, other] = [leaves(ours, '', new Map()), leaves(theirs, '', new Map())]
  const paths = [...new Set([...mine.keys(), ...other.keys()])].sort()
  return paths.flatMap(path => {
    if (passing.some(pattern => pattern.test(path))) return []
    const [one, two] = [mine.get(path), other.get(path)]
    if (JSON.stringify(one) === JSON.stringify(two) || (isNothing(one) && isNothing(two))) return []
    if (reasons.some(reason => reason.path.test(path) && (reason.agree?.(one, two) ?? true))) return []
    return [`${path}: ours ${JSON.stringify(one)}, Compose's ${JSON.stringify(two)}`]
  })
}
