// The `package` kind: packages of the host's distribution, installed, as new as can be, or removed.
import { UserError } from '../core/errors.js'
import { resource } from '../core/resource.js'
import { z } from '../core/schema.js'
import { sh } from '../core/sh.js'
import type { Change } from '../core/step.js'
import { install, remove } from './_apt.js'

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?(=[\w.+:~*-]+)?$/, 'must be a package name, such as curl or curl=7.88.*')

const schema = z.preprocess(
  given => (typeof given === 'string' || Array.isArray(given) ? { name: given } : given),
  z.strictObject({
    name: z
      .union([name.transform(one => [one]), z.array(name).min(1)])
      .describe('One package or a list; each may carry =VERSION, in which * stands for anything'),
    state: z.enum(['present', 'absent', 'latest']).default('present').describe('present, latest or absent'),
  }),
)

type Want = z.infer<typeof schema>

interface Seen {
  /** Installed versions by package name, and by `name:architecture`. */
  installed: Map<string, string>
  /** What apt would install, where it was asked and knows. */
  candidates: Map<string, string>
  /** Names that no package has, but that an installed package provides. */
  provided: Set<string>
  /** What would be removed as well. */
  also: string[]
}

/** A package of the list: its name, and the version it was pinned to. */
const parts = (item: string): { name: string; pin?: string } => {
  const [name = '', pin] = item.split('=')
  return pin === undefined ? { name } : { name, pin }
}

const literally = (text: string): string => text.replace(/\W/g, '\\$&')
const matches = (version: string, pin: string): boolean =>
  new RegExp(`^${pin.split('*').map(literally).join('.*')}$`).test(version)

/** apt leaves the host's own architecture out. */
const candidateOf = (name: string, seen: Seen): string | undefined =>
  seen.candidates.get(name) ?? seen.candidates.get(name.replace(/:.*/, ''))

function changeOf(item: string, want: Want, seen: Seen): Change[] {
  const { name, pin } = parts(item)
  const installed = seen.installed.get(name)
  if (want.state === 'absent') {
    if (installed === undefined) return []
    const loses = seen.also.length === 0 ? {} : { loses: `also removed, because they need it: ${seen.also.join(', ')}` }
    return [{ what: name, from: installed, to: 'absent', ...loses }]
  }
  if (installed === undefined && pin === undefined && seen.provided.has(name)) return []
  const candidate = candidateOf(name, seen)
  if (pin !== undefined) {
    if (installed !== undefined && matches(installed, pin)) return []
    return [{ what: name, from: installed ?? 'absent', to: pin }]
  }
  if (installed === undefined)
    return [{ what: name, from: 'absent', to: candidate ?? 'the version that the package lists will name' }]
  return want.state === 'latest' && candidate !== undefined && candidate !== installed
    ? [{ what: name, from: installed, to: candidate }]
    : []
}

const differing = (want: Want, seen: Seen): string[] => want.name.filter(item => changeOf(item, want, seen).length > 0)

/** Packages by apt. Their recommendations are not installed; a configuration file that was changed on the host is kept. */
export const packages = resource<Want, Seen>({
  kind: 'package',
  schema,
  name: want => `package ${want.name.join(', ')}`,
  probe(want) {
    const names = want.name.map(item => parts(item).name)
    return sh`
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then echo no-apt; exit 0; fi
state=${want.state} missing= here=
all=$(dpkg-query -W -f '\${Package}|\${Package}:\${Architecture}|\${db:Status-Status}|\${Version}\n' ${names} 2>/dev/null)
for name in ${names}; do
  found=$(printf '%s\n' "$all" | while IFS='|' read -r one exact status version; do
    case $name in "$one"|"$exact") if [ "$status" = installed ]; then echo "installed $name $version"; fi;; esac
  done)
  if [ -n "$found" ]; then printf '%s\n' "$found"; here="$here $name"; else missing="$missing $name"; fi
done
if [ "$state" = latest ]; then missing="$missing $here"; fi
if [ "$state" = absent ]; then
  if [ -n "$here" ]; then LC_ALL=C apt-get -s remove $here 2>/dev/null | while read -r verb name rest; do
    if [ "$verb" = Remv ]; then echo "removed $name"; fi
  done; fi
elif [ -n "$missing" ]; then
  LC_ALL=C apt-cache policy $missing 2>/dev/null | while read -r word value rest; do
    case $word in Candidate:) echo "candidate $package $value";; *:) if [ -z "$value" ]; then package=\${word%:}; fi;; esac
  done
  dpkg-query -W -f '\${db:Status-Status}| \${Provides},\n' 2>/dev/null | while IFS= read -r line; do
    for name in $missing; do
      case $line in "installed|"*" $name,"*|"installed|"*" $name ("*) echo "provided $name";; esac
    done
  done
fi
echo end`
  },
  read(out) {
    if (/^no-apt$/m.test(out))
      throw new UserError('this version installs packages with apt only, and the host has none', {
        hint: "Leave such hosts out with `when: facts.package_manager == 'apt'`.",
      })
    if (!out.endsWith('end\n')) throw new UserError('the host did not say which packages it has', { output: out })
    const seen: Seen = { installed: new Map(), candidates: new Map(), provided: new Set(), also: [] }
    const removed: string[] = []
    for (const line of out.split('\n')) {
      const [word, name = '', version = ''] = line.split(' ')
      if (word === 'installed') seen.installed.set(name, version)
      if (word === 'candidate' && version !== '(none)') seen.candidates.set(name, version)
      if (word === 'provided') seen.provided.add(name)
      if (word === 'removed') removed.push(name)
    }
    seen.also.push(...removed.filter(name => !seen.installed.has(name)))
    return seen
  },
  diff: (want, seen) => want.name.flatMap(item => changeOf(item, want, seen)),
  verb(want, seen) {
    if (want.state === 'absent') return 'remove'
    return differing(want, seen).every(item => seen.installed.has(parts(item).name)) ? 'upgrade' : 'install'
  },
  apply(want, seen) {
    const items = differing(want, seen)
    if (items.length === 0) return []
    if (want.state === 'absent') return [remove(items.map(item => parts(item).name))]
    const isKnown = items.every(item => candidateOf(parts(item).name, seen) !== undefined)
    return [install(items, isKnown)]
  },
  touches: want => want.name.map(item => `package:${parts(item).name}`),
})
