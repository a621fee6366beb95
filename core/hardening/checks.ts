// What each check of the CIS Docker Benchmark comes to with `harden`: one table, from which the page of the manual and the tests are made.

/**
 * `set`: so by default. `told`: only the file can make it otherwise, and a warning says where it does. `yours`: never done by itself, and why;
 * the named exceptions. `asked`: nothing that a configuration decides.
 */
export type Met = 'set' | 'told' | 'yours' | 'asked'

/** One check, by its number in the benchmark (1.6.0). */
export interface Check {
  id: string
  title: string
  met: Met
  how: string
}

const row = ([id, met, title, how]: readonly [string, Met, string, string]): Check => ({ id, title, met, how })

/** Section 1: the host. */
const host = (
  [
    [
      '1.1.1',
      'yours',
      'A partition of its own for containers',
      'how the disks of a host are divided is decided before it is a host of ours',
    ],
    ['1.1.2', 'told', 'Only trusted users control the engine', '`engine.users` names them'],
    [
      '1.1.3–1.1.18',
      'set',
      'Programs and files of the engine are audited',
      'rules in `/etc/audit/rules.d`; of the data folder only writing is told, because reading it is all that containers do',
    ],
    ['1.2.1', 'yours', 'The host itself is hardened', 'playbooks of your own'],
    ['1.2.2', 'asked', 'The engine is up to date', '`engine.version`, or none'],
  ] as const
).map(row)

/** Section 2: the engine's configuration. */
const engine = (
  [
    [
      '2.1',
      'yours',
      'The engine runs without root',
      'a rootless engine is another installation, with other networks and limits',
    ],
    [
      '2.2',
      'set',
      'No traffic between containers on the default bridge',
      '`icc: false`; networks of a project are not the default bridge',
    ],
    ['2.3', 'set', 'Log level', '`log-level: info`'],
    ['2.4', 'set', 'The engine may set firewall rules', '`iptables: true`'],
    ['2.5', 'set', 'No insecure registries', '`insecure-registries: []`; `registries` with `insecure` is told'],
    ['2.6', 'told', 'Not the aufs storage driver', '`storage-driver` is as installed'],
    [
      '2.7',
      'told',
      'TLS where it listens on TCP',
      '`listen` on TCP is refused without `tls`, a loopback address or `insecure: true`',
    ],
    [
      '2.8',
      'set',
      'Limits of open files and processes',
      '`default-ulimits`: nofile 8192 (hard 16384), nproc 4096 (hard 8192)',
    ],
    [
      '2.9',
      'yours',
      'User namespaces',
      '`userns-remap` hides every image, container and volume that the engine has, and takes shared mounts apart',
    ],
    ['2.10', 'told', 'The default control group', '`cgroup-parent` is not set'],
    ['2.11', 'told', 'The base device keeps its size', '`storage-opts` is not set'],
    [
      '2.12',
      'yours',
      'Authorization of commands',
      '`authorization-plugins` needs a plugin of your choice, without which the engine refuses everything',
    ],
    [
      '2.13',
      'set',
      'Logs do not pile up on the host',
      '`log-driver: local`, five files of 10 MB each; sending them elsewhere needs an address that only you know',
    ],
    ['2.14', 'set', 'No new privileges', '`no-new-privileges: true`'],
    [
      '2.15',
      'set',
      'Containers outlive a restart of the engine',
      '`live-restore: true`; not in a swarm, where the engine refuses it',
    ],
    ['2.16', 'set', 'No userland proxy', '`userland-proxy: false`'],
    ['2.17', 'told', 'A seccomp profile for all', "the engine's own profile stays in force"],
    ['2.18', 'set', 'No experimental features', '`experimental: false`'],
  ] as const
).map(row)

const unit = 'root, 0644 or less'

/** Section 3: owners and modes of files, where they are there. */
const files = (
  [
    ['3.1', 'set', 'Owner of docker.service', unit],
    ['3.2', 'set', 'Mode of docker.service', unit],
    ['3.3', 'set', 'Owner of docker.socket', unit],
    ['3.4', 'set', 'Mode of docker.socket', unit],
    ['3.5', 'set', 'Owner of /etc/docker', 'root, 0755 or less'],
    ['3.6', 'set', 'Mode of /etc/docker', 'root, 0755 or less'],
    ['3.7', 'set', 'Owner of certificates of registries', 'root, 0444 or less'],
    ['3.8', 'set', 'Mode of certificates of registries', 'root, 0444 or less'],
    ['3.9', 'set', "Owner of the authority's certificate", 'root, 0444 or less'],
    ['3.10', 'set', "Mode of the authority's certificate", 'root, 0444 or less'],
    ['3.11', 'set', "Owner of the engine's certificate", 'root, 0444 or less'],
    ['3.12', 'set', "Mode of the engine's certificate", 'root, 0444 or less'],
    ['3.13', 'set', "Owner of the engine's key", 'root, 0400'],
    ['3.14', 'set', "Mode of the engine's key", 'root, 0400'],
    ['3.15', 'set', "Owner of the engine's socket", 'root and the group docker, 0660 or less'],
    ['3.16', 'set', "Mode of the engine's socket", 'root and the group docker, 0660 or less'],
    ['3.17', 'set', 'Owner of daemon.json', unit],
    ['3.18', 'set', 'Mode of daemon.json', unit],
    ['3.19', 'set', 'Owner of /etc/default/docker', unit],
    ['3.20', 'set', 'Mode of /etc/sysconfig/docker', unit],
    ['3.21', 'set', 'Owner of /etc/sysconfig/docker', unit],
    ['3.22', 'set', 'Mode of /etc/default/docker', unit],
    ['3.23', 'set', "Owner of containerd's socket", 'root, 0660 or less'],
    ['3.24', 'set', "Mode of containerd's socket", 'root, 0660 or less'],
  ] as const
).map(row)

/** Section 5: containers. */
const containers = (
  [
    ['5.1', 'told', 'No swarm where none is needed', '`provider: swarm` is said or not'],
    [
      '5.2',
      'told',
      'AppArmor',
      "the engine's own profile, where the host has AppArmor; `security_opt: [apparmor=PROFILE]` names another",
    ],
    [
      '5.3',
      'set',
      'Security options',
      '`security_opt: [no-new-privileges:true]`; `label=…` where the host has SELinux',
    ],
    [
      '5.4',
      'set',
      'Fewer capabilities',
      '`cap_drop: [AUDIT_WRITE, MKNOD, NET_RAW, SETFCAP, SYS_CHROOT]`; what `cap_add` names is told',
    ],
    ['5.5', 'told', 'Not privileged', '`privileged`'],
    ['5.6', 'told', 'No sensitive folder of the host to write to', '`volumes`'],
    ['5.7', 'asked', 'No sshd in containers', 'what runs in an image'],
    ['5.8', 'told', 'No port below 1024', '`ports`'],
    ['5.9', 'asked', 'Only needed ports', '`ports`'],
    ['5.10', 'told', "Not the host's network", '`network_mode`'],
    ['5.11', 'set', 'A limit of memory', '`mem_limit`: the power of two nearest to half of the memory of its host'],
    ['5.12', 'set', 'A weight among the CPUs', '`cpu_shares: 1024`'],
    [
      '5.13',
      'set',
      'A root file system that is read-only',
      '`read_only: true`, with folders in memory at /run, /tmp and /var/tmp',
    ],
    ['5.14', 'told', 'Ports on one address', '`ports[].bind`'],
    ['5.15', 'set', 'Started again at most five times', '`restart: on-failure:5`; `always` is told'],
    ['5.16', 'told', "Not the host's processes", '`pid`'],
    ['5.17', 'told', "Not the host's IPC", '`ipc`'],
    ['5.18', 'told', 'No devices of the host', '`devices`'],
    ['5.19', 'asked', 'Limits of its own where they are needed', '`ulimits`'],
    ['5.20', 'told', 'Mounts are not passed on', '`volumes[].bind.propagation`'],
    ['5.21', 'told', "Not the host's UTS namespace", '`uts`'],
    ['5.22', 'told', 'A seccomp profile', "the engine's own; `security_opt: [seccomp=FILE]` names another"],
    ['5.23', 'asked', 'No privileged exec', 'how people work'],
    ['5.24', 'asked', 'No exec as root', 'how people work'],
    ['5.25', 'told', 'The default control group', '`cgroup_parent`'],
    ['5.26', 'set', 'No new privileges', '`security_opt: [no-new-privileges:true]`'],
    ['5.27', 'told', 'A health check', '`healthcheck`, or that of its image'],
    ['5.28', 'asked', 'Images are the latest', '`longshore pull`, `build`'],
    ['5.29', 'set', 'A limit of processes', '`pids_limit: 1024`'],
    ['5.30', 'set', 'Not the default bridge', "a service joins its project's network"],
    ['5.31', 'told', "Not the host's user namespace", '`userns_mode`'],
    ['5.32', 'told', "Not the engine's socket", '`volumes`'],
  ] as const
).map(row)

/** All checks that bear on a host, its engine and its containers, in the benchmark's order; section 4 is about images, 6 and 7 about work. */
export const checks: readonly Check[] = [...host, ...engine, ...files, ...containers]

/** The words of the table, for people. */
const words: Record<Met, string> = { set: 'default', told: 'warning', yours: '**exception**', asked: '–' }

/** The table of the manual, in Markdown. */
export const checksTable = (): string =>
  [
    '| check | what it asks | met by | how |',
    '|---|---|---|---|',
    ...checks.map(({ id, title, met, how }) => `| ${id} | ${title} | ${words[met]} | ${how} |`),
    '',
  ].join('\n')
