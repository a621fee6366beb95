// The published ports of one container, who may reach them, and what has to be said about them.
import type { Host } from '../project.js'
import type { ContainerWant, PortWant } from '../wanted.js'
import type { Read } from './read.js'
import { type Run, warn } from './run.js'
import { isLoopback, portRulesOf, portsOf } from './schema/ports.js'
import type { Service } from './schema/service.js'

const portKey = ({ target, protocol, ip = '', published = 0 }: PortWant): string =>
  [String(target).padStart(5, '0'), protocol, ip, String(published).padStart(5, '0')].join('/')

/** Ports of the n-th container, in order and each once. */
export function publishedPorts(run: Run, { name, raw, value }: Read<Service>, number: number): PortWant[] {
  const all = (value.ports ?? []).flatMap((entries, index) => {
    try {
      return portsOf(entries, number)
    } catch (error) {
      run.mistakes.add(
        `${name}: ${error instanceof Error ? error.message : String(error)}`,
        raw.where(['ports', index]),
      )
      return []
    }
  })
  if (value.network_mode === 'host' && all.length > 0) {
    const guarded = value.ports?.findIndex(entries => entries.some(({ allow }) => allow !== undefined)) ?? -1
    if (guarded >= 0)
      run.mistakes.add(
        `${name}: \`allow\` cannot hold with network_mode host`,
        raw.where(['ports', guarded, 'allow'], 'key'),
      )
    warn(run, `${name}: ports have no effect with network_mode host`, raw.where(['ports'], 'key'))
    return []
  }
  const unique = new Map(all.map(port => [portKey(port), port]))
  return [...unique.keys()].sort().flatMap(key => unique.get(key) ?? [])
}

/** Who may reach the ports of the n-th container; what is wrong with them has been told with the ports themselves. */
export function rulesOf({ ports, network_mode }: Service, number: number): Pick<ContainerWant, 'portRules'> {
  if (network_mode === 'host') return {}
  const rules = (ports ?? []).flatMap(entries => {
    try {
      return portRulesOf(entries, number)
    } catch {
      return []
    }
  })
  return rules.length === 0 ? {} : { portRules: rules }
}

/** Says what published ports of a service go past, and which `allow` is for nothing. */
export function warnOfPorts(run: Run, { name, raw, value }: Read<Service>, host: Host): void {
  const firewall = run.context.firewallOf?.(host)
  if (value.network_mode !== undefined && value.network_mode !== 'bridge') return
  for (const [index, entries] of (value.ports ?? []).entries())
    for (const port of entries) {
      const text = port.published === undefined ? `${port.target} of its container` : `${port.published.from}`
      if (isLoopback(port) && port.allow !== undefined)
        warn(
          run,
          `${name}: port ${text} is bound to ${port.ip}, which only the host itself reaches; \`allow\` has no effect`,
          raw.where(['ports', index, 'allow'], 'key'),
        )
      else if (firewall !== undefined && port.allow === undefined && !isLoopback(port))
        warn(
          run,
          `${name}: port ${text} of ${host.name} is published past the rules of ${firewall}, which is active there: say who may reach it (\`allow\`), or \`bind\` it to 127.0.0.1`,
          raw.where(['ports', index]),
        )
    }
}
