// What a host must have had before podman is used on it, and what an `engine:` block may say that podman has no word for.
import type { EngineWant } from '../../core/engine-want.js'
import { type At, usageError } from '../../core/errors.js'
import type { Use } from '../../core/provider.js'
import { registryDaemonKeys } from '../docker/config.js'
import { registryUse } from '../docker/needs.js'

/** Keys of daemon.json whose sense podman's own files have, too. */
const takenKeys = ['data-root', 'insecure-registries', 'log-driver', 'registry-mirrors', 'storage-driver']

/** Podman's log drivers, by docker's names for the like. */
const logDrivers: Readonly<Record<string, string>> = {
  'json-file': 'k8s-file',
  'k8s-file': 'k8s-file',
  journald: 'journald',
  none: 'none',
}

/** A usage error for what the block asks and podman cannot give. */
function refuseOthers({
  listen,
  tls,
  users,
  daemon,
  daemonFile,
  dataRootMove,
  source,
  harden,
  places,
}: EngineWant): void {
  const refuse = (said: boolean, path: string[], why: string, hint: string): void => {
    if (said) throw usageError(`podman ${why}`, { at: places(path), hint })
  }
  const leaveOut = (word: string): string => `leave \`${word}\` out, or say \`provider: docker\``
  refuse(source === 'docker-ce', ['source'], "is not in Docker's repository", 'say `source: distro`, or leave it out')
  refuse(listen !== undefined, ['listen'], 'is reached by its socket alone', leaveOut('listen'))
  refuse(tls !== undefined, ['tls'], 'is reached by its socket alone, which needs no certificates', leaveOut('tls'))
  refuse(
    users.length > 0,
    ['users'],
    'has no group that may use its socket',
    'leave `users` out: the socket is used as root, through the host’s `become`',
  )
  refuse(harden, ['harden'], 'is none of the engines that `harden` knows', leaveOut('harden'))
  refuse(daemonFile === 'own', ['daemon_file'], 'has no daemon.json', leaveOut('daemon_file'))
  refuse(dataRootMove === 'copy', ['data_root_move'], 'data is not moved by Longshore', leaveOut('data_root_move'))
  for (const key of Object.keys(daemon))
    refuse(
      !takenKeys.includes(key),
      ['daemon', key],
      `has no daemon, and its own files have no word for \`${key}\` of daemon.json`,
      `of these keys it takes ${takenKeys.join(', ')}`,
    )
  const driver = daemon['log-driver']
  refuse(
    driver !== undefined && logDrivers[String(driver)] === undefined,
    ['daemon', 'log-driver'],
    `has no log driver \`${String(driver)}\``,
    `it has ${Object.keys(logDrivers).join(', ')}`,
  )
}

const textsAt = (value: unknown, place: () => At, word: string): string[] => {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every(one => typeof one === 'string')) return value
  throw usageError(`engine.daemon.${word} must be a list of texts`, { at: place() })
}

/** Host and port of a mirror, and whether it is spoken to in the clear. */
const mirrorOf = (address: string): { location: string; insecure: boolean } => ({
  location: address.replace(/^https?:\/\//, '').replace(/\/+$/, ''),
  insecure: address.startsWith('http://'),
})

/** The configuration as the playbook writes it; what is not said leaves with its file. */
function configUse(engine: EngineWant): Use {
  const { daemon, proxy, places } = engine
  const texts = (word: string): string[] => textsAt(daemon[word], () => places(['daemon', word]), word)
  const insecure = [
    ...texts('insecure-registries'),
    ...(registryDaemonKeys(engine.registries)['insecure-registries'] ?? []),
  ]
  const root = daemon['data-root']
  return {
    playbook: 'podman-config',
    vars: {
      mirrors: texts('registry-mirrors').map(mirrorOf),
      insecure: [...new Set(insecure)].sort(),
      log_driver: logDrivers[String(daemon['log-driver'] ?? '')] ?? '',
      data_root: typeof root === 'string' ? root : '',
      storage_driver: String(daemon['storage-driver'] ?? (root === undefined ? '' : 'overlay')),
      proxied: proxy !== undefined,
      http_proxy: proxy?.http ?? '',
      https_proxy: proxy?.https ?? '',
      no_proxy: (proxy?.no ?? []).join(','),
    },
  }
}

/** The playbooks for an `engine:` block, in order. A usage error for what podman has no word for. */
export function needs(engine: EngineWant): Use[] {
  const { source, version, replace } = engine
  refuseOthers(engine)
  const registries = registryUse(engine)
  const vars = { ...(version === undefined ? {} : { version }), ...(replace ? { replace } : {}) }
  return [
    ...(source === 'none' ? [] : [{ playbook: 'podman', vars }]),
    ...(engine.at === undefined ? [] : [configUse(engine)]),
    // It reads certificates and logins where docker does.
    ...(registries.vars.wanted ? [registries] : []),
  ]
}

/** The playbooks that take away what a kind did in an earlier run. */
export const forgets = (engine: EngineWant, kind: string): Use[] =>
  kind === 'engine_registries' && engine.at !== undefined ? [registryUse(engine)] : []
