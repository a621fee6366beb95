// Compares what `docker inspect` tells of two containers, networks or volumes, and knows why some of it may differ.

export type Inspected = Record<string, unknown>
type Plain = Record<string, unknown>

/** Fields that tell of the moment, of the engine's own names, or of who made it. */
const passing = [
  /^(Id|Created|Image|Name|ResolvConfPath|HostnamePath|HostsPath|LogPath|State|GraphDriver|ExecIDs)(\.|$)/,
  /^(Config\.)?Labels\.(com\.docker\.compose|longshore)\./,
  /^(Containers\.|CreatedAt$)/,
  /^NetworkSettings\.(SandboxID|SandboxKey|EndpointID|Gateway|IPAddress|IPPrefixLen|MacAddress|Ports|Bridge|LinkLocal\w+|GlobalIPv6\w+|IPv6Gateway|HairpinMode|Secondary\w+)/,
  /^NetworkSettings\.Networks\.[^.]+\.(NetworkID|EndpointID|Gateway|IPAddress|IPPrefixLen|MacAddress|DNSNames)$/,
]

const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
const within = (ours: unknown, theirs: unknown): boolean => list(ours).every(item => list(theirs).includes(item))

/** Differences that are right, each with its reason. `agree` says when they are. */
export const reasons: { path: RegExp; why: string; agree(ours: unknown, theirs: unknown): boolean }[] = [
  {
    path: /^Config\.Attach(Stdout|Stderr|Stdin)$/,
    why: 'who asked for the create is no part of what runs: Compose says that it might attach, even with -d',
    agree: (ours, theirs) => ours === false && theirs === true,
  },
  {
    path: /^Config\.StdinOnce$/,
    why: 'Compose closes standard input after the first who attached; the file says only that it stays open',
    agree: (ours, theirs) => ours === false && theirs === true,
  },
  {
    path: /^NetworkSettings\.Networks\.[^.]+\.Aliases$/,
    why: "Compose adds the container's own name, which the engine resolves anyway",
    agree: (ours, theirs) => within(ours, theirs) && list(theirs).length === list(ours).length + 1,
  },
  {
    path: /^NetworkSettings\.Networks\.[^.]+\.Links$/,
    why: "Compose adds two names to each link: the container's own, which the engine resolves anyway, and SERVICE-1 of old",
    agree: within,
  },
  {
    path: /^NetworkSettings\.Networks\.[^.]+\.DriverOpts\.|^Config\.MacAddress$|^NetworkSettings\.Networks\.[^.]+\.MacAddress$/,
    why: 'Compose 2.26 loses driver_opts of a network and mac_address of a service on an engine of API 1.44 or later; later ones pass them on',
    agree: (ours, theirs) => ours !== undefined && theirs === undefined,
  },
  {
    path: /^Config\.Env$/,
    why: 'a variable without a value that is set nowhere is left out; Compose names it, which only takes away what the image says',
    agree: (ours, theirs) =>
      JSON.stringify(ours) === JSON.stringify(list(theirs).filter(variable => variable.includes('='))),
  },
  {
    path: /^HostConfig\.VolumesFrom$/,
    why: 'the same container, which Compose names by its id',
    agree: (ours, theirs) => list(ours).length === list(theirs).length && list(theirs).every(name => name === 'ID'),
  },
  {
    path: /^HostConfig\.MemorySwappiness$/,
    why: 'Compose loses a zero: to it that is as good as nothing said',
    agree: (ours, theirs) => ours === 0 && theirs === undefined,
  },
  {
    path: /^IPAM\.Config\[\d+\]\.(Subnet|Gateway)$/,
    why: 'a range that the engine took from its default pools, since the file names none',
    agree: (ours, theirs) => [ours, theirs].every(range => /^(172\.(1[6-9]|2\d|3[01])|192\.168)\./.test(String(range))),
  },
  {
    path: /^Mounts\[\S+\]\.Mode$/,
    why: 'the text in which a mount was asked for; RW and Propagation tell what it is, and the label is compared where it is asked',
    agree: () => true,
  },
]

/** Old-form binds as the mounts that they ask for. */
function bindMounts(binds: unknown): Plain[] {
  return list(binds).map(text => {
    const [Source, Target, modes = ''] = text.split(':')
    const words = modes.split(',')
    const propagation = words.find(word => /^r?(shared|slave|private)$/.test(word))
    const label = words.find(word => word === 'z' || word === 'Z')
    return {
      ...{ Type: 'bind', Source, Target },
      ...(words.includes('ro') ? { ReadOnly: true } : {}),
      ...(propagation === undefined ? {} : { BindOptions: { Propagation: propagation } }),
      ...(label === undefined ? {} : { Label: label }),
    }
  })
}

/** The same container however it was asked for: binds are mounts, and what has no order comes by name. */
function normal(inspected: Inspected): Inspected {
  const host = { ...(inspected.HostConfig as Plain) }
  host.Mounts = [...bindMounts(host.Binds), ...((host.Mounts as Plain[] | undefined) ?? [])]
  delete host.Binds
  return { ...inspected, HostConfig: host }
}

const nameOf = (item: Plain): string | undefined => {
  const name = item.Target ?? item.Destination ?? item.Name ?? item.PathInContainer
  return typeof name === 'string' ? name : undefined
}

const unordered = /^(Config\.Env|HostConfig\.(ExtraHosts|CapAdd|CapDrop|SecurityOpt|GroupAdd|DeviceCgroupRules))$/

const shorten = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/\b[0-9a-f]{64}\b/g, 'ID').replace(/\b[0-9a-f]{12}\b/g, 'SHORT') : value

/** Every leaf with its path; lists of texts stay whole. */
function leaves(value: unknown, path: string, found: Map<string, unknown>): Map<string, unknown> {
  if (Array.isArray(value)) {
    const items = value.map(shorten)
    if (value.every(item => typeof item !== 'object')) found.set(path, unordered.test(path) ? items.sort() : items)
    else for (const [index, item] of value.entries()) leaves(item, `${path}[${nameOf(item) ?? index}]`, found)
  } else if (value !== null && typeof value === 'object')
    for (const [key, inner] of Object.entries(value)) leaves(inner, path === '' ? key : `${path}.${key}`, found)
  else found.set(path, shorten(value))
  return found
}

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** The differences that no reason speaks for, as "path: ours, theirs". */
export function differences(ours: Inspected, theirs: Inspected): string[] {
  const [mine, other] = [ours, theirs].map(each => leaves(normal(each), '', new Map<string, unknown>())) as [
    Map<string, unknown>,
    Map<string, unknown>,
  ]
  const paths = [...new Set([...mine.keys(), ...other.keys()])].sort()
  return paths.flatMap(path => {
    if (passing.some(pattern => pattern.test(path))) return []
    const [one, two] = [mine.get(path), other.get(path)]
    if (JSON.stringify(one) === JSON.stringify(two) || (isNothing(one) && isNothing(two))) return []
    const bare = isNothing(two) ? undefined : two
    if (reasons.some(reason => reason.path.test(path) && reason.agree(one, bare))) return []
    return [`${path}: ours ${JSON.stringify(one)}, Compose's ${JSON.stringify(two)}`]
  })
}
