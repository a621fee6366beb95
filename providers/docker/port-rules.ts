// Who may reach published ports of docker's containers: the playbooks that bring the rules to a host, and take old ones away.
import type { UsesAround } from '../../core/provider.js'
import type { Wanted } from '../../core/wanted.js'

/** Rules come before the containers that need them, and go after those that needed them. */
export function portRules({ project, containers }: Wanted, { prune }: { prune: boolean }): UsesAround {
  const rules = containers.flatMap(({ service, portRules = [] }) =>
    portRules.map(({ published: port, ip, protocol, allow }) => ({
      service,
      port,
      protocol,
      ...(ip === undefined ? {} : { ip }),
      allow,
    })),
  )
  const published = containers.flatMap(({ config }) =>
    config.ports.flatMap(({ protocol, published: port }) => (port === undefined ? [] : [`${protocol}/${port}`])),
  )
  const services = [...new Set(containers.map(({ service }) => service))]
  return {
    before: [{ playbook: 'docker-port-rules', vars: { project, rules } }],
    after: [{ playbook: 'docker-port-rules-gone', vars: { project, rules, services, published, all: prune } }],
  }
}
