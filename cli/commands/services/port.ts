// `longshore port`: where the published ports of a service are reached, or those of machines.
import { exitCodes, UserError, usageError } from '../../../core/errors.js'
import { command } from '../../command.js'
import { withEngines } from '../../engines.js'
import { machinePorts } from '../../machines/ports.js'
import { able, chosenOn, placeOptions } from '../../services/choose.js'

/** `80`, `53/udp`: as the engine names it. A usage error for anything else. */
function readPort(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const [, number, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? []
  if (number === undefined) throw usageError(`"${text}" is no port`, { hint: 'for example 80, or 53/udp' })
  return `${number}/${protocol}`
}

export const port = command({
  name: 'port',
  summary: 'tell where published ports are reached',
  arguments: {
    service: { text: 'the service (or the name of a container of it); the machines if left out', need: 'maybe' },
    port: { text: "the container's port, with /udp for that", need: 'maybe' },
  },
  options: placeOptions,
  async run(context, { service, port: text, host, number }) {
    if (service === undefined) return machinePorts(context, host)
    return withEngines(context, async engines => {
      const asked = readPort(text)
      const placed = await chosenOn(context, engines, { services: [service], host, number })
      if (placed.length === 0)
        throw new UserError(`no container of the service "${service}" is there`, { hint: '`longshore up` makes it' })
      let found = 0
      for (const one of placed) {
        const { host: on, name } = one.container
        const ports = await able(one, one.on.provider.published, 'tell ports')(one.on.engine, one.container.id)
        for (const [inside, addresses] of Object.entries(ports)) {
          if (asked !== undefined && inside !== asked) continue
          found++
          if (context.options.json) {
            context.printJson({ type: 'port', host: on, service, container: name, port: inside, addresses })
            continue
          }
          const where = placed.length > 1 ? `${on} ${name} ` : ''
          for (const address of addresses)
            context.print(`${where}${asked === undefined ? `${inside} -> ` : ''}${address}`)
        }
      }
      if (found > 0) return exitCodes.done
      const states = placed.map(({ container }) => `${container.host} ${container.name}: ${container.state}`)
      throw new UserError(
        asked === undefined
          ? `the service "${service}" publishes no port now`
          : `port ${asked} of "${service}" is not published`,
        { output: states.join('\n') },
      )
    })
  },
})
