// The `sshd` kind: settings of the SSH server, checked by the server itself before they count, and in force without ending a session.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { type FileWant, fileChanges, payloadOf, writingOf } from '../_content.js'
import type { Entry } from '../_look.js'
import { writeFiles } from '../_write.js'
import { linesOf, readText, textOfLines } from '../text/_edit.js'
import {
  dropInFolder,
  mainFile,
  markDue,
  probeSshd,
  reloadSshd,
  validateDropIn,
  validateMain,
} from './_sshd_scripts.js'

const oneLine = z.string().regex(/^[^\n\r\0]+$/, 'must be one line')
const single = z.union([z.boolean().transform(value => (value ? 'yes' : 'no')), z.number().transform(String), oneLine])
const option = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9]*$/, 'must be the name of a setting, as sshd_config(5) has it')
  .refine(name => !/^(include|match)$/i.test(name), 'cannot stand here: give conditions by `match`')
const settings = z.record(option, z.union([single.transform(value => [value]), z.array(single)]))

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w-]+$/, 'must be letters, digits and dashes')
      .default('00-longshore')
      .describe(`Name of the file in ${dropInFolder}. sshd goes by the first value it meets: files in order of name`),
    settings: settings
      .default({})
      .describe(
        'Settings by name, such as PermitRootLogin: "no". A list gives several values. Take care not to lock yourself out',
      ),
    match: z
      .record(oneLine, settings)
      .default({})
      .describe('Settings by condition, such as "Group sftponly": { ForceCommand: internal-sftp }'),
    backup: z.boolean().optional().describe('Keep the old file beside the new one, with the time in its name'),
    state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  })
  .superRefine((want, context) => {
    if (want.state === 'present' && Object.keys(want.settings).length + Object.keys(want.match).length === 0)
      context.addIssue({ code: 'custom', path: ['settings'], message: 'give settings or match' })
  })

type Want = z.infer<typeof schema>

interface Seen {
  hasSshd: boolean
  /** Whether the main file includes the folder: else a block of it is ours. */
  includes: boolean
  due: boolean
  /** Lines of `sshd -T` that our settings alone give. */
  expected: { key: string; line: string }[]
  actual: string[]
  file: Entry
}

/** Settings that may stand several times, each adding to the others. */
const repeated = /^(port|listenaddress|hostkey|hostcertificate|acceptenv|(allow|deny)(users|groups))$/i
/** Settings whose value is a list with commas. */
const joined = /^(ciphers|macs|\w*algorithms|\w*keytypes)$/i

const linesFor = ([name, values]: [string, string[]]): string[] =>
  repeated.test(name)
    ? values.map(value => `${name} ${value}`)
    : [`${name} ${values.join(joined.test(name) ? ',' : ' ')}`]

const globals = (want: Want): string[] => Object.entries(want.settings).flatMap(linesFor)
const matches = (want: Want): string[] =>
  Object.entries(want.match).flatMap(([condition, inner]) => [
    `Match ${condition}`,
    ...Object.entries(inner)
      .flatMap(linesFor)
      .map(line => `    ${line}`),
  ])

/** The lines with a block between two markers as it should be: where it stands, else at the start or the end. */
function withBlock(lines: string[], name: string, body: string[], place: 'start' | 'end'): string[] {
  const [begin, end] = [`# BEGIN LONGSHORE ${name}`, `# END LONGSHORE ${name}`]
  const first = lines.indexOf(begin)
  const last = lines.indexOf(end, first + 1)
  if (first >= 0 !== last >= 0)
    throw new UserError(`${mainFile} has only one of the two lines "${begin}" and "${end}"`, {
      hint: 'Remove what is left of the block by hand.',
    })
  const block = body.length === 0 ? [] : [begin, ...body, end]
  if (first >= 0) return lines.toSpliced(first, last - first + 1, ...block)
  return place === 'start' ? [...block, ...lines] : [...lines, ...block]
}

function wantedText(want: Want, seen: Seen): string {
  const isWanted = want.state === 'present'
  if (seen.includes || !seen.hasSshd)
    return `# Written by Longshore\n${[...globals(want), ...matches(want)].join('\n')}\n`
  const old = seen.file.text ?? ''
  const top = withBlock(linesOf(old), want.name, isWanted ? globals(want) : [], 'start')
  return textOfLines(withBlock(top, `${want.name} match`, isWanted ? matches(want) : [], 'end'), old)
}

/** As `sshd -T` names them. */
const keysOf = (want: Want): string[] => Object.keys(want.settings).map(key => key.toLowerCase())

const dropIn = (want: Want): string => `${dropInFolder}/${want.name}.conf`

const asFile = (want: Want, seen: Seen): FileWant => ({
  path: seen.includes || !seen.hasSshd ? dropIn(want) : mainFile,
  payload: payloadOf(wantedText(want, seen)),
  newMode: '0644',
  validate: seen.includes ? validateDropIn(want.name) : validateMain,
  backup: want.backup,
})

/** `absent` where there is nothing to remove: no file of ours, or a main file that stays. */
const removesFile = (want: Want, seen: Seen): boolean => want.state === 'absent' && (seen.includes || !seen.hasSshd)

function textChanges(want: Want, seen: Seen): Change[] {
  if (!removesFile(want, seen)) return fileChanges(asFile(want, seen), seen.file, 'settings')
  return seen.file.kind === 'absent' ? [] : [{ what: 'settings', from: 'present', to: 'absent' }]
}

/** What is written but not in force, because another file says otherwise before. */
const overruled = (want: Want, seen: Seen): Change[] =>
  want.state === 'absent' || seen.actual.length === 0
    ? []
    : seen.expected
        .filter(({ line }) => !seen.actual.includes(line))
        .map(({ key, line }) => ({
          what: `effective ${key}`,
          from: seen.actual.find(one => one.startsWith(`${key} `))?.slice(key.length + 1) ?? 'not set',
          to: line.slice(key.length + 1),
        }))

function diff(want: Want, seen: Seen): Change[] {
  const changes = textChanges(want, seen)
  if (changes.length > 0) return changes
  return [
    ...overruled(want, seen),
    ...(seen.due ? [{ what: 'sshd', from: 'has read older settings', to: 'has read them' }] : []),
  ]
}

const noFile: Entry = { kind: 'absent', mode: '', owner: '', group: '', uid: '', gid: '', size: 0, sum: '', text: '' }

/** Settings of the SSH server, in a file of their own where the host's sshd_config includes such files, else in a block of it. */
export const sshd = resource<Want, Seen>({
  kind: 'sshd',
  schema,
  summary: 'Settings of the SSH server: checked before they are written, in force at once, sessions stay.',
  example: `- name: Root logs in by key only
  sshd:
    settings:
      PermitRootLogin: prohibit-password
      MaxAuthTries: 4
      AcceptEnv: [LANG, "LC_*"]
    match:
      "Group sftponly": { ForceCommand: internal-sftp, AllowTcpForwarding: false }
`,
  name: want => `sshd settings ${want.name}`,
  probe: want => probeSshd(dropIn(want), `${globals(want).join('\n')}\n`, keysOf(want)),
  read(out, want) {
    const none = { due: false, expected: [], actual: [], file: noFile }
    if (out === 'no sshd\n') return { ...none, hasSshd: false, includes: true }
    const [, head, rest] = /^([\s\S]*?)^file:\n([\s\S]*)$/m.exec(out) ?? []
    const includes = /^include=(yes|no)$/m.exec(head ?? '')?.[1]
    if (head === undefined || rest === undefined || includes === undefined)
      throw new UserError('the host did not say how its sshd is set', { output: out.slice(-1000) })
    const told = (word: string): string[] =>
      linesOf(head).flatMap(line => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
    const refused = told('refused')
    if (refused.length > 0 && want.state === 'present')
      throw new UserError("the host's sshd refuses these settings", {
        output: refused.join('\n').replaceAll('/dev/stdin: ', ''),
        hint: 'See sshd_config(5) of the version on the host.',
      })
    const expected = told('expected').map(line => ({ key: line.replace(/ .*/, ''), line }))
    const file = readText(includes === 'yes' ? dropIn(want) : mainFile, rest)
    return {
      hasSshd: true,
      includes: includes === 'yes',
      due: /^due=yes$/m.test(head),
      expected,
      actual: told('actual'),
      file,
    }
  },
  diff,
  verb: want => (want.state === 'absent' ? 'remove' : 'write'),
  apply(want, seen): Sh[] {
    if (diff(want, seen).length === 0) return []
    const expected = want.state === 'present' ? seen.expected : []
    const mayListen =
      want.state === 'absent' || keysOf(want).some(key => /^(port|listenaddress|addressfamily)$/.test(key))
    if (removesFile(want, seen)) return [markDue, sh`rm -f ${dropIn(want)}`, reloadSshd(expected, mayListen)]
    const writing = writingOf(asFile(want, seen), seen.file)
    return [markDue, ...(writing === undefined ? [] : writeFiles([writing])), reloadSshd(expected, mayListen)]
  },
  touches: want => [`file:${dropIn(want)}`, `file:${mainFile}`, 'service:ssh'],
})
