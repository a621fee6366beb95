// Asks a host which certificates and logins of registries its engine has, and which of them are ours.
import { UserError } from '../../core/errors.js'
import { type Sh, sh } from '../../core/sh.js'
import { registryMemoryFile } from '../../core/state.js'
import type { Entry } from '../_look.js'
import { probeText, readText } from '../text/_edit.js'

/** Where the engine looks for the certificates of registries: a folder each. It reads them anew with every pull. */
export const certificatesFolder = '/etc/docker/certs.d'

/** What we brought: lines `certificate HOST:PORT SHA256 OWNER` and `login ADDRESS OWNER`. */
export const memoryPath = registryMemoryFile

/** Whose a line is: a project's, or nobody's in particular where a playbook says no project. */
export const ownerOf = ({ project = '-' }: { project?: string | undefined }): string => project

/** What we brought, as the host remembers it. */
export interface RegistryMemory {
  /** SHA-256 of each certificate as we wrote it, by registry. */
  certificates: Record<string, string>
  /** Addresses, as the docker command has them. */
  logins: string[]
}

/** How a host stands. */
export interface RegistrySeen {
  /** SHA-256 by registry. */
  certificates: Record<string, string>
  /** What this project brought, or needs as another one of ours brought it. */
  memory: RegistryMemory
  /** The same of all other projects: what one of them needs stays. */
  others: RegistryMemory
  /** The lines of `memory`. */
  memoryText: string
  /** Path of the docker command's file, root's own. */
  configPath: string
  /** The file, with its text; undefined where nobody asked for logins. */
  config?: Entry
}

/** `config=PATH`, then certificates and memory as lines, then, where logins are wanted or remembered, the file that holds logins. */
export const registriesProbe = (hasLogins: boolean): Sh => sh`
if [ "$(id -u)" != 0 ]; then echo 'certificates and logins of registries are read as root: say become: true' >&2; exit 1; fi
config=~root/.docker/config.json memory=${memoryPath} logins=${hasLogins ? 'yes' : ''}
printf 'config=%s\n' "$config"
for file in ${certificatesFolder}/*/ca.crt; do
  if [ ! -f "$file" ]; then continue; fi
  sum=$(sha256sum <"$file") || exit 1
  name=\${file%/ca.crt}
  printf 'certificate=%s %s\n' "\${name##*/}" "\${sum%% *}"
done
if [ -f "$memory" ]; then
  while read -r line; do
    printf 'memory=%s\n' "$line"
    case $line in 'login '*) logins=yes;; esac
  done <"$memory"
fi
echo listed
if [ -n "$logins" ]; then
${probeText(sh`"$config"`)}
fi
:`

const fields = (text: string): [string, string] => {
  const at = text.indexOf(' ')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** Reads what the probe printed, for the project whose lines are ours. */
export function readRegistries(out: string, owner: string): RegistrySeen {
  const cut = out.indexOf('listed\n')
  const lines = out.slice(0, Math.max(cut, 0)).split('\n')
  const configPath = lines.find(line => line.startsWith('config='))?.slice('config='.length)
  if (cut < 0 || configPath === undefined) throw new UserError('the host did not say which registries its engine knows')
  const seen: RegistrySeen = {
    certificates: {},
    memory: { certificates: {}, logins: [] },
    others: { certificates: {}, logins: [] },
    memoryText: '',
    configPath,
  }
  for (const line of lines) {
    const [, what, rest = ''] = /^(certificate|memory)=(.*)$/.exec(line) ?? []
    const [first, second] = fields(rest)
    if (what === 'certificate') seen.certificates[first] = second
    if (what !== 'memory') continue
    const words = second.split(' ')
    const memory = words.at(-1) === owner ? seen.memory : seen.others
    if (memory === seen.memory) seen.memoryText += `${rest}\n`
    const [name = '', sum = ''] = words
    if (first === 'certificate') memory.certificates[name] = sum
    else if (first === 'login') memory.logins.push(name)
  }
  const text = out.slice(cut + 'listed\n'.length)
  if (text !== '') seen.config = readText(configPath, text)
  return seen
}
