// The `locale` kind: languages that the host's programs can speak, and the one that they speak unless told otherwise.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { lines, type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { type FileWant, fileChanges, payloadOf, writingOf } from '../_content.js'
import type { Entry } from '../_look.js'
import { writeFiles } from '../_write.js'
import { linesOf, probeText, readText, textOfLines } from '../text/_edit.js'

const localeName = z
  .string()
  .regex(
    /^([a-z]{2,3}(_[A-Z]{2})?\.[A-Za-z0-9-]+(@\w+)?|C|POSIX|C\.UTF-8)$/,
    'must be a name with its character set, such as de_DE.UTF-8',
  )

const fields = z
  .strictObject({
    name: z
      .union([localeName.transform(one => [one]), z.array(localeName).min(1)])
      .describe('Name, such as de_DE.UTF-8, or a list of them'),
    default: z.boolean().default(false).describe('The first one becomes LANG of the host'),
    variables: z
      .record(
        z.string().regex(/^(LC_[A-Z]+|LANGUAGE)$/, 'must be LC_TIME, LANGUAGE or the like'),
        z.string().regex(/^[\w.:@-]*$/),
      )
      .default({})
      .describe('More variables of the host, such as LC_TIME: en_GB.UTF-8'),
    state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  })
  .refine(want => want.state === 'present' || (!want.default && Object.keys(want.variables).length === 0), {
    path: ['default'],
    message: 'cannot be given with state: absent',
  })

const schema = z.preprocess(
  given => (typeof given === 'string' || Array.isArray(given) ? { name: given } : given),
  fields,
)
type Want = z.infer<typeof fields>

interface Seen {
  tool: 'locale-gen' | 'localedef' | 'none'
  /** As `locale -a` names them. */
  there: string[]
  gen: Entry
  defaults: Entry
  defaultsPath: string
}

const tools: Record<string, Seen['tool']> = { 'locale-gen': 'locale-gen', localedef: 'localedef', none: 'none' }
const genPath = '/etc/locale.gen'

/** `de_DE.UTF-8` as `locale -a` names it: de_DE.utf8. */
const listed = (name: string): string =>
  name.replace(/\.([^@]*)/, (_all, charset: string) => `.${charset.toLowerCase().replaceAll('-', '')}`)

/** Those that come with the C library and are never generated. */
const isBuiltIn = (name: string): boolean => /^(C|POSIX|C\.UTF-8)$/.test(name)
const charsetOf = (name: string): string => /\.([^@]*)/.exec(name)?.[1] ?? 'UTF-8'

/** The lines of locale.gen with this one as it should be: a wanted one without its #, another with it. */
function editGen(want: Want, text: string): string {
  let all = linesOf(text)
  for (const name of want.name.filter(one => !isBuiltIn(one))) {
    const line = `${name} ${charsetOf(name)}`
    const isIt = (each: string): boolean =>
      each
        .replace(/^[#\s]*/, '')
        .trim()
        .replace(/\s+/g, ' ') === line
    const isOn = (each: string): boolean => isIt(each) && !each.trim().startsWith('#')
    if (want.state === 'absent') all = all.map(each => (isOn(each) ? `# ${line}` : each))
    else if (!all.some(isOn)) {
      const at = all.findIndex(isIt)
      all = at < 0 ? [...all, line] : all.with(at, line)
    }
  }
  return textOfLines(all, text)
}

function editDefaults(want: Want, text: string): string {
  let all = linesOf(text)
  const [first] = want.name
  const wanted = { ...(want.default && first !== undefined ? { LANG: first } : {}), ...want.variables }
  for (const [name, value] of Object.entries(wanted)) {
    const at = all.findLastIndex(line => line.trim().startsWith(`${name}=`))
    const old = all[at]
      ?.trim()
      .slice(name.length + 1)
      .replace(/^(["'])(.*)\1$/, '$2')
    if (old !== value) all = at < 0 ? [...all, `${name}=${value}`] : all.with(at, `${name}=${value}`)
  }
  return textOfLines(all, text)
}

const file = (path: string, text: string): FileWant => ({ path, payload: payloadOf(text), newMode: '0644' })

/** The two files where they are to change; locale.gen counts only where locale-gen reads it. */
const files = (want: Want, seen: Seen): { want: FileWant; seen: Entry }[] =>
  [
    {
      want: file(genPath, seen.tool === 'locale-gen' ? editGen(want, seen.gen.text ?? '') : (seen.gen.text ?? '')),
      seen: seen.gen,
    },
    { want: file(seen.defaultsPath, editDefaults(want, seen.defaults.text ?? '')), seen: seen.defaults },
  ].filter(one => one.want.payload.text !== (one.seen.text ?? ''))

const toGenerate = (want: Want, seen: Seen): string[] =>
  want.name.filter(name => !isBuiltIn(name) && seen.there.includes(listed(name)) === (want.state === 'absent'))

const diff = (want: Want, seen: Seen): Change[] => [
  ...toGenerate(want, seen).map(name =>
    want.state === 'absent'
      ? { what: name, from: 'generated', to: 'absent' }
      : { what: name, from: 'absent', to: 'generated' },
  ),
  ...files(want, seen).flatMap(one => fileChanges(one.want, one.seen, one.want.path)),
]

/** Sources of locales: the C library's, and one's own. */
const sources = ['/usr/share/i18n/locales', '/usr/local/share/i18n/locales'] as const
const sourceOf = (name: string): string => name.replace(/\.[^@]*/, '')

const joined = (texts: readonly Sh[]): Sh => lines(sh`:`, ...texts)

/** Fails before anything is written where a locale has no source; `locale-gen` would say nothing, and leave it out. */
const mustBeKnown = (names: readonly string[]): Sh =>
  joined(
    names.map(
      name =>
        sh`[ -f ${`${sources[0]}/${sourceOf(name)}`} ] || [ -f ${`${sources[1]}/${sourceOf(name)}`} ] || { echo ${`there is no locale ${name}: see /usr/share/i18n/SUPPORTED on the host`} >&2; exit 1; }`,
    ),
  )

function generate(want: Want, seen: Seen): Sh {
  const names = toGenerate(want, seen)
  const define = (name: string): Sh =>
    want.state === 'absent'
      ? sh`localedef --delete-from-archive ${listed(name)} || exit 1`
      : sh`localedef -i ${sourceOf(name)} -f ${charsetOf(name)} ${name} || exit 1`
  const check = (name: string): Sh =>
    sh`locale -a | grep -qxF ${listed(name)} || { printf '%s\n' ${`${name} was not generated:`} "$said" >&2; exit 1; }`
  return sh`(PATH=$PATH:/usr/sbin:/sbin
${seen.tool === 'locale-gen' ? sh`said=$(locale-gen </dev/null 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }` : joined(names.map(define))}
${want.state === 'absent' ? sh`:` : joined(names.map(check))})`
}

/** Locales of the host. Programs that run already keep theirs; a login gets the new ones. */
export const locale = resource<Want, Seen>({
  kind: 'locale',
  schema,
  summary: 'Languages that are generated on the host, and its default language.',
  example: `- package: locales
- name: German by default, English dates
  locale:
    name: [de_DE.UTF-8, en_GB.UTF-8]
    default: true
    variables: { LC_TIME: en_GB.UTF-8 }
`,
  name: want => `locale ${want.name.join(' ')}`,
  probe: () => sh`PATH=$PATH:/usr/sbin:/sbin
if command -v locale-gen >/dev/null; then echo tool=locale-gen
elif command -v localedef >/dev/null && [ -d /usr/share/i18n/locales ]; then echo tool=localedef
else echo tool=none; fi
if command -v locale >/dev/null; then locale -a 2>/dev/null | sed 's/^/have=/'; fi
echo gen:
${probeText(genPath)}
if [ -f /etc/debian_version ] && { [ -e /etc/default/locale ] || [ ! -e /etc/locale.conf ]; }; then target=/etc/default/locale; else target=/etc/locale.conf; fi
echo "default:$target"
${probeText(sh`"$target"`)}`,
  read(out) {
    const [, head, gen, defaultsPath, defaults] =
      /^([\s\S]*?)^gen:\n([\s\S]*?)^default:(.*)\n([\s\S]*)$/m.exec(out) ?? []
    const tool = tools[/^tool=(.*)$/m.exec(head ?? '')?.[1] ?? '']
    if (
      head === undefined ||
      gen === undefined ||
      defaultsPath === undefined ||
      defaults === undefined ||
      tool === undefined
    )
      throw new UserError('the host did not say which locales it has', { output: out.slice(-500) })
    const there = linesOf(head).flatMap(line => (line.startsWith('have=') ? [line.slice(5)] : []))
    return { tool, there, gen: readText(genPath, gen), defaultsPath, defaults: readText(defaultsPath, defaults) }
  },
  diff,
  verb: want => (want.state === 'absent' ? 'remove' : 'generate'),
  apply(want, seen) {
    const changed = files(want, seen)
    const isGenerated = toGenerate(want, seen).length > 0
    if (changed.length === 0 && !isGenerated) return []
    if (isGenerated && seen.tool === 'none')
      return [
        sh`{ echo ${`locales cannot be generated here: install the package locales (Debian), or glibc-langpack-${want.name[0]?.replace(/_.*/, '')} (Fedora, RHEL)`} >&2; exit 1; }`,
      ]
    const writes = (isDefaults: boolean): Sh[] =>
      changed.flatMap(one => {
        const writing = (one.want.path === seen.defaultsPath) === isDefaults ? writingOf(one.want, one.seen) : undefined
        return writing === undefined ? [] : writeFiles([writing])
      })
    const known = want.state === 'absent' ? [] : [mustBeKnown(toGenerate(want, seen))]
    return [
      ...(isGenerated ? known : []),
      ...writes(false),
      ...(isGenerated ? [generate(want, seen)] : []),
      ...writes(true),
    ]
  },
  touches: want => [
    ...want.name.map(name => `locale:${name}`),
    `file:${genPath}`,
    'file:/etc/default/locale',
    'file:/etc/locale.conf',
  ],
})
