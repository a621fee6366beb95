// What a service asks of its host that takes more there than an engine: told at its line, before anything is begun.
import { hasShell, isHere, shellless } from '../engine-alone/address.js'
import type { Host } from '../project.js'
import type { Read } from './read.js'
import type { Run } from './run.js'
import { isLoopback } from './schema/ports.js'
import type { Service } from './schema/service.js'

/** Adds a mistake for each thing that cannot be had on a host that is reached by its engine alone. */
export function refuseShellNeeds(run: Run, { name, raw, value }: Read<Service>, host: Host): void {
  if (hasShell(host)) return
  const refuse = (what: string, way: string, path: (string | number)[]): void =>
    run.mistakes.add(`${name}: ${what}: ${host.name} ${shellless}; ${way}`, raw.where(path, 'key'))
  for (const [index, entries] of (value.ports ?? []).entries())
    if (entries.some(port => port.allow !== undefined && !isLoopback(port)))
      refuse('`allow` cannot hold there', '`bind` the port to an address that only those reach', [
        'ports',
        index,
        'allow',
      ])
  // The containers of an engine of this machine are reached from here.
  const { ask } = value.gate ?? {}
  if (ask !== undefined && ask.kind !== 'command' && !isHere(host))
    refuse('the gate cannot be asked from the host', 'let it be a `command` in the container', ['gate', ask.kind])
}
