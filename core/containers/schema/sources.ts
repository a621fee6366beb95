// The networks that may reach a published port, as people write them, in one form.
import { BlockList, isIP } from 'node:net'
import { usageError } from '../../errors.js'

/** The eight groups of an IPv6 address as numbers. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const [, head = '', a, b, c, d] = dotted ?? []
  const hex = (high = '0', low = '0'): string => (Number(high) * 256 + Number(low)).toString(16)
  const plain = dotted === null ? address : `${head}${hex(a, b)}:${hex(c, d)}`
  const [left = '', right] = plain.split('::')
  const numbers = (text: string): number[] =>
    text === '' ? [] : text.split(':').map(part => Number.parseInt(part, 16))
  const [first, last] = [numbers(left), numbers(right ?? '')]
  return right === undefined ? first : [...first, ...Array(8 - first.length - last.length).fill(0), ...last]
}

/** The parts of an address as numbers, and how many bits each has. */
const partsOf = (address: string): { parts: number[]; bits: number } =>
  isIP(address) === 4 ? { parts: address.split('.').map(Number), bits: 8 } : { parts: groupsOf(address), bits: 16 }

const textOf = (parts: readonly number[], bits: number): string =>
  bits === 8
    ? parts.join('.')
    : new URL(`http://[${parts.map(part => part.toString(16)).join(':')}]`).hostname.slice(1, -1)

/** One network as ADDRESS/BITS, from an address or a CIDR of either family. A usage error for anything else, and for bits set behind the network's. */
export function readSource(text: string): string {
  const [, address = '', size] = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  const length = size === undefined ? most : Number(size)
  if (family === 0 || length > most)
    throw usageError(`"${text}" is no address and no network: write it as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32`)
  const { parts, bits } = partsOf(address)
  const network = parts.map((part, index) => {
    const kept = Math.min(bits, Math.max(0, length - index * bits))
    return part & ~((1 << (bits - kept)) - 1)
  })
  const canonical = `${textOf(network, bits)}/${length}`
  if (network.some((part, index) => part !== parts[index]))
    throw usageError(
      `"${text}" is an address inside a network: write ${canonical} for the network, or ${address} alone`,
    )
  return canonical
}

/** Whether an address is in one of the networks (ADDRESS/BITS); a name may be. */
export function mayBeAmong(sources: readonly string[], address: string): boolean {
  const family = isIP(address)
  if (family === 0) return true
  const list = new BlockList()
  for (const source of sources) {
    const [network = '', bits = ''] = source.split('/')
    list.addSubnet(network, Number(bits), isIP(network) === 4 ? 'ipv4' : 'ipv6')
  }
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
