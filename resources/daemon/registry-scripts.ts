// Writes and removes certificates and logins of registries on a host, and keeps in its mind what is ours.

import { Secret } from '../../core/secret.js'
import { type Sh, sh } from '../../core/sh.js'
import { sumOf } from '../_sum.js'
import { type Writing, writeFiles } from '../_write.js'
import { editJson } from '../text/_json.js'
import { engineFolder } from './probe.js'
import { authOf, decideRegistries, type RegistriesDecision, type RegistriesWant } from './registry-decision.js'
import { certificatesFolder, memoryPath, ownerOf, type RegistryMemory, type RegistrySeen } from './registry-seen.js'

const memoryTextOf = ({ certificates, logins }: RegistryMemory, owner: string): string =>
  [...Object.entries(certificates).map(([name, sum]) => `certificate ${name} ${sum}`), ...logins.map(a => `login ${a}`)]
    .sort()
    .map(line => `${line} ${owner}\n`)
    .join('')

const plainFile = (path: string, text: string, seen: string, mode: string): Writing => ({
  path,
  seen,
  sum: sumOf(text),
  size: Buffer.byteLength(text),
  mode,
  newMode: mode,
  content: { text },
})

function certificateScripts(
  want: RegistriesWant,
  seen: RegistrySeen,
  { certificates, gone }: RegistriesDecision,
): Sh[] {
  const folderOf = (name: string): string => `${certificatesFolder}/${name}`
  const written = certificates.map(name =>
    plainFile(`${folderOf(name)}/ca.crt`, want.certificates[name] ?? '', seen.certificates[name] ?? 'absent', '0444'),
  )
  return [
    ...(written.length === 0
      ? []
      : [sh`( umask 022; mkdir -p ${certificates.map(folderOf)} )`, ...writeFiles(written)]),
    ...gone.map(name => sh`rm -f ${`${folderOf(name)}/ca.crt`} && { rmdir ${folderOf(name)} 2>/dev/null || :; }`),
  ]
}

const isEmptyConfig = (text: string): boolean => /^\s*\{\s*(?:"auths"\s*:\s*\{\s*\}\s*)?\}\s*$/.test(text)

function loginScripts(
  want: RegistriesWant,
  { config, configPath }: RegistrySeen,
  { logins, forgotten, isOpen }: RegistriesDecision,
): Sh[] {
  const old = config?.text ?? ''
  const set = logins.flatMap(address => {
    const login = want.logins[address]
    return login === undefined ? [] : [{ path: ['auths', address, 'auth'], value: authOf(login) }]
  })
  if (set.length + forgotten.length === 0) return isOpen ? [sh`chmod 600 ${configPath}`] : []
  const text = editJson(old, { set, remove: forgotten.map(address => ['auths', address]) }, configPath)
  // A file that says nothing is as good as none.
  if (isEmptyConfig(text)) return [sh`rm -f ${configPath}`]
  const writing: Writing = {
    ...plainFile(configPath, text, config?.kind === 'file' ? config.sum : 'absent', '0600'),
    content: { secret: new Secret(`text of ${configPath}`, text) },
  }
  const folder = configPath.replace(/\/[^/]+$/, '')
  return [sh`[ -d ${folder} ] || mkdir -m 700 ${folder}`, ...writeFiles([writing])]
}

/** Shell texts, in order, each safe to run twice. */
export function registryScripts(want: RegistriesWant, seen: RegistrySeen): Sh[] {
  const decision = decideRegistries(want, seen)
  const owner = ownerOf(want)
  const after = memoryTextOf(decision.memory, owner)
  // Cut off half way, the host must know what may be ours by then.
  const between = memoryTextOf(
    {
      certificates: { ...seen.memory.certificates, ...decision.memory.certificates },
      logins: [...new Set([...seen.memory.logins, ...decision.memory.logins])],
    },
    owner,
  )
  // Lines of other projects stay as they are at this moment: another run may just have written some.
  const remember = (text: string): Sh =>
    sh`( umask 077; ( umask 022; mkdir -p /var/lib/longshore ) && mkdir -p ${engineFolder} && memory=${memoryPath} &&
{ grep -v -e ${` ${owner}$`} "$memory" 2>/dev/null || :; printf %s ${text}; } >"$memory.new" &&
if [ -s "$memory.new" ]; then mv -f "$memory.new" "$memory"; else rm -f "$memory" "$memory.new"; fi )`
  return [
    ...(between === seen.memoryText ? [] : [remember(between)]),
    ...certificateScripts(want, seen, decision),
    ...loginScripts(want, seen, decision),
    ...(after === between ? [] : [remember(after)]),
  ]
}
