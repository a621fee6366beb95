// One Compose file over another, by the Compose specification's rules of merging (13-merge.md, and Compose 2.26 where it is silent).
import { usageError } from '../errors.js'
import { childOf, itemsOf, listOf, mapOf, type Node, textOf, withChild, withValue } from './node.js'

type Merge = (base: Node, over: Node) => Node

const kindOf = (node: Node): string =>
  listOf(node) !== undefined ? 'a list' : mapOf(node) !== undefined ? 'a map' : 'a plain value'

/** The last one holds. */
const replace: Merge = (_, over) => over

/** Items of both, each key once: a later item takes the place of an earlier one with the same key. */
function uniqueBy(keyOf: (item: Node) => string): Merge {
  return (base, over) => {
    const items = new Map<string, Node>()
    for (const item of [...itemsOf(base), ...itemsOf(over)]) if (item.tag !== 'reset') items.set(keyOf(item), item)
    return withValue(over, [...items.values()])
  }
}

/** Texts of both, each once. */
const texts = uniqueBy(item => textOf(item) ?? textOf(childOf(item, 'path')) ?? '')

/** `NAME=value` texts as a map; a name alone has no value. */
function pairsOf(node: Node): Node {
  const list = listOf(node)
  if (list === undefined) return mapOf(node) === undefined ? withValue(node, new Map()) : node
  return withValue(
    node,
    new Map(
      list.map((item): [string, Node] => {
        const text = textOf(item) ?? ''
        const end = text.indexOf('=')
        const value = withValue(item, end < 0 ? null : text.slice(end + 1))
        return [end < 0 ? text : text.slice(0, end), { ...value, key: item.at }]
      }),
    ),
  )
}

const pairs: Merge = (base, over) => mergeMaps(pairsOf(base), pairsOf(over), () => replace)

/** A list of names as a map of them. */
function namesOf(node: Node, settings: Node['value']): Node {
  const list = listOf(node)
  if (list === undefined) return node
  return withValue(
    node,
    new Map(list.map((item): [string, Node] => [textOf(item) ?? '', { ...withValue(item, settings), key: item.at }])),
  )
}

const names =
  (settings: Node['value']): Merge =>
  (base, over) =>
    mergeMaps(namesOf(base, settings), namesOf(over, settings), () => merge)

/** Hosts as "name=address" texts. */
function hostLines(node: Node): Node {
  const map = mapOf(node)
  if (map === undefined) return node
  return withValue(
    node,
    [...map].flatMap(([name, addresses]) =>
      itemsOf(addresses).map(address => withValue(address, `${name}=${textOf(address) ?? ''}`)),
    ),
  )
}

const hosts: Merge = (base, over) =>
  uniqueBy(item => (textOf(item) ?? '').replace(/^([^:=]+)[:=]/, '$1='))(hostLines(base), hostLines(over))

/** Where a volume is mounted: the last path of a short form, without its mode. */
function targetOfVolume(item: Node): string {
  const text = textOf(item)
  if (text === undefined) return textOf(childOf(item, 'target')) ?? ''
  const [first = '', second = first] = text.split(':')
  return second.replace(/(.)\/+$/, '$1')
}

function targetOfDevice(item: Node): string {
  const text = textOf(item)
  if (text === undefined) return textOf(childOf(item, 'target')) ?? textOf(childOf(item, 'source')) ?? ''
  const [first = '', second = first] = text.split(':')
  return second
}

const targetBelow =
  (folder: string) =>
  (item: Node): string => {
    const text = textOf(item)
    const target = textOf(childOf(item, 'target')) ?? text ?? textOf(childOf(item, 'source')) ?? ''
    return target.startsWith('/') ? target : `${folder}/${target}`
  }

/** Address, published port, port and protocol. */
function keyOfPort(item: Node): string {
  const text = textOf(item)
  if (text === undefined) {
    const [ip, published, target, protocol] = ['host_ip', 'published', 'target', 'protocol'].map(key =>
      textOf(childOf(item, key)),
    )
    return [ip ?? '', published ?? '', target ?? '', protocol ?? 'tcp'].join(' ')
  }
  const [ports = '', protocol = 'tcp'] = text.split('/')
  const [, ip = '', published = '', target = ''] = /^(?:(?:(.*):)?([^:]*):)?([^:]*)$/.exec(ports) ?? []
  return [ip.replace(/^\[|\]$/g, ''), published, target, protocol].join(' ')
}

/** Folder of a build, or its map. */
const buildMap = (node: Node): Node =>
  typeof node.value === 'string' ? withValue(node, new Map([['context', node]])) : node

/** Options of one driver say nothing to another. */
const logging: Merge = (base, over) => {
  const [before, after] = [base, over].map(node => textOf(childOf(node, 'driver')))
  return before === undefined || after === undefined || before === after ? merge(base, over) : over
}

const ulimit: Merge = (base, over) => (mapOf(base) && mapOf(over) ? merge(base, over) : over)
const eachOf =
  (rule: Merge): Merge =>
  (base, over) =>
    mergeMaps(base, over, () => rule)

/** A map whose keys have rules of their own. */
const within =
  (rules: Record<string, Merge>): Merge =>
  (base, over) =>
    mergeMaps(base, over, key => (key.startsWith('x-') ? replace : (rules[key] ?? merge)))

const build = within({ args: pairs, labels: pairs, additional_contexts: pairs, extra_hosts: hosts, tags: texts })

const serviceRules: Record<string, Merge> = {
  command: replace,
  entrypoint: replace,
  healthcheck: within({ test: replace }),
  environment: pairs,
  labels: pairs,
  annotations: pairs,
  sysctls: pairs,
  build: (base, over) => build(buildMap(base), buildMap(over)),
  deploy: within({ labels: pairs }),
  depends_on: names(new Map([['condition', { value: 'service_started', at: { file: '', line: 1, column: 1 } }]])),
  networks: names(null),
  extra_hosts: hosts,
  logging,
  ulimits: eachOf(ulimit),
  volumes: uniqueBy(targetOfVolume),
  devices: uniqueBy(targetOfDevice),
  ports: uniqueBy(keyOfPort),
  secrets: uniqueBy(targetBelow('/run/secrets')),
  configs: uniqueBy(targetBelow('')),
}
for (const key of [
  ...['cap_add', 'cap_drop', 'device_cgroup_rules', 'dns', 'dns_opt', 'dns_search', 'env_file', 'expose'],
  ...['external_links', 'group_add', 'label_file', 'links', 'profiles', 'security_opt', 'tmpfs', 'volumes_from'],
])
  serviceRules[key] = texts

const service = within(serviceRules)
const network = within({
  labels: pairs,
  ipam: within({ config: uniqueBy(item => textOf(childOf(item, 'subnet')) ?? JSON.stringify(item.at)) }),
})
const volume = within({ labels: pairs })

/** Rules of a file's sections. */
const file = within({
  services: eachOf(service),
  networks: eachOf(network),
  volumes: eachOf(volume),
  configs: eachOf(within({ labels: pairs })),
  secrets: eachOf(within({ labels: pairs })),
})

function mergeMaps(base: Node, over: Node, ruleFor: (key: string) => Merge): Node {
  if (base.value === null) return over
  if (over.value === null) return base
  const [before, after] = [mapOf(base), mapOf(over)]
  if (before === undefined || after === undefined) {
    const { file: name, line } = base.at
    throw usageError(`this is ${kindOf(over)}, and ${kindOf(base)} at ${name}:${line}, over which it is laid`, {
      at: over.at,
    })
  }
  let merged = withValue(over, before)
  for (const [key, child] of after) {
    const old = before.get(key)
    const rule = ruleFor(key)
    if (child.tag === 'reset') merged = withChild(merged, key, undefined)
    else if (old === undefined || child.tag === 'override') merged = withChild(merged, key, child)
    else if (child.value !== null || rule === replace) merged = withChild(merged, key, rule(old, child))
  }
  return merged
}

/** Maps by key, lists one after the other, all else the last one. */
function merge(base: Node, over: Node): Node {
  if (mapOf(base) !== undefined || mapOf(over) !== undefined)
    return mergeMaps(base, over, key => (key.startsWith('x-') ? replace : merge))
  const [before, after] = [listOf(base), listOf(over)]
  return before !== undefined && after !== undefined ? withValue(over, [...before, ...after]) : over
}

/** One file's tree over that of the files before it. Throws a usage error where a map and something else meet. */
export const mergeFiles = (base: Node, over: Node): Node => file(base, over)

/** A service over the one that it extends. */
export const mergeService = (base: Node, over: Node): Node => service(base, over)

/** A tree in which every reset value is gone, and lists that are unique by a key are so. */
export function settled(node: Node, rules: Record<string, Merge> = serviceRules): Node {
  const walk = (part: Node): Node => {
    const list = listOf(part)
    if (list !== undefined) return withValue(part, list.filter(item => item.tag !== 'reset').map(walk))
    const map = mapOf(part)
    if (map === undefined) return part
    return withValue(
      part,
      new Map([...map].flatMap(([key, child]) => (child.tag === 'reset' ? [] : [[key, walk(child)]]))),
    )
  }
  const clean = walk(node)
  let result = clean
  for (const key of ['volumes', 'ports', 'devices', 'secrets', 'configs']) {
    const child = childOf(clean, key)
    if (child !== undefined && listOf(child) !== undefined)
      result = withChild(result, key, rules[key]?.(withValue(child, []), child))
  }
  return result
}
