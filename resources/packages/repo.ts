// The `repo` kind: a repository of packages and the key that signs it, for apt, dnf, zypper or pacman.
import { UserError, usageError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { attributesOnly, type FileWant, fileChanges, payloadOf, printText, writingOf } from '../_content.js'
import { unifiedDiff } from '../_diff.js'
import { type Entry, look } from '../_look.js'
import { writeFiles } from '../_write.js'
import { readText } from '../text/_edit.js'
import { armored, fetchKey, isFetched } from './_key.js'
import { findManager } from './_managers.js'
import { forgetLists } from './_refresh.js'
import { type RepoYaml, repoSchema } from './_repo_schema.js'
import { pathsOf, type Repository, repositoryText } from './_repo_text.js'
import { type ManagerName, managerNames } from './_seen.js'
import { withoutSource } from './_sources.js'

/** With `armor`, the key as text. */
type Want = RepoYaml & { armor?: string }
type Seen = { manager: ManagerName; files: Map<string, Entry> }

const kinds: Record<ManagerName, 'uris' | 'baseurl' | 'server' | undefined> = {
  apt: 'uris',
  dnf: 'baseurl',
  zypper: 'baseurl',
  pacman: 'server',
  apk: undefined,
}

const entryAt = (seen: Seen, path: string): Entry => {
  const entry = seen.files.get(path)
  if (entry === undefined) throw new UserError(`the host did not say what is at ${path}`)
  return entry
}

function repositoryOf(want: Want, seen: Seen): Repository {
  const signedBy = want.key === undefined ? undefined : pathsOf(want.name, seen.manager).key
  const { uris = [], suites = [], baseurl = [], server = [] } = want
  return { ...want, uris, suites, baseurl, server, signedBy }
}

const fileOf = (path: string, text: string): FileWant => ({ path, payload: payloadOf(text), newMode: '0644' })

interface Edits {
  /** Files and their wanted texts. */
  written: FileWant[]
  removed: string[]
  /** The key must be fetched. */
  fetch: boolean
}

/** What must become of each file on the host. */
function editsOf(want: Want, seen: Seen): Edits {
  const { file, key } = pathsOf(want.name, seen.manager)
  const isWanted = want.state === 'present'
  const repository = repositoryOf(want, seen)
  const text = repositoryText(repository, isWanted, seen.manager, entryAt(seen, file).text ?? '')
  const edits: Edits = { written: [], removed: [], fetch: false }
  if (key !== undefined) {
    if (isWanted && want.armor !== undefined) edits.written.push({ ...fileOf(key, want.armor), mode: '0644' })
    if (isWanted && typeof want.key === 'object') edits.fetch = !isFetched(entryAt(seen, key), want.key.sha256)
    if (!isWanted && entryAt(seen, key).kind !== 'absent') edits.removed.push(key)
  }
  if (isWanted && seen.manager === 'apt' && want.enabled)
    for (const [path, { text: old = '' }] of seen.files)
      if (path !== file && path !== key) edits.written.push(fileOf(path, withoutSource(path, old, repository)))
  if (text !== undefined) edits.written.push(fileOf(file, text))
  else if (entryAt(seen, file).kind !== 'absent') edits.removed.push(file)
  edits.written = edits.written.filter(one => fileChanges(one, entryAt(seen, one.path)).length > 0)
  return edits
}

/** Prints a block for each file that may have to change: those of the repository, and older lists that name one of its addresses. */
function files(want: Want, manager: ManagerName): Sh {
  const { file, key } = pathsOf(want.name, manager)
  const own = sh`tell ${file}${key === undefined ? sh`` : sh`; tell ${key}`}`
  if (manager !== 'apt' || want.uris === undefined || want.state === 'absent') return own
  const words = want.uris.flatMap(uri => ['-e', uri.replace(/\/+$/, '')])
  return sh`${own}
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    if [ "$file" != ${file} ] && grep -qF ${words} "$file" 2>/dev/null; then tell "$file"; fi
  done`
}

/** A repository and its key. Older entries of the same one are taken out of apt's other lists, so that it never meets two keys for it. */
export const repo = resource<Want, Seen>({
  kind: 'repo',
  summary: 'A repository of packages and the key that signs it; the next package task refreshes the package lists.',
  example: `- name: backports
  repo: { name: backports, uris: "http://deb.debian.org/debian", suites: bookworm-backports, components: main }
- name: no repository of that name
  repo: { name: left-over, state: absent }
`,
  schema: repoSchema,
  name: want => `repository ${want.name}`,
  async load(want, context) {
    if (typeof want.key !== 'string' || want.state === 'absent') return want
    if (want.key.includes('-----BEGIN'))
      return { ...want, armor: armored(Buffer.from(want.key), `the key of ${want.name}`) }
    const file = await context.find(want.key, 'files')
    if (!(await context.files.exists(file))) throw usageError(`${file} does not exist`)
    return { ...want, armor: armored(await context.files.bytes(file), file) }
  },
  probe: want => sh`${look}
tell() { printf 'path=%s\n' "$1"; look "$1"; if [ -f "$1" ]; then ${printText(sh`"$1"`)}; fi; }
${findManager(want.use)}
case $manager in
apt) ${files(want, 'apt')};;
dnf) ${files(want, 'dnf')};;
zypper) ${files(want, 'zypper')};;
pacman) ${files(want, 'pacman')};;
esac
echo done`,
  read(out, want) {
    const manager = managerNames.find(one => one === /^manager (\w+)$/m.exec(out)?.[1])
    if (manager === undefined && !/^manager none$/m.test(out))
      throw new UserError('the host did not say which repositories it has', { output: out.slice(-2000) })
    const kind = manager === undefined ? undefined : kinds[manager]
    if (manager === undefined || kind === undefined)
      throw new UserError(
        `repositories are known for apt, dnf, zypper and pacman; the host has ${manager ?? 'none of them'}`,
      )
    if (want.state === 'present' && want[kind] === undefined)
      throw new UserError(`the host has ${manager}, and the repository ${want.name} has no ${kind}`, {
        hint: `Give \`${kind}\` for such hosts, or leave them out with \`when:\`.`,
      })
    const blocks = out.replace(/done\n$/, '').split(/^path=(.*)\n/m)
    const seen: Seen = { manager, files: new Map() }
    for (let at = 1; at + 1 < blocks.length; at += 2)
      seen.files.set(blocks[at] ?? '', readText(blocks[at] ?? '', blocks[at + 1] ?? ''))
    return seen
  },
  diff(want, seen) {
    const edits = editsOf(want, seen)
    const removals = edits.removed.map((path): Change => {
      const diff = unifiedDiff(path, entryAt(seen, path).text ?? '', '')
      return { what: path, from: 'present', to: 'absent', ...(diff === undefined ? {} : { diff }) }
    })
    const { key } = pathsOf(want.name, seen.manager)
    return [
      ...(edits.fetch && key !== undefined && typeof want.key === 'object'
        ? [
            {
              what: key,
              from: entryAt(seen, key).kind === 'absent' ? 'absent' : 'another key',
              to: `the key at ${want.key.url}`,
            },
          ]
        : []),
      ...edits.written.flatMap(one => fileChanges(one, entryAt(seen, one.path), one.path)),
      ...removals,
    ]
  },
  verb: (want, seen) =>
    want.state === 'absent'
      ? 'remove'
      : entryAt(seen, pathsOf(want.name, seen.manager).file).kind === 'absent'
        ? 'create'
        : 'write',
  apply(want, seen) {
    const edits = editsOf(want, seen)
    const { file, key } = pathsOf(want.name, seen.manager)
    const { written, removed, fetch } = edits
    if (written.length + removed.length === 0 && !fetch) return []
    const folders = [file, ...(key === undefined ? [] : [key])].map(path => path.replace(/\/[^/]*$/, ''))
    const fetching =
      fetch && key !== undefined && typeof want.key === 'object' ? [fetchKey(want.key.url, want.key.sha256, key)] : []
    const checking =
      seen.manager === 'apt'
        ? [
            sh`said=$(apt-get indextargets 2>&1 >/dev/null) || { printf '%s\n' "$said" "apt does not take its sources as they are now" >&2; exit 1; }`,
          ]
        : seen.manager === 'zypper' && want.state === 'present' && want.key !== undefined && key !== undefined
          ? [sh`rpm --import ${key} </dev/null`]
          : []
    return [
      sh`${forgetLists(seen.manager)}; mkdir -p ${folders}`,
      ...fetching,
      ...writeFiles(written.flatMap(one => writingOf(one, entryAt(seen, one.path)) ?? [])),
      ...written.flatMap(one => attributesOnly(one, entryAt(seen, one.path)) ?? []),
      ...(removed.length === 0 ? [] : [sh`rm -f ${removed}`]),
      ...checking,
    ]
  },
  touches: want => [`repo:${want.name}`],
})
