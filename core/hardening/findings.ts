// What a service of a hardened engine says that the benchmark does not want, and what only its author can add.
import type { Service } from '../containers/schema/service.js'
import { restartOf } from '../containers/settings.js'
import type { Loosening } from './loosen.js'

/** One thing to tell, with its place in the service. */
export interface Finding {
  word: Loosening
  path: (string | number)[]
  /** What the service does, as the rest of a sentence that starts with its name. */
  text: string
}

/** Folders of the host that the benchmark calls sensitive. */
const sensitive = new Set(['/', '/boot', '/dev', '/etc', '/lib', '/proc', '/sys', '/usr'])

const everywhere = new Set([undefined, '', '0.0.0.0', '::'])

function mountFindings({ volumes = [] }: Service): Finding[] {
  return volumes.flatMap((mount, index): Finding[] => {
    const path = ['volumes', index]
    const found: Finding[] = []
    const source = mount.from === 'bind' ? mount.source : ''
    const folder = [source, mount.target].find(each => sensitive.has(each))
    if (folder !== undefined && !mount.readOnly)
      found.push({ word: 'mounts', path, text: `may write to ${folder} of its host: mount it read-only (\`:ro\`)` })
    if (/docker\.sock/.test(`${source} ${mount.target}`))
      found.push({
        word: 'engine_socket',
        path,
        text: "holds the engine's socket: who gets into it is root on its host",
      })
    if (/shared/.test(mount.settings?.propagation ?? ''))
      found.push({ word: 'propagation', path, text: 'passes mounts on to its host (shared propagation)' })
    return found
  })
}

function portFindings({ ports = [], network_mode: mode }: Service): Finding[] {
  if (mode === 'host') return []
  return ports.flatMap((entries, index): Finding[] => {
    const path = ['ports', index]
    const [open, low] = [
      entries.find(({ ip }) => everywhere.has(ip)),
      entries.find(({ published }) => published !== undefined && published.from < 1024),
    ]
    return [
      ...(open === undefined
        ? []
        : [
            {
              word: 'bind',
              path,
              text: `publishes port ${open.published?.from ?? open.target} on every address of its host: \`bind\` it to one`,
            } as const,
          ]),
      ...(low === undefined
        ? []
        : [
            {
              word: 'privileged_ports',
              path,
              text: `publishes port ${low.published?.from}: take one from 1024 on`,
            } as const,
          ]),
    ]
  })
}

function optionFindings({ security_opt: options = [] }: Service): Finding[] {
  return options.flatMap((option, index): Finding[] => {
    const path = ['security_opt', index]
    if (/^seccomp[=:]unconfined$/.test(option))
      return [{ word: 'seccomp', path, text: 'runs without a seccomp profile' }]
    if (/^apparmor[=:]unconfined$/.test(option))
      return [{ word: 'apparmor', path, text: 'runs without an AppArmor profile' }]
    if (/^no-new-privileges[=:]false$/.test(option))
      return [{ word: 'no_new_privileges', path, text: 'may gain privileges' }]
    return []
  })
}

/** Settings by which it shares something with its host. */
const shared = (service: Service): Finding[] =>
  (['network_mode', 'pid', 'ipc', 'uts', 'userns_mode'] as const).flatMap(word =>
    service[word] === 'host'
      ? [{ word, path: [word], text: `shares a namespace with its host (\`${word}: host\`)` }]
      : [],
  )

/** As often as the benchmark lets a container be started again. */
const mostRestarts = 5

/** What is wrong with how often it is started again; a bare `restart: on-failure` gets its bound by default. */
function restartText(service: Service): string | undefined {
  if ((service.restart ?? service.deploy?.restart_policy) === undefined) return undefined
  const restart = restartOf(service)
  if (restart === undefined) return 'is not started again when it fails'
  const { name, max } = restart
  if (name !== 'on-failure' || max === 0 || (max === undefined && service.restart === undefined))
    return 'is started again without end when it fails'
  return max !== undefined && max > mostRestarts ? `is started again ${max} times when it fails` : undefined
}

/** Limits that it takes away, or leaves to others than the benchmark. */
function limitFindings(service: Service): Finding[] {
  const limits = service.deploy?.resources?.limits
  const pids = limits?.pids ?? service.pids_limit
  const restart = restartText(service)
  const rows: [boolean, Finding][] = [
    [
      service.read_only === false,
      { word: 'read_only', path: ['read_only'], text: 'may write to its root file system' },
    ],
    [
      (limits?.memory ?? service.mem_limit) === 0,
      { word: 'memory', path: ['mem_limit'], text: 'has no limit of memory' },
    ],
    [service.cpu_shares === 0, { word: 'cpu_shares', path: ['cpu_shares'], text: 'has no weight among the CPUs' }],
    [pids !== undefined && pids <= 0, { word: 'pids_limit', path: ['pids_limit'], text: 'has no limit of processes' }],
    [
      restart !== undefined,
      {
        word: 'restart',
        path: [service.restart === undefined ? 'deploy' : 'restart'],
        text: `${restart}: \`restart: on-failure:${mostRestarts}\``,
      },
    ],
  ]
  return rows.flatMap(([isSo, finding]) => (isSo ? [finding] : []))
}

/** What bears on it besides its own words. */
export interface Circumstances {
  /** Files are put into its file system before it starts. */
  hasFiles: boolean
  /** Others wait until it has done its work: nobody asks whether it is healthy. */
  isJob: boolean
}

/** Everything to tell of a service as its author wrote it. */
export function findingsOf(service: Service, { hasFiles, isJob }: Circumstances): Finding[] {
  const { cap_add: added = [], privileged, devices = [], cgroup_parent: parent, healthcheck } = service
  const found: Finding[] = [...limitFindings(service), ...shared(service)]
  if (privileged === true)
    found.push({ word: 'privileged', path: ['privileged'], text: 'is privileged: root on its host' })
  if (added.length > 0)
    found.push({ word: 'cap_add', path: ['cap_add'], text: `adds capabilities (${added.join(', ')})` })
  if (devices.length > 0) found.push({ word: 'devices', path: ['devices'], text: 'holds devices of its host' })
  if (parent !== undefined)
    found.push({ word: 'cgroup_parent', path: ['cgroup_parent'], text: `runs in the control group ${parent}` })
  if (hasFiles && service.read_only === undefined)
    found.push({
      word: 'read_only',
      path: [service.secrets === undefined ? 'configs' : 'secrets'],
      text: 'keeps a root file system that it may write to, because files of `configs` or `secrets` are put there',
    })
  if (!isJob && (healthcheck === undefined || healthcheck.disable === true || healthcheck.test?.[0] === 'NONE'))
    found.push({
      word: 'healthcheck',
      path: healthcheck === undefined ? [] : ['healthcheck'],
      text: 'has no `healthcheck`, unless its image has one',
    })
  return [...found, ...optionFindings(service), ...mountFindings(service), ...portFindings(service)]
}
