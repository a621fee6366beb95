// Who may reach published ports of a project: the rules as data, as lines that a host keeps, and as texts for iptables and nft.
import { createHash } from 'node:crypto'

/** A published port of the host that only some networks may reach. */
export interface PortRule {
  service: string
  /** Host address that it is bound to; all if left out. */
  ip?: string | undefined
  port: number
  protocol: 'tcp' | 'udp' | 'sctp'
  /** ADDRESS/BITS of either family. */
  allow: string[]
}

/** What tells two rules apart. */
export const ruleKey = ({ protocol, ip = '*', port }: Pick<PortRule, 'protocol' | 'ip' | 'port'>): string =>
  `${protocol} ${ip} ${String(port).padStart(5, '0')}`

/** Longest name of a chain that iptables takes. */
const longestChain = 28

/** The project's chain: its name, cut and told apart by a hash where it is too long. */
export function chainOf(project: string): string {
  const chain = `LS-${project}`
  if (chain.length <= longestChain) return chain
  const hash = createHash('sha256').update(project).digest('hex').slice(0, 8)
  return `${chain.slice(0, longestChain - 9)}-${hash}`
}

const isV6 = (address: string): boolean => address.includes(':')

/** In order, each port once; what comes later counts. */
export const inOrder = (rules: readonly PortRule[]): PortRule[] =>
  [...new Map(rules.map(rule => [ruleKey(rule), rule]))].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule)

const mark = '# rule'

/** One line a rule, as the host keeps it. */
export const ruleLines = (rules: readonly PortRule[]): string =>
  rules
    .map(({ service, protocol, ip = '*', port, allow }) =>
      [mark, service, protocol, ip, port, allow.join(',')].join(' '),
    )
    .join('\n')

/** Reads such lines out of a text; other lines are left out. */
export const readRules = (text: string): PortRule[] =>
  text.split('\n').flatMap(line => {
    const [, service = '', protocol, ip = '', port = '', allow = ''] =
      /^# rule (\S+) (tcp|udp|sctp) (\S+) (\d+) (\S+)$/.exec(line) ?? []
    if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return []
    return [{ service, protocol, ...(ip === '*' ? {} : { ip }), port: Number(port), allow: allow.split(',') }]
  })

/**
 * Input of `iptables-restore --noflush` for one family: the chain as a whole, in one go. The port is the one that was asked for: in the
 * chain DOCKER-USER packets carry the container's already.
 */
export function chainText(chain: string, rules: readonly PortRule[], family: 4 | 6): string {
  const lines = rules
    .filter(({ ip }) => ip === undefined || isV6(ip) === (family === 6))
    .flatMap(({ ip, port, protocol, allow }) => {
      const to = ip === undefined ? '' : ` --ctorigdst ${ip}`
      const match = `-p ${protocol} -m conntrack${to} --ctorigdstport ${port} --ctdir ORIGINAL`
      const let_in = allow.filter(source => isV6(source) === (family === 6))
      return [...let_in.map(source => `-A ${chain} -s ${source} ${match} -j RETURN`), `-A ${chain} ${match} -j DROP`]
    })
  return ['*filter', `:${chain} - [0:0]`, ...lines, 'COMMIT', ''].join('\n')
}

/** A table of nftables that does the same before the engine has changed where a packet goes, whichever tables the engine has. */
export function tableText(table: string, rules: readonly PortRule[]): string {
  const lines = rules.flatMap(({ ip, port, protocol, allow }) => {
    const to = ip === undefined ? '' : `${isV6(ip) ? 'ip6' : 'ip'} daddr ${ip} `
    const sources = allow.map(
      source => `${to}${protocol} dport ${port} ${isV6(source) ? 'ip6' : 'ip'} saddr ${source} return`,
    )
    return [...sources, `${to}${protocol} dport ${port} drop`]
  })
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain ports {
${lines.map(line => `    ${line}\n`).join('')}  }
  chain prerouting {
    type filter hook prerouting priority -150; policy accept;
    iif "lo" return
    ct direction original fib daddr type local jump ports
  }
}
`
}
