// Asks a host's shell what stands between us and its docker engine.
import { cleanLine } from '../../core/events.js'
import type { Detection } from '../../core/provider.js'
import { type Sh, sh } from '../../core/sh.js'

/** What tells one engine from another where a host's shell is asked for it. */
export interface EngineWords {
  /** The program whose presence says that it is installed, as a line `PROGRAM=yes` and in texts. */
  program: string
  /** Who listens, in texts. */
  name: string
  /** Where it listens unless it is told otherwise. */
  socket: string
  /** The group that may use the socket, where that cannot be told; undefined where there is none but root's. */
  group?: string
  /** Packages that bring it, in the words of `engine.source`; `none`: it came without a package. */
  origins: Readonly<Record<string, string>>
}

/** Docker's own words. */
export const dockerWords: EngineWords = {
  program: 'dockerd',
  name: 'docker',
  socket: '/var/run/docker.sock',
  group: 'docker',
  origins: {
    'docker.io': 'distro',
    'moby-engine': 'distro',
    docker: 'distro',
    'docker-ce': 'docker-ce',
    none: 'elsewhere',
  },
}

/**
 * Prints `name=value` lines; read-only. May run as root while the login user is another: then the login user is who called
 * sudo, and whether he may write the socket is told by his groups.
 */
export const detectScript = (folders: readonly string[]): Sh => sh`
socket=${dockerWords.socket}
echo "socket=$socket"
uid=$(id -u)
login=$(id -un)
if [ "$uid" = 0 ]; then login=\${SUDO_USER:-$login}; fi
printf 'uid=%s\nlogin=%s\ngroups=%s\n' "$uid" "$login" "$(id -nG "$login" 2>/dev/null)"
if [ -S "$socket" ]; then
  echo exists=yes
  printf 'group=%s\n' "$(stat -L -c %G "$socket" 2>/dev/null)"
  if [ -w "$socket" ]; then echo writable=yes; fi
  while read -r line; do
    case $line in *' 00010000 '*/run/docker.sock) echo listening=yes; break;; esac
  done </proc/net/unix
fi
if [ -r /run/docker.pid ]; then
  read -r pid </run/docker.pid || true
  if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then echo running=yes; fi
fi
PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin
if command -v dockerd >/dev/null 2>&1; then
  echo dockerd=yes
  package= version= path=$(command -v dockerd)
  if [ -d /var/lib/dpkg/info ]; then
    package=none
    for name in docker.io docker-ce; do
      if grep -qs '/dockerd$' "/var/lib/dpkg/info/$name.list"; then
        package=$name version=$(dpkg-query -W -f '\${Version}' "$name" 2>/dev/null)
        break
      fi
    done
  elif command -v rpm >/dev/null 2>&1; then
    package=$(rpm -qf --qf '%{NAME} %{VERSION}-%{RELEASE}\n' "$path" 2>/dev/null | head -n 1) || :
  elif command -v pacman >/dev/null 2>&1; then package=$(pacman -Qqo "$path" 2>/dev/null) || :
  elif command -v apk >/dev/null 2>&1; then
    package=$(apk info -q --who-owns "$path" 2>/dev/null) || :
    case $package in docker-engine*) package=docker;; esac
  fi
  case $package in *' '*) version=\${package#* } package=\${package%% *};; esac
  printf 'package=%s\nversion=%s\n' "$package" "$version"
fi
if command -v docker >/dev/null 2>&1; then echo client=yes; fi
if [ -e /var/lib/longshore/engine-held ]; then echo held=yes; fi
# rules for DOCKER-USER among its own are for published ports
if grep -qsi '^ENABLED=["'\'']*yes' /etc/ufw/ufw.conf && ! grep -qs '^:DOCKER-USER' /etc/ufw/after.rules; then echo firewall=ufw; fi
${fingerprints(folders)}
`

/** A line for each folder that images are imported from and that is there. */
export const fingerprints = (folders: readonly string[]): Sh => ({
  sh: folders.map(folder => fingerprint(folder).sh).join('\n'),
})

/** One line with a checksum over names, kinds, modes, sizes and times; nothing where the folder (or the archive), or a find that tells them, is missing. */
const fingerprint = (folder: string): Sh => sh`
if [ -e ${folder} ] && find / -maxdepth 0 -printf '' 2>/dev/null; then
  printf 'folder=%s %s\n' "$(find ${folder} -printf '%P %y %m %s %T@ %l\n' 2>/dev/null | sort | cksum | tr ' ' -)" ${folder}
fi`

/** A login may be in many groups, and a path may be long. */
const longestLine = 64 * 1024

/** Reads what `detectScript`, or the script of another engine in its form, printed. */
export function readDetection(out: string, words: EngineWords = dockerWords): Detection {
  const told = new Map<string, string>()
  const folders: Record<string, string> = {}
  for (const line of out.split('\n').map(text => cleanLine(text, longestLine))) {
    const at = line.indexOf('=')
    if (at > 0) told.set(line.slice(0, at), line.slice(at + 1))
    const [, sum, folder] = /^folder=(\S+) (.*)$/.exec(line) ?? []
    if (sum !== undefined && folder !== undefined) folders[folder] = sum
  }
  const is = (name: string): boolean => told.get(name) === 'yes'
  const socket = told.get('socket') ?? words.socket
  const login = told.get('login') ?? ''
  const root = told.get('uid') === '0'
  const client = is('client')
  const origin = words.origins[told.get('package') ?? '']
  const version = told.get('version') || undefined
  const firewall = told.get('firewall')
  const found = (state: Detection['state'], rootOnly: boolean, text: string, hint?: string): Detection => ({
    state,
    socket,
    rootOnly,
    client,
    text,
    ...(hint === undefined ? {} : { hint }),
    ...(origin === undefined ? {} : { origin }),
    ...(version === undefined ? {} : { version }),
    ...(is('held') ? { held: true as const } : {}),
    folders,
    ...(firewall === undefined ? {} : { firewall }),
  })

  if (is('running') && !is('exists'))
    return found(
      'not-running',
      false,
      `${words.program} runs, and its socket ${socket} is not there`,
      `\`systemctl restart ${words.name}.socket ${words.name}\` on the host makes it again, and stops the containers unless live-restore is on; where \`hosts\` in daemon.json leaves it out, name it there`,
    )
  if (!(is('exists') && (is('listening') || is('running'))))
    return is(words.program)
      ? found('not-running', false, `${words.program} is installed but does not listen at ${socket}`)
      : found('not-installed', false, `${words.program} is not installed`)
  const group = told.get('group') ?? ''
  const loginMay =
    root && login !== 'root' ? (told.get('groups') ?? '').split(' ').includes(group) && group !== '' : is('writable')
  if (loginMay) return found('answers', false, `${words.name} listens at ${socket}`)
  const own = words.group === undefined ? '' : group || words.group
  const why = own === '' ? `${login} is not root` : `${login} is not in the group ${own}`
  return root
    ? found('answers', true, `only root may use ${socket}: ${why}`)
    : found(
        'denied',
        true,
        `${socket} may not be used: ${why}, and there is no way to become root`,
        own === '' || own === 'root' ? undefined : `put ${login} into its group there: \`usermod -aG ${own} ${login}\``,
      )
}
