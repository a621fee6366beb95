// What the `engine:` block says of the engine's configuration, as the built-in playbook takes it.
import type { EngineWant } from '../../core/engine-want.js'
import type { At } from '../../core/errors.js'
import type { Use } from '../../core/provider.js'
import { type Registries, registryName } from './registries/credentials.js'

/** Keys of daemon.json that registries ask for; none where nothing is asked. Mirrors are a key of their own (`registry-mirrors`). */
export function registryDaemonKeys(registries: Registries): { 'insecure-registries'?: string[] } {
  const names = Object.entries(registries).flatMap(([name, { insecure }]) => (insecure ? [registryName(name)] : []))
  return names.length === 0 ? {} : { 'insecure-registries': [...new Set(names)].sort() }
}

/** Where the block says something. What comes from elsewhere in it stands there. */
const placesOf =
  ({ places, daemon }: EngineWant) =>
  (path: readonly (string | number)[]): At => {
    const [first, second] = path
    if (first === 'daemon' && second === 'insecure-registries' && !('insecure-registries' in daemon))
      return places(['registries'])
    if (first === 'daemon' && second === 'proxies' && !('proxies' in daemon)) return places(['proxy'])
    return places((first === 'issued' ? ['tls'] : path).map(String))
  }

/** The words of the kind, from those of the block. */
function settingsOf(engine: EngineWant): Record<string, unknown> {
  const { listen, daemon, daemonFile, dataRootMove, proxy, insecure, tls, registries, harden } = engine
  const fromRegistries = registryDaemonKeys(registries)
  const own = daemon['insecure-registries']
  const insecureNames = [...(Array.isArray(own) ? own : []), ...(fromRegistries['insecure-registries'] ?? [])]
  const keys = {
    ...daemon,
    ...(fromRegistries['insecure-registries'] === undefined
      ? {}
      : { 'insecure-registries': [...new Set(insecureNames)] }),
  }
  return {
    ...(Object.keys(keys).length === 0 ? {} : { daemon: keys }),
    ...(daemonFile === 'own' ? { daemon_file: daemonFile } : {}),
    ...(dataRootMove === 'copy' && 'data-root' in daemon ? { data_root_move: dataRootMove } : {}),
    ...(listen === undefined ? {} : { listen }),
    ...(tls === undefined ? {} : { issued: { place: () => tls, host: '{{ host.name }}', names: '{{ host_names }}' } }),
    ...(proxy === undefined ? {} : { proxy: { ...proxy } }),
    ...(insecure ? { insecure } : {}),
    // A member of a swarm cannot keep containers over a restart, also on the way into it.
    ...(harden ? { harden: engine.provider === 'swarm' ? 'swarm' : 'host' } : {}),
  }
}

const useOf = (engine: EngineWant, settings: Record<string, unknown>): Use => {
  const where = placesOf(engine)
  const value = { ...settings, project: '{{ project }}' }
  return { playbook: 'docker-config', vars: {}, settings: { value, at: engine.at ?? where([]), where } }
}

/** The playbook that moves the engine's data, where the block says that it may and where to. */
function dataUse({ daemon, dataRootMove, at, places }: EngineWant): Use[] {
  const root = daemon['data-root']
  if (dataRootMove !== 'copy' || root === undefined) return []
  const place = places(['daemon', 'data-root'])
  return [{ playbook: 'docker-data', vars: {}, settings: { value: { root }, at: at ?? place, where: () => place } }]
}

/** The playbooks that configure the engine; none where the block says nothing of it. */
export function configUse(engine: EngineWant): Use[] {
  const settings = settingsOf(engine)
  const { insecure: _, ...others } = settings
  return Object.keys(others).length === 0 ? [] : [...dataUse(engine), useOf(engine, settings)]
}

/** The same playbook with nothing to say: the keys of earlier runs leave. */
export const forgetConfig = (engine: EngineWant): Use => useOf(engine, {})
