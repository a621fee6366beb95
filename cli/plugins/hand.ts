// What a provider from outside is handed: hosts and `engine:` blocks without the secrets that it did not ask for.
import type { EngineWant, RegistryWant } from '../../core/engine-want.js'
import type { AskedSecret } from '../../core/plugin/interface.js'
import type { Host } from '../../core/project.js'

/** A registry without its password; reading that would fetch it. */
const openly = ({ username, ca, insecure, login }: RegistryWant): RegistryWant => ({
  ...(username === undefined ? {} : { username }),
  ...(ca === undefined ? {} : { ca }),
  insecure,
  login,
})

/** The block as a provider sees it. Secrets are read by getters: what is not asked for is not fetched either. */
export function engineFor(engine: EngineWant, asks: readonly AskedSecret[]): EngineWant {
  const { proxy: _proxy, tls: _tls, registries, ...rest } = Object.getOwnPropertyDescriptors(engine)
  const open: EngineWant = Object.create(null, rest)
  const own = asks.includes('registries')
    ? engine.registries
    : Object.fromEntries(Object.entries(engine.registries).map(([name, want]) => [name, openly(want)]))
  Object.defineProperty(open, 'registries', { ...registries, value: own })
  if (engine.proxy !== undefined) open.proxy = asks.includes('proxy') ? engine.proxy : { no: engine.proxy.no }
  return open
}

/** A host as a provider sees it: where it is and what it is called, not how one logs in. */
export const hostFor = (host: Host, asks: readonly AskedSecret[]): Host => ({
  name: host.name,
  connection: host.connection,
  address: host.address,
  ...(host.private === undefined ? {} : { private: host.private }),
  labels: host.labels,
  groups: host.groups,
  vars: {},
  engine: engineFor(host.engine, asks),
  at: host.at,
})
