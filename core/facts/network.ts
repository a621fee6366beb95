// Facts of the network: interfaces with their addresses, the default route, name servers.
import { mostEntries, numberOf, type Told } from './sections.js'
import type { Facts, Interface, InterfaceAddress } from './types.js'

type Addresses = Map<string, InterfaceAddress[]>

const add = (addresses: Addresses, name: string, entry: InterfaceAddress): void => {
  addresses.set(name, [...(addresses.get(name) ?? []), entry])
}

/** From `ip -o addr`. */
function fromIp(lines: readonly string[]): Addresses {
  const addresses: Addresses = new Map()
  for (const line of lines.slice(0, mostEntries)) {
    const [, name, family, address, peer, prefix] =
      /^\d+:\s+(\S+?)(?:@\S+)?\s+(inet6?)\s+([^\s/]+)(?:\s+peer\s+([^\s/]+))?(?:\/(\d+))?/.exec(line) ?? []
    if (name === undefined || address === undefined) continue
    const bits = family === 'inet' ? 32 : 128
    add(addresses, name, {
      family: family === 'inet' ? 4 : 6,
      address,
      prefix: prefix === undefined || peer !== undefined ? bits : Number(prefix),
      scope: /\bscope (\w+)/.exec(line)?.[1] ?? '',
    })
  }
  return addresses
}

/** The kernel's IPv4 numbers in /proc/net/route: hexadecimal, in the order of a little-endian machine. */
const bytesOf = (hex: string): number[] => (hex.match(/../g) ?? []).reverse().map(byte => Number.parseInt(byte, 16))

const v6Scopes: Record<string, string> = { '00': 'global', '10': 'host', '20': 'link', '40': 'site' }

interface Route {
  name: string
  target: number[]
  gateway: number[]
  mask: number[]
}

const routesOf = (told: Told): Route[] =>
  told
    .file('/proc/net/route')
    .slice(1)
    .map(line => {
      const [name = '', target = '', gateway = '', , , , , mask = ''] = line.trim().split(/\s+/)
      return { name, target: bytesOf(target), gateway: bytesOf(gateway), mask: bytesOf(mask) }
    })

/** From the kernel's own tables, where there is no `ip`: the host's addresses, each with the route that it lies in. */
function fromKernel(told: Told): Addresses {
  const addresses: Addresses = new Map()
  const trie = told.file('/proc/net/fib_trie')
  const locals = trie.flatMap((line, index) =>
    /\/32 host LOCAL/.test(line) ? (/\|-- (\S+)/.exec(trie[index - 1] ?? '')?.[1] ?? []) : [],
  )
  const routes = routesOf(told).filter(({ mask }) => mask.some(byte => byte > 0))
  for (const address of new Set(locals)) {
    const bytes = address.split('.').map(Number)
    const route = routes.find(({ target, mask }) => mask.every((byte, at) => ((bytes[at] ?? 0) & byte) === target[at]))
    const bits = route?.mask.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
    if (route) add(addresses, route.name, { family: 4, address, prefix: bits ?? 32, scope: 'global' })
    else if (bytes[0] === 127) add(addresses, 'lo', { family: 4, address, prefix: 8, scope: 'host' })
  }
  for (const line of told.file('/proc/net/if_inet6')) {
    const [hex = '', , prefix = '', scope = '', , name = ''] = line.trim().split(/\s+/)
    const groups = (hex.match(/.{4}/g) ?? []).map(group => group.replace(/^0{1,3}/, ''))
    const address = groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')
    add(addresses, name, { family: 6, address, prefix: Number.parseInt(prefix, 16), scope: v6Scopes[scope] ?? '' })
  }
  return addresses
}

const isUp = (flags: string, state: string): boolean => (Number(flags) & 1) === 1 && state !== 'down'

function defaultRoute(told: Told, addresses: Addresses): Facts['default_route'] {
  const line = told.lines('route')[0]
  if (line !== undefined)
    return {
      interface: /\bdev (\S+)/.exec(line)?.[1] ?? '',
      gateway: /\bvia (\S+)/.exec(line)?.[1] ?? '',
      address: /\bsrc (\S+)/.exec(line)?.[1] ?? '',
    }
  const route = routesOf(told).find(({ target, mask }) => [...target, ...mask].every(byte => byte === 0))
  if (route === undefined) return { interface: '', gateway: '', address: '' }
  const address = addresses.get(route.name)?.find(({ family }) => family === 4)?.address ?? ''
  return { interface: route.name, gateway: route.gateway.join('.'), address }
}

/** Interfaces, the default route and name servers. */
export function readNetwork(told: Told): Pick<Facts, 'interfaces' | 'default_route' | 'address' | 'dns'> {
  const listed = told.lines('addresses')
  const addresses = listed.length > 0 ? fromIp(listed) : fromKernel(told)
  const of = (end: string): Map<string, string> => told.filesBetween('/sys/class/net/', `/${end}`)
  const [macs, mtus, flags, states] = [of('address'), of('mtu'), of('flags'), of('operstate')]
  const interfaces = [...new Set([...mtus.keys(), ...addresses.keys()])].sort().map(
    (name): Interface => ({
      name,
      mac: macs.get(name) ?? '',
      mtu: numberOf(mtus.get(name) ?? ''),
      up: isUp(flags.get(name) ?? '', states.get(name) ?? ''),
      addresses: addresses.get(name) ?? [],
    }),
  )
  const resolver = told.file('/etc/resolv.conf').map(line => line.trim().split(/\s+/))
  const route = defaultRoute(told, addresses)
  return {
    interfaces,
    default_route: route,
    address: route.address,
    dns: {
      servers: resolver.flatMap(([word, server]) => (word === 'nameserver' && server !== undefined ? [server] : [])),
      search:
        resolver
          .filter(([word]) => word === 'search')
          .at(-1)
          ?.slice(1) ?? [],
    },
  }
}
