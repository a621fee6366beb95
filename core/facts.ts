// What a host is: the questions (one piece of shell, part of every first exec) and their answers as data.
import { cleanLine } from './events.js'
import { type Sh, sh } from './sh.js'

/** Facts of a host, as templates (`facts.os.family`) and conditions see them. */
export interface Facts {
  hostname: string
  os: { id: string; version: string; codename: string; family: string; name: string }
  arch: string
  kernel: string
  /** `systemd` only where systemd runs as PID 1; else `sysv` where there are init scripts; else `none`. */
  init: 'systemd' | 'sysv' | 'none'
  /** `apt`, or empty where we know no package manager. */
  package_manager: string
  cpus: number
  memory_mb: number
  /** Source address of the default route; empty without one. */
  address: string
  /** The user the script ran as, and the login user. */
  uid: number
  user: string
}

/** Prints one `name=value` a line; read-only, POSIX. */
export const factsProbe: Sh = sh`
( . /etc/os-release 2>/dev/null
  printf 'os_id=%s\nos_version=%s\nos_codename=%s\nos_like=%s\nos_name=%s\n' "$ID" "$VERSION_ID" "$VERSION_CODENAME" "$ID_LIKE" "$PRETTY_NAME" )
printf 'hostname=%s\narch=%s\nkernel=%s\n' "$(uname -n)" "$(uname -m)" "$(uname -r)"
if [ -d /run/systemd/system ]; then echo init=systemd; elif [ -d /etc/init.d ]; then echo init=sysv; else echo init=none; fi
if command -v apt-get >/dev/null 2>&1; then echo package_manager=apt; fi
printf 'cpus=%s\n' "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
while read -r name value rest; do if [ "$name" = MemTotal: ]; then printf 'memory_kb=%s\n' "$value"; fi; done </proc/meminfo
route=$(ip -4 route get 192.0.2.1 2>/dev/null)
case $route in *' src '*) route=\${route#* src }; printf 'address=%s\n' "\${route%% *}";; esac
printf 'uid=%s\nuser=%s\n' "$(id -u)" "$(id -un)"
`

const families: Record<string, string> = {
  ubuntu: 'debian',
  raspbian: 'debian',
  fedora: 'redhat',
  rhel: 'redhat',
  centos: 'redhat',
}

const familyOf = (id: string, like: string): string =>
  families[id] ?? families[like.split(' ')[0] ?? ''] ?? (like.split(' ')[0] || id)

/** Reads what `factsProbe` printed; a fact the host did not tell is empty or 0. */
export function readFacts(out: string): Facts {
  const told = new Map<string, string>()
  for (const line of out.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) told.set(line.slice(0, at), cleanLine(line.slice(at + 1)))
  }
  const text = (name: string): string => told.get(name) ?? ''
  const number = (name: string): number => Number.parseInt(text(name), 10) || 0
  const init = text('init')
  return {
    hostname: text('hostname'),
    os: {
      id: text('os_id'),
      version: text('os_version'),
      codename: text('os_codename'),
      family: familyOf(text('os_id'), text('os_like')),
      name: text('os_name'),
    },
    arch: text('arch'),
    kernel: text('kernel'),
    init: init === 'systemd' || init === 'sysv' ? init : 'none',
    package_manager: text('package_manager'),
    cpus: number('cpus'),
    memory_mb: Math.round(number('memory_kb') / 1024),
    address: text('address'),
    uid: told.has('uid') ? number('uid') : -1,
    user: text('user'),
  }
}
