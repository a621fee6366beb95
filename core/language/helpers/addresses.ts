// Helpers that calculate with IP addresses and networks, IPv4 and IPv6.
import { isIP } from 'node:net'
import { type Helper, HelperError, taking, text, whole } from './helper.js'

interface Address {
  bits: 32 | 128
  value: bigint
  /** All bits where none was given. */
  prefix: number
  /** Whether a prefix was given. */
  isNetwork: boolean
}

const v4 = (words: string): bigint => words.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)

function v6(words: string): bigint {
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(words)?.[1]
  const plain =
    dotted === undefined
      ? words
      : `${words.slice(0, -dotted.length)}${(v4(dotted) >> 16n).toString(16)}:${(v4(dotted) & 0xffffn).toString(16)}`
  const [head = '', tail] = plain.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}

/** Reads an address with or without a prefix length (`/24`) or, for IPv4, a netmask (`/255.255.255.0`). */
function read(given: unknown): Address {
  const words = text(given).trim()
  const [address = '', length, ...more] = words.split('/')
  const family = isIP(address)
  const refuse = (): never => {
    throw new HelperError(`takes an IP address, with or without /PREFIX, not "${words.slice(0, 60)}"`)
  }
  if (family === 0 || address.includes('%') || more.length > 0) return refuse()
  const bits = family === 4 ? 32 : 128
  const value = family === 4 ? v4(address) : v6(address)
  if (length === undefined) return { bits, value, prefix: bits, isNetwork: false }
  const prefix =
    family === 4 && isIP(length) === 4 ? prefixOf(v4(length)) : /^\d{1,3}$/.test(length) ? Number(length) : -1
  return prefix < 0 || prefix > bits ? refuse() : { bits, value, prefix, isNetwork: true }
}

/** The length of a netmask; -1 for one with holes. */
function prefixOf(mask: bigint): number {
  const ones = mask.toString(2).padStart(32, '0')
  return /^1*0*$/.test(ones) ? ones.replaceAll('0', '').length : -1
}

const hostBits = ({ bits, prefix }: Address): bigint => (1n << BigInt(bits - prefix)) - 1n
const allBits = ({ bits }: Address): bigint => (1n << BigInt(bits)) - 1n
const networkOf = (address: Address): bigint => address.value & (allBits(address) ^ hostBits(address))

/** An address as text; of IPv6 the short form of RFC 5952. */
function show(bits: number, value: bigint): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map(shift => (value >> shift) & 0xffn).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16))
  const runs = [
    ...groups
      .map(group => (group === '0' ? '0' : 'x'))
      .join('')
      .matchAll(/00+/g),
  ]
  const longest = runs.reduce<{ index: number; length: number } | undefined>(
    (best, { 0: run, index }) => (run.length > (best?.length ?? 0) ? { index, length: run.length } : best),
    undefined,
  )
  if (longest === undefined) return groups.join(':')
  return `${groups.slice(0, longest.index).join(':')}::${groups.slice(longest.index + longest.length).join(':')}`
}

const ofAddress = (run: (address: Address) => unknown): Helper => taking(1, value => run(read(value)))

function add(given: unknown, count: unknown): string {
  const address = read(given)
  const value = address.value + BigInt(whole(count))
  const sum = { ...address, value }
  const outside = value < 0n || value > allBits(address) || (address.isNetwork && networkOf(sum) !== networkOf(address))
  if (outside) throw new HelperError(`leads out of ${text(given)}`)
  return show(address.bits, value)
}

/** Helpers for IP addresses. */
export const addressHelpers: Record<string, Helper> = {
  ip_address: ofAddress(({ bits, value }) => show(bits, value)),
  ip_network: ofAddress(address => `${show(address.bits, networkOf(address))}/${address.prefix}`),
  ip_netmask: ofAddress(address => show(address.bits, allBits(address) ^ hostBits(address))),
  ip_prefix: ofAddress(({ prefix }) => prefix),
  ip_version: ofAddress(({ bits }) => (bits === 32 ? 4 : 6)),
  ip_broadcast: ofAddress(address => {
    if (address.bits === 128) throw new HelperError('takes IPv4: IPv6 has no broadcast')
    return show(32, networkOf(address) | hostBits(address))
  }),
  ip_add: taking(2, add),
  ip_in: taking(2, (given, around) => {
    const [address, network] = [read(given), read(around)]
    if (address.bits !== network.bits || address.prefix < network.prefix) return false
    return networkOf({ ...address, prefix: network.prefix }) === networkOf(network)
  }),
}
