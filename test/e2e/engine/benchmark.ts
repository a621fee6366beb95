// Sections 2, 3 and 5 of the CIS Docker Benchmark (1.6.0), held against a host: each check decides as the usual scripts for it do.
import type { LabHost } from '../../lab/index.js'

/** `info` is what the scripts print where nothing is wrong and nothing can be passed. */
export type Verdict = 'pass' | 'warn' | 'info'

interface Inspected {
  Name: string
  AppArmorProfile?: string
  Config: { Healthcheck?: { Test?: string[] } }
  State: { Health?: { Status?: string } }
  HostConfig: Record<string, unknown> & {
    CapAdd?: string[] | null
    SecurityOpt?: string[] | null
    RestartPolicy: { Name: string; MaximumRetryCount: number }
    PidsLimit?: number | null
    Devices?: unknown[] | null
  }
  Mounts: { Type: string; Source?: string; Destination: string; RW: boolean; Propagation?: string }[]
  NetworkSettings: {
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>
    Networks: Record<string, unknown>
  }
}

/** What the checks look at. */
export interface Evidence {
  info: Record<string, unknown>
  daemon: Record<string, unknown>
  /** The command line of the engine. */
  flags: string[]
  /** `MODE OWNER GROUP`, by path; what is not there is not in it. */
  files: Record<string, string>
  certificates: string[]
  containers: Inspected[]
  /** What runs in each container, as the engine lists it. */
  processes: string[]
}

const paths = [
  ...[
    '/lib/systemd/system/docker.service',
    '/lib/systemd/system/docker.socket',
    '/etc/docker',
    '/etc/docker/daemon.json',
  ],
  ...['/etc/docker/tls/ca.pem', '/etc/docker/tls/cert.pem', '/etc/docker/tls/key.pem', '/var/run/docker.sock'],
  ...['/etc/default/docker', '/etc/sysconfig/docker', '/run/containerd/containerd.sock'],
]

/** Reads everything from the host, past the product. */
export async function evidenceOf(host: LabHost): Promise<Evidence> {
  const { stdout } = await host.sh(
    `echo "info=$(docker info --format '{{json .}}')"
echo "daemon=$(tr -d '\\n' </etc/docker/daemon.json 2>/dev/null || echo '{}')"
echo "flags=$(tr '\\0' ' ' </proc/$(pidof dockerd)/cmdline)"
for f in ${paths.join(' ')}; do [ -e "$f" ] && echo "file=$f $(stat -L -c '%a %U %G' "$f")"; done
find /etc/docker/certs.d -name '*.crt' 2>/dev/null | while read -r f; do echo "crt=$(stat -c '%a %U %G' "$f")"; done
for c in $(docker ps -q); do
  echo "container=$(docker inspect --format '{{json .}}' "$c")"
  echo "processes=$(docker top "$c" | tr '\\n' ' ')"
done`,
    { check: true },
  )
  const told = (name: string): string[] =>
    [...stdout.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, text = '']) => text)
  const json = (text = '{}'): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>
  return {
    info: json(told('info')[0]),
    daemon: json(told('daemon')[0]),
    flags: (told('flags')[0] ?? '').trim().split(' '),
    files: Object.fromEntries(
      told('file').map(line => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
    ),
    certificates: told('crt'),
    containers: told('container').map(text => JSON.parse(text) as Inspected),
    processes: told('processes'),
  }
}

const when = (passes: boolean, otherwise: Verdict = 'warn'): Verdict => (passes ? 'pass' : otherwise)

const hasFlag = ({ flags }: Evidence, name: string): boolean => flags.some(flag => flag.startsWith(`--${name}`))

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)

type Check = (evidence: Evidence) => Verdict

const owned =
  (path: string, owner = 'root root'): Check =>
  ({ files }) =>
    files[path] === undefined ? 'info' : when(files[path]?.endsWith(` ${owner}`) === true)

/** As the scripts do it: as numbers, not as bits. */
const modeOf =
  (path: string, most: number, exactly = false): Check =>
  ({ files }) => {
    if (files[path] === undefined) return 'info'
    const mode = Number(files[path]?.split(' ')[0])
    return when(exactly ? mode === most : mode <= most)
  }

const every =
  (passes: (container: Inspected) => boolean, otherwise: Verdict = 'warn'): Check =>
  ({ containers }) =>
    when(containers.length > 0 && containers.every(passes), otherwise)

const bindings = ({ NetworkSettings }: Inspected) => Object.values(NetworkSettings.Ports).flatMap(all => all ?? [])
const options = ({ HostConfig }: Inspected): string => (HostConfig.SecurityOpt ?? []).join(' ')
const sensitive = new Set(['/', '/boot', '/dev', '/etc', '/lib', '/proc', '/sys', '/usr'])
const listed = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
)

const service = '/lib/systemd/system/docker.service'
const socket = '/lib/systemd/system/docker.socket'

/** By number. */
export const benchmark: Readonly<Record<string, Check>> = {
  '2.2': ({ daemon }) => when(daemon.icc === false),
  '2.3': ({ daemon }) => when(daemon['log-level'] === undefined || daemon['log-level'] === 'info'),
  '2.4': ({ daemon }) => when(daemon.iptables !== false),
  '2.5': evidence => when(!hasFlag(evidence, 'insecure-registry') && isEmpty(evidence.daemon['insecure-registries'])),
  '2.6': ({ info }) => when(info.Driver !== 'aufs'),
  '2.7': evidence => {
    const open =
      evidence.flags.some(flag => flag.startsWith('tcp://')) || JSON.stringify(evidence.daemon).includes('tcp://')
    return open ? when(evidence.daemon.tlsverify === true || hasFlag(evidence, 'tlsverify')) : 'info'
  },
  '2.8': ({ daemon }) => when(!isEmpty(daemon['default-ulimits']), 'info'),
  '2.9': ({ daemon }) => when(!isEmpty(daemon['userns-remap'])),
  '2.10': evidence => when(isEmpty(evidence.daemon['cgroup-parent']) && !hasFlag(evidence, 'cgroup-parent')),
  '2.11': ({ daemon }) => when(!JSON.stringify(daemon['storage-opts'] ?? '').includes('dm.basesize')),
  '2.12': ({ daemon }) => when(!isEmpty(daemon['authorization-plugins'])),
  '2.13': ({ info }) => when(info.LoggingDriver !== 'json-file'),
  '2.14': ({ daemon }) => when(daemon['no-new-privileges'] === true),
  '2.15': ({ info }) =>
    when(info.LiveRestoreEnabled === true || (info.Swarm as { LocalNodeState?: string }).LocalNodeState === 'active'),
  '2.16': ({ daemon }) => when(daemon['userland-proxy'] === false),
  '2.17': ({ info }) =>
    when(/name=seccomp,profile=(default|builtin)/.test(JSON.stringify(info.SecurityOptions)), 'info'),
  '2.18': ({ info }) => when(info.ExperimentalBuild === false),
  '3.1': owned(service),
  '3.2': modeOf(service, 644),
  '3.3': owned(socket),
  '3.4': modeOf(socket, 644),
  '3.5': owned('/etc/docker'),
  '3.6': modeOf('/etc/docker', 755),
  '3.7': ({ certificates }) =>
    certificates.length === 0 ? 'info' : when(certificates.every(line => / root /.test(line))),
  '3.8': ({ certificates }) =>
    certificates.length === 0 ? 'info' : when(certificates.every(line => Number(line.split(' ')[0]) <= 444)),
  '3.9': owned('/etc/docker/tls/ca.pem'),
  '3.10': modeOf('/etc/docker/tls/ca.pem', 444),
  '3.11': owned('/etc/docker/tls/cert.pem'),
  '3.12': modeOf('/etc/docker/tls/cert.pem', 444),
  '3.13': owned('/etc/docker/tls/key.pem'),
  '3.14': modeOf('/etc/docker/tls/key.pem', 400, true),
  '3.15': owned('/var/run/docker.sock', 'root docker'),
  '3.16': modeOf('/var/run/docker.sock', 660),
  '3.17': owned('/etc/docker/daemon.json'),
  '3.18': modeOf('/etc/docker/daemon.json', 644),
  '3.19': owned('/etc/default/docker'),
  '3.20': modeOf('/etc/sysconfig/docker', 644),
  '3.21': owned('/etc/sysconfig/docker'),
  '3.22': modeOf('/etc/default/docker', 644),
  '3.23': owned('/run/containerd/containerd.sock'),
  '3.24': modeOf('/run/containerd/containerd.sock', 660),
  '5.1': ({ info }) => when((info.Swarm as { LocalNodeState?: string }).LocalNodeState !== 'active'),
  '5.2': every(({ AppArmorProfile: profile = '' }) => profile !== '' && profile !== 'unconfined'),
  '5.3': every(container => options(container) !== ''),
  '5.4': every(({ HostConfig }) => (HostConfig.CapAdd ?? []).every(name => listed.has(name.toUpperCase()))),
  '5.5': every(({ HostConfig }) => HostConfig.Privileged === false),
  '5.6': every(({ Mounts }) =>
    Mounts.every(({ Source = '', Destination, RW }) => !RW || !(sensitive.has(Source) || sensitive.has(Destination))),
  ),
  '5.7': ({ processes }) => when(processes.length > 0 && processes.every(text => !text.includes('sshd'))),
  // 1024 is no privileged port, but the usual script takes it for one.
  '5.8': every(container => bindings(container).every(({ HostPort }) => Number(HostPort) > 1024)),
  '5.9': every(container => bindings(container).length === 0),
  '5.10': every(({ HostConfig }) => HostConfig.NetworkMode !== 'host'),
  '5.11': every(({ HostConfig }) => HostConfig.Memory !== 0),
  '5.12': every(({ HostConfig }) => HostConfig.CpuShares !== 0),
  '5.13': every(({ HostConfig }) => HostConfig.ReadonlyRootfs === true),
  '5.14': every(container => bindings(container).every(({ HostIp }) => !['', '0.0.0.0', '::'].includes(HostIp))),
  '5.15': every(({ HostConfig: { RestartPolicy: policy } }) => {
    return policy.Name === 'on-failure' && policy.MaximumRetryCount >= 1 && policy.MaximumRetryCount <= 5
  }),
  '5.16': every(({ HostConfig }) => HostConfig.PidMode !== 'host'),
  '5.17': every(({ HostConfig }) => HostConfig.IpcMode !== 'host'),
  '5.18': every(({ HostConfig }) => isEmpty(HostConfig.Devices ?? []), 'info'),
  '5.19': every(({ HostConfig }) => !isEmpty(HostConfig.Ulimits ?? []), 'info'),
  '5.20': every(({ Mounts }) => Mounts.every(({ Propagation = '' }) => !Propagation.includes('shared'))),
  '5.21': every(({ HostConfig }) => HostConfig.UTSMode !== 'host'),
  '5.22': every(container => !/seccomp[:=]unconfined/.test(options(container))),
  '5.25': every(({ HostConfig }) => HostConfig.CgroupParent === ''),
  '5.26': every(container => options(container).includes('no-new-privileges')),
  '5.27': every(({ State }) => State.Health?.Status !== undefined),
  '5.29': every(({ HostConfig }) => ![null, undefined, 0, -1].includes(HostConfig.PidsLimit)),
  '5.30': every(({ NetworkSettings }) => !('bridge' in NetworkSettings.Networks), 'info'),
  '5.31': every(({ HostConfig }) => HostConfig.UsernsMode !== 'host'),
  '5.32': every(({ Mounts }) => !JSON.stringify(Mounts).includes('docker.sock')),
}

/** The numbers of what does not pass, with what is only told. */
export const failures = (evidence: Evidence): string[] =>
  Object.entries(benchmark).flatMap(([id, check]) => (check(evidence) === 'warn' ? [id] : []))
