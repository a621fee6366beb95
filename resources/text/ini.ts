// The `ini` kind: one option of an INI file, as Ansible's ini_file; all else in the file stays as it is.
import { z } from '../../core/schema.js'
import { reveal } from '../../core/secret.js'
import { textOrSecret } from '../_attributes.js'
import { createField, editFields, editing, linesOf, stateField, textOfLines } from './_edit.js'

const schema = z
  .strictObject({
    ...editFields,
    section: z
      .string()
      .regex(/^[^[\]\n\r]+$/, 'must be the text between the brackets')
      .optional()
      .describe('The section, without brackets; left out: what comes before the first one'),
    option: z
      .string()
      .regex(/^[^=\s#;[][^=\n\r]*$/, 'must be a name without an equals sign')
      .optional()
      .describe('The option; left out with state: absent, the whole section goes'),
    value: textOrSecret.optional().describe('Its value'),
    state: stateField,
    no_extra_spaces: z.boolean().default(false).describe('A new option is written as a=b instead of a = b'),
    create: createField.default(true).describe('Make the file where it is not there'),
  })
  .superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (want.state === 'present' && want.option === undefined) refuse('option', 'is needed')
    if (want.state === 'present' && want.value === undefined) refuse('value', 'is needed')
    if (want.value !== undefined && /[\n\r]/.test(reveal(want.value))) refuse('value', 'must be one line')
    if (want.option === undefined && want.section === undefined) refuse('section', 'give a section or an option')
  })

type Want = z.infer<typeof schema>

const isHeader = (line: string): boolean => /^\s*\[.*\]\s*$/.test(line)

/** First line of the section's body and the line after it; undefined where there is no such section. */
function bodyOf(lines: readonly string[], section: string | undefined): [number, number] | undefined {
  const header = lines.findIndex(line => isHeader(line) && line.trim() === `[${section}]`)
  if (section !== undefined && header < 0) return undefined
  const first = section === undefined ? 0 : header + 1
  const next = lines.findIndex((line, index) => index >= first && isHeader(line))
  return [first, next < 0 ? lines.length : next]
}

/** The option of a line, how the line goes up to its value, and the value. */
function optionOf(line: string): { name: string; lead: string; value: string } | undefined {
  const [, lead = '', name, value = ''] = /^(\s*([^=\s#;[][^=]*?)\s*=\s*)(.*?)\s*$/.exec(line) ?? []
  return name === undefined ? undefined : { name, lead, value }
}

function present(want: Want, lines: string[]): string[] {
  const { section, option = '' } = want
  const value = reveal(want.value ?? '')
  const fresh = want.no_extra_spaces ? `${option}=${value}` : `${option} = ${value}`
  const body = bodyOf(lines, section)
  if (body === undefined) return [...lines, ...(lines.length === 0 ? [] : ['']), `[${section}]`, fresh]
  const [first, end] = body
  const found = lines.findLastIndex((line, at) => at >= first && at < end && optionOf(line)?.name === option)
  const old = optionOf(lines[found] ?? '')
  if (old !== undefined) return old.value === value ? lines : lines.with(found, old.lead + value)
  const last = lines.findLastIndex((line, at) => at >= first && at < end && line.trim() !== '')
  return lines.toSpliced(last < 0 ? first : last + 1, 0, fresh)
}

function absent({ section, option }: Want, lines: string[]): string[] {
  const body = bodyOf(lines, section)
  if (body === undefined) return lines
  const [first, end] = body
  if (option === undefined) return lines.toSpliced(first - 1, end - first + 1)
  return lines.filter((line, at) => at < first || at >= end || optionOf(line)?.name !== option)
}

/** One option. Where it is set already only its value changes; a new one goes to the end of its section. */
export const ini = editing<Want>({
  kind: 'ini',
  schema,
  summary: 'One option of a file with [sections].',
  example: `- name: logs take 200 MB at most
  ini: { path: /etc/systemd/journald.conf, section: Journal, option: SystemMaxUse, value: 200M, no_extra_spaces: true }`,
  edit: (want, text) => textOfLines((want.state === 'present' ? present : absent)(want, linesOf(text)), text),
  values: want => [want.value],
})
