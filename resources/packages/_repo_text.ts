// Where each package manager keeps a repository, and how it writes one down.

import type { ManagerName } from './_seen.js'
import { type AptSource, sourcesText } from './_sources.js'

/** Paths on the host: the file that names the repository, and that of its key. pacman has one file for all, and keys elsewhere. */
export function pathsOf(name: string, manager: ManagerName): { file: string; key: string | undefined } {
  if (manager === 'apt')
    return { file: `/etc/apt/sources.list.d/${name}.sources`, key: `/etc/apt/keyrings/${name}.asc` }
  const key = `/etc/pki/rpm-gpg/RPM-GPG-KEY-${name}`
  if (manager === 'dnf') return { file: `/etc/yum.repos.d/${name}.repo`, key }
  if (manager === 'zypper') return { file: `/etc/zypp/repos.d/${name}.repo`, key }
  return { file: '/etc/pacman.conf', key: undefined }
}

/** A repository as its task says it. */
export interface Repository extends AptSource {
  baseurl: readonly string[]
  gpgcheck: boolean
  server: readonly string[]
  siglevel?: string | undefined
}

/** The text of a `.repo` file, for dnf and zypper. */
function repoText(want: Repository, manager: ManagerName): string {
  const isSigned = want.signedBy !== undefined
  const rows = [
    `[${want.name}]`,
    `name=${want.name}`,
    `baseurl=${want.baseurl.join('\n        ')}`,
    `enabled=${want.enabled ? 1 : 0}`,
    ...(manager === 'zypper' ? ['type=rpm-md', 'autorefresh=1'] : []),
    `gpgcheck=${isSigned && want.gpgcheck ? 1 : 0}`,
    ...(isSigned ? [`gpgkey=file://${want.signedBy}`] : []),
  ]
  return `${rows.join('\n')}\n`
}

/** pacman.conf with the repository's section as wanted, or without it; where it stands counts, so an old one keeps its place. */
function pacmanText(want: Repository, isWanted: boolean, old: string): string {
  const rows = [
    `[${want.name}]`,
    ...want.server.map(server => `Server = ${server}`),
    ...(want.siglevel === undefined ? [] : [`SigLevel = ${want.siglevel}`]),
  ]
  const lines = old.split('\n')
  const first = lines.findIndex(line => line.trim() === rows[0])
  const gone = !isWanted || !want.enabled
  if (first < 0) return gone ? old : `${old.trimEnd()}${old === '' ? '' : '\n\n'}${rows.join('\n')}\n`
  const next = lines.findIndex((line, at) => at > first && /^\s*\[.+\]\s*$/.test(line))
  const after = next < 0 ? [] : lines.slice(next)
  const before = lines.slice(0, first)
  if (gone) return next < 0 ? `${before.join('\n').trimEnd()}\n` : [...before, ...after].join('\n')
  return [...before, ...rows, '', ...after].join('\n')
}

/** The text of the file that names the repository; undefined where there is to be none. */
export function repositoryText(
  want: Repository,
  isWanted: boolean,
  manager: ManagerName,
  old: string,
): string | undefined {
  if (manager === 'pacman') return pacmanText(want, isWanted, old)
  if (!isWanted) return undefined
  return manager === 'apt' ? sourcesText(want) : repoText(want, manager)
}
