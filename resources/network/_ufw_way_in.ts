// What the rules of ufw let in, so that a change can be reckoned before it is made.
import { BlockList, isIP, isIPv6 } from 'node:net'
import { asHostRule, isSameMatch, type Rule, type WantedRule } from './_ufw_rules.js'

/** The host's rules once these are added, changed or removed: another action takes the place of the old one. */
export function rulesAfter(before: readonly Rule[], wanted: readonly WantedRule[]): readonly Rule[] {
  let rules = before
  for (const rule of wanted) {
    const one = asHostRule(rule)
    const at = rules.findIndex(old => isSameMatch(old, one))
    if (rule.delete) rules = rules.filter(old => !isSameMatch(old, one) || old.action !== one.action)
    else if (at >= 0) rules = rules.with(at, one)
    else rules = rules.toSpliced(rule.insert === undefined ? rules.length : rule.insert - 1, 0, one)
  }
  return rules
}

const hasPort = (ports: string, port: number): boolean =>
  ports === 'any' ||
  ports.split(',').some(part => {
    const [first = 0, last = first] = part.split(':').map(Number)
    return first <= port && port <= last
  })

/** Whether the address lies in the network; an unknown address lies only in `any`. */
function hasAddress(network: string, client: string): boolean {
  if (network === 'any') return true
  if (isIP(client) === 0) return false
  const [base = '', length] = network.split('/')
  const family = isIPv6(base) ? 'ipv6' : 'ipv4'
  if ((isIPv6(client) ? 'ipv6' : 'ipv4') !== family) return false
  const list = new BlockList()
  list.addSubnet(base, length === undefined ? (family === 'ipv6' ? 128 : 32) : Number(length), family)
  return list.check(client, family)
}

/** Whether a new connection from `client` (empty: unknown) to a TCP port gets in by these rules, of which the first that fits decides. */
export function letsIn(rules: readonly Rule[], policy: string, port: number, client: string): boolean {
  const isSsh = ({ app }: Rule): boolean => /^(openssh|ssh)$/i.test(app)
  const fits = (rule: Rule): boolean =>
    rule.way.startsWith('in') &&
    rule.fromPort === 'any' &&
    (rule.proto === 'any' || rule.proto === 'tcp') &&
    hasPort(rule.port, port) &&
    (rule.app === '' || rule.port !== 'any' || (isSsh(rule) && port === 22)) &&
    (hasAddress(rule.from, client) || (client === '' && /^(deny|reject)/.test(rule.action)))
  const first = rules.find(fits)
  return first === undefined ? policy === 'allow' : /^(allow|limit)/.test(first.action)
}
