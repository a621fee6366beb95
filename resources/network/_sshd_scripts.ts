// What the sshd kind asks of a host and does there: shell text alone.
import { lines, type Sh, sh } from '../../core/sh.js'
import { isSystemd } from '../_systemd.js'
import { probeText } from '../text/_edit.js'

/** The main file, and the folder of files that it may include. */
export const mainFile = '/etc/ssh/sshd_config'
export const dropInFolder = '/etc/ssh/sshd_config.d'

/** Made before a change and removed after the reload: what it says was not read by the running server. */
const due = '/run/longshore/sshd-due'

/** Sets `sshd` to the server's path, empty where there is none. */
const findSshd: Sh = sh`PATH=$PATH:/usr/sbin:/sbin
sshd=$(command -v sshd)`

/**
 * Prints whether there is a server, whether its main file includes the folder, whether a reload is due, what `sshd -T` makes of
 * `settings` alone (`expected …`) and of the whole configuration (`actual …`) at these keys, and the text of the file that is ours to write.
 */
export const probeSshd = (dropIn: string, settings: string, keys: readonly string[]): Sh => sh`${findSshd}
filtered() { grep -E ${`^(${keys.join('|')}) `} | sed "s/^/$1 /"; }
if [ -z "$sshd" ] || [ ! -f ${mainFile} ]; then echo 'no sshd'; exit 0; fi
if [ "$(id -u)" != 0 ]; then echo 'only root may ask sshd for its settings: say become: true' >&2; exit 1; fi
if grep -Eiq '^[[:space:]]*include[[:space:]].*sshd_config\.d/' ${mainFile}; then echo include=yes; target=${dropIn}; else echo include=no; target=${mainFile}; fi
if [ -e ${due} ]; then echo due=yes; else echo due=no; fi
if said=$(printf '%s' ${settings} | "$sshd" -T -f /dev/stdin 2>&1); then printf '%s\n' "$said" | filtered expected
else case $said in *'Missing privilege separation'*) ;; *) printf '%s\n' "$said" | sed 's/^/refused /';; esac; fi
if said=$("$sshd" -T 2>/dev/null); then printf '%s\n' "$said" | filtered actual; fi
echo 'file:'
${probeText(sh`"$target"`)}`

/** Checks a whole main file. */
export const validateMain =
  'PATH=$PATH:/usr/sbin:/sbin; mkdir -p /run/sshd; sshd=$(command -v sshd) && "$sshd" -t -f %s'

/** Checks a file of the folder within the whole configuration: a copy of both, in which it takes its place. */
export const validateDropIn = (
  name: string,
): string => `PATH=$PATH:/usr/sbin:/sbin; mkdir -p /run/sshd; sshd=$(command -v sshd) || exit 1
d=$(mktemp -d) || exit 1
trap 'rm -rf "$d"' EXIT
for f in ${dropInFolder}/*.conf; do if [ -f "$f" ]; then cp "$f" "$d/"; fi; done
cp %s "$d/${name}.conf" || exit 1
sed "/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee]/ s#\\(/etc/ssh/\\)\\{0,1\\}sshd_config\\.d/#$d/#g" ${mainFile} >"$d/main"
"$sshd" -t -f "$d/main"`

/** Fails where there is no server; else marks that a reload is due. */
export const markDue: Sh = sh`(${findSshd}
[ -n "$sshd" ] || { echo 'there is no sshd on this host: install the package openssh-server' >&2; exit 1; }
mkdir -p /run/longshore ${dropInFolder} && : >${due})`

/**
 * Reloads the server, and keeps sessions: it is asked to read its files again, never stopped. A socket of systemd that listens
 * in its place is made anew where the ports may be others. Lines of `sshd -T` that must hold are looked for before, and who says otherwise is told.
 */
export const reloadSshd = (
  expected: readonly { key: string; line: string }[],
  mayListen: boolean,
): Sh => sh`(${findSshd}
mkdir -p /run/sshd
actual=$("$sshd" -T) || { echo 'sshd refuses its configuration, and was not reloaded' >&2; exit 1; }
bad=
holds() {
  case "
$actual
" in *"
$2
"*) ;; *)
    bad=1
    printf '%s\n' "'$2' is written but not in force, because another line comes before it:" >&2
    grep -Eins "^[[:space:]]*$1[[:space:]=]" ${dropInFolder}/*.conf ${mainFile} >&2;;
  esac
}
${lines(sh`:`, ...expected.map(({ key, line }) => sh`holds ${key} ${line}`))}
if [ -n "$bad" ]; then exit 1; fi
if ${isSystemd}; then
  if [ ${mayListen ? 'moved' : 'same'} = moved ] && systemctl is-active --quiet ssh.socket; then systemctl daemon-reload </dev/null && systemctl restart ssh.socket </dev/null || exit 1; fi
  for unit in ssh sshd; do
    if systemctl is-active --quiet "$unit.service"; then systemctl reload "$unit.service" </dev/null || exit 1; break; fi
  done
else
  for file in /run/sshd.pid /var/run/sshd.pid; do
    if [ -r "$file" ] && read -r pid <"$file" && [ -d "/proc/$pid" ]; then kill -HUP "$pid" || exit 1; break; fi
  done
fi
rm -f ${due})`
