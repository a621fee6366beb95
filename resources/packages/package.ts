// The `package` kind: packages of the host's distribution, installed, as new as can be, or removed; or one package file.
import { UserError, usageError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh, withStdin } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { installFile, probeFile } from './_apt.js'
import { startOfDeb } from './_deb.js'
import { askManager, findManager, managers } from './_managers.js'
import { tellStale } from './_refresh.js'
import { type Item, itemOf, type Manner, managerNames, matches, readSeen, type Seen } from './_seen.js'

const name = z
  .string()
  .regex(/^[A-Za-z0-9][\w+.-]*(:[a-z0-9-]+)?(=[\w.+:~*-]+)?$/, 'must be a package name, such as curl or curl=7.88.*')

const fields = z.strictObject({
  name: z
    .union([name.transform(one => [one]), z.array(name).min(1)])
    .optional()
    .describe('One package or a list; each may carry =VERSION, in which * stands for anything (apt and dnf)'),
  deb: z
    .string()
    .regex(/^\P{Cc}+\.deb$/u, 'must be a file that ends in .deb')
    .optional()
    .describe('A package file instead: an absolute path on the host, or a file of ours, which is sent there (apt)'),
  state: z
    .enum(['present', 'absent', 'latest'])
    .default('present')
    .describe("present, absent, or latest: as new as the host's package lists know"),
  install_recommends: z
    .boolean()
    .default(false)
    .describe('Whether packages come that are only recommended (apt, dnf, zypper)'),
  allow_downgrade: z.boolean().default(false).describe('Whether an older version may replace the installed one'),
  allow_change_held_packages: z
    .boolean()
    .default(false)
    .describe('Whether packages on hold are changed; they stay on hold (apt)'),
  purge: z.boolean().default(false).describe('With absent: configuration files go too (apt, pacman, apk)'),
  update_cache: z
    .boolean()
    .default(false)
    .describe(
      'Refresh the package lists first where they are old; without it that is done only when a package must come',
    ),
  cache_valid_time: z.int().min(60).default(3600).describe('Seconds after which lists are old, for update_cache'),
  use: z.enum(managerNames).optional().describe('Which package manager, where the host has more than its own'),
})

const schema = z.preprocess(
  given => (typeof given === 'string' || Array.isArray(given) ? { name: given } : given),
  fields.superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if ((want.name === undefined) === (want.deb === undefined)) refuse('name', 'give either name or deb')
    if (want.deb !== undefined && want.state !== 'present')
      refuse('state', 'a package file can only be present: remove its package by name')
    if (want.deb !== undefined && want.use !== undefined && want.use !== 'apt') refuse('use', 'a .deb needs apt')
    if (want.purge && want.state !== 'absent') refuse('purge', 'goes only with state: absent')
    if (want.state === 'absent' && want.name?.some(item => item.includes('=')))
      refuse('name', 'to be absent, a package is named without a version')
  }),
)

/** With `local`, the package file is this machine's: its path, and what the host needs to know it. */
type Want = z.infer<typeof fields> & { local?: { file: string; start: string } }

const itemsOf = (want: Want): Item[] => (want.name ?? []).map(itemOf)

/** What would be installed, where the lists know one that is as wanted; apt leaves the host's own architecture out. */
function candidateOf({ name, pin }: Item, seen: Seen): string | undefined {
  const found = seen.candidates.get(name) ?? seen.candidates.get(name.replace(/:.*/, ''))
  return pin === undefined || (found !== undefined && matches(found, pin, seen.manager)) ? found : undefined
}

const shown = (versions: readonly string[]): string => versions.join(', ')

function changeOf(item: Item, want: Want, seen: Seen): Change[] {
  const { name, pin } = item
  const installed = seen.installed.get(name)
  if (want.state === 'absent') {
    if (installed === undefined)
      return want.purge && seen.residue.has(name) ? [{ what: name, from: 'configuration files', to: 'absent' }] : []
    // apk also takes what was there for them alone.
    const why = seen.manager === 'apk' ? 'also removed' : 'also removed, because they need it'
    const loses = seen.also.length === 0 ? {} : { loses: `${why}: ${seen.also.join(', ')}` }
    return [{ what: name, from: shown(installed), to: 'absent', ...loses }]
  }
  const candidate = candidateOf(item, seen)
  if (pin !== undefined) {
    if (installed?.some(version => matches(version, pin, seen.manager))) return []
    return [{ what: name, from: installed === undefined ? 'absent' : shown(installed), to: candidate ?? pin }]
  }
  if (installed === undefined) {
    if (seen.provided.has(name)) return []
    return [{ what: name, from: 'absent', to: candidate ?? 'the version that the package lists will name' }]
  }
  const isNewest = candidate === undefined || installed.includes(candidate) || seen.held.has(name)
  return want.state === 'latest' && !isNewest ? [{ what: name, from: shown(installed), to: candidate }] : []
}

function fileChanges(want: Want, { file }: Seen): Change[] {
  if (want.deb === undefined) return []
  if (file === undefined) return [{ what: want.deb, from: 'not on the host yet', to: 'installed' }]
  if (file.order === 'same' || (file.order === 'newer' && !want.allow_downgrade)) return []
  return [{ what: file.name, from: file.installed || 'absent', to: file.version }]
}

const listChanges = (want: Want, seen: Seen): Change[] =>
  want.update_cache && seen.isStale
    ? [{ what: 'package lists', from: `not refreshed for ${want.cache_valid_time} seconds`, to: 'refreshed' }]
    : []

const differing = (want: Want, seen: Seen): Item[] =>
  itemsOf(want).filter(item => changeOf(item, want, seen).length > 0)

const refusal = (message: string): Sh => sh`echo ${message} >&2; exit 1`

/** What a manager cannot do at all is said before anything is touched. */
function mustBePossible(want: Want, seen: Seen): void {
  if (want.deb !== undefined && seen.manager !== 'apt')
    throw new UserError(`${want.deb} is for apt, and the host has ${seen.manager}`, {
      hint: "Leave such hosts out with `when: facts.package_manager == 'apt'`.",
    })
  for (const item of itemsOf(want)) {
    const { name, pin } = item
    if (pin === undefined) continue
    if (seen.manager === 'pacman')
      throw new UserError(`pacman has one version of each package, and ${name} is pinned to ${pin}`, {
        hint: 'Name it without a version.',
      })
    if (pin.includes('*') && (seen.manager === 'zypper' || seen.manager === 'apk'))
      throw new UserError(`${seen.manager} takes no * in the version of ${name}`, {
        hint:
          seen.manager === 'apk' ? `Say ${name}=~1.2 for any 1.2.` : 'Give the version, with or without its release.',
      })
    if (seen.newer.has(name) && !want.allow_downgrade && changeOf(item, want, seen).length > 0)
      throw new UserError(`${name} ${shown(seen.installed.get(name) ?? [])} is newer than the wanted ${pin}`, {
        hint: 'Say `allow_downgrade: true` to go back to it.',
      })
  }
}

/** Packages by apt, dnf, zypper, pacman or apk. A configuration file that was changed on the host is kept. */
export const packages = resource<Want, Seen>({
  kind: 'package',
  summary: 'Packages of the distribution: installed, at a version, as new as can be, or removed; or one .deb file.',
  example: `- name: tools are there
  package: [less, bc]
- name: one at a version
  package: { name: "less=590*" }
- name: bc is gone again
  package: { name: bc, state: absent, purge: true }
  when: false
`,
  schema,
  name: want => `package ${want.deb ?? want.name?.join(', ')}`,
  async load(want, context) {
    if (want.deb === undefined || want.deb.startsWith('/')) return want
    const file = await context.find(want.deb, 'files')
    if (!(await context.files.exists(file))) throw usageError(`${file} does not exist`)
    return { ...want, local: { file, start: startOfDeb(await context.files.bytes(file), file) } }
  },
  probe: want => sh`${findManager(want.use)}
${want.update_cache ? tellStale(want.cache_valid_time) : sh``}
${
  want.deb === undefined
    ? askManager({ use: want.use, items: itemsOf(want), state: want.state })
    : sh`if [ "$manager" = apt ]; then ${probeFile(want.local ?? { path: want.deb })}
fi`
}
echo end`,
  read(out, want) {
    const seen = readSeen(out)
    mustBePossible(want, seen)
    return seen
  },
  diff: (want, seen) => [
    ...listChanges(want, seen),
    ...itemsOf(want).flatMap(item => changeOf(item, want, seen)),
    ...fileChanges(want, seen),
  ],
  verb(want, seen) {
    if (want.state === 'absent') return 'remove'
    if (want.deb !== undefined) return seen.file?.installed ? 'upgrade' : 'install'
    const items = differing(want, seen)
    if (items.length === 0) return 'refresh'
    return items.every(item => seen.installed.has(item.name)) ? 'upgrade' : 'install'
  },
  apply(want, seen) {
    const manager = managers[seen.manager]
    const items = differing(want, seen)
    const isStale = listChanges(want, seen).length > 0
    const manner: Manner = {
      recommends: want.install_recommends,
      downgrade: want.allow_downgrade,
      held: want.allow_change_held_packages,
      purge: want.purge,
      isKnown: !isStale && items.every(item => candidateOf(item, seen) !== undefined),
    }
    if (want.deb !== undefined) {
      if (fileChanges(want, seen).length === 0) return isStale ? [manager.refreshOnly] : []
      const call = installFile(want.local === undefined ? want.deb : undefined, manner)
      return [want.local === undefined ? call : withStdin(call, { file: want.local.file })]
    }
    const held = want.allow_change_held_packages ? [] : items.filter(item => seen.held.has(item.name))
    if (held.length > 0)
      return [
        refusal(
          `on hold on this host: ${held.map(item => item.name).join(', ')}. Say allow_change_held_packages: true, or lift the hold (apt-mark unhold)`,
        ),
      ]
    // Fresh lists may name newer versions than the probe knew.
    const wanted = isStale && want.state === 'latest' ? itemsOf(want).filter(item => !seen.held.has(item.name)) : items
    if (wanted.length === 0) return isStale ? [manager.refreshOnly] : []
    if (want.state !== 'absent') {
      const again = wanted.map(item => item.name).filter(one => seen.held.has(one))
      // apt takes the hold off what it changes.
      return [manager.install(wanted, manner, seen), ...(again.length === 0 ? [] : [sh`apt-mark hold -- ${again}`])]
    }
    const names = items.map(item => item.name)
    return [...(isStale ? [manager.refreshOnly] : []), ...(names.length === 0 ? [] : [manager.remove(names, manner)])]
  },
  brings: want => want.state !== 'absent',
  touches: want => itemsOf(want).map(item => `package:${item.name}`),
})
