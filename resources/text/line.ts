// The `line` kind: one line of a text file, as Ansible's lineinfile.
import { z } from '../../core/schema.js'
import { reveal } from '../../core/secret.js'
import { textOrSecret } from '../_attributes.js'
import { createField, editFields, editing, linesOf, stateField, textOfLines } from './_edit.js'
import { fillGroups, isOnePlace, pattern, placeFields, placeIn } from './_pattern.js'

const schema = z
  .strictObject({
    ...editFields,
    line: textOrSecret.optional().describe('The whole line'),
    regexp: pattern
      .optional()
      .describe('The last line that matches is replaced; with state: absent, all that match go. JavaScript syntax'),
    state: stateField,
    ...placeFields,
    backrefs: z
      .boolean()
      .default(false)
      .describe('\\1 to \\9 in line stand for groups of regexp; nothing is added where it does not match'),
    create: createField,
  })
  .superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (want.state === 'present' && want.line === undefined) refuse('line', 'is needed')
    if (want.line === undefined && want.regexp === undefined) refuse('state', 'give a line or a regexp')
    if (want.line !== undefined && /[\n\r]/.test(reveal(want.line)))
      refuse('line', 'must be one line: block takes more')
    if (want.backrefs && want.regexp === undefined) refuse('backrefs', 'needs a regexp')
    if (!isOnePlace(want)) refuse('insertbefore', 'give insertafter or insertbefore, not both')
  })

type Want = z.infer<typeof schema>

function present(want: Want, lines: readonly string[]): readonly string[] {
  const line = reveal(want.line ?? '')
  const expression = want.regexp === undefined ? undefined : new RegExp(want.regexp)
  const found = expression === undefined ? -1 : lines.findLastIndex(each => expression.test(each))
  const groups = expression?.exec(lines[found] ?? '')
  if (found >= 0) return lines.with(found, want.backrefs && groups ? fillGroups(line, groups) : line)
  return want.backrefs || lines.includes(line) ? lines : lines.toSpliced(placeIn(lines, want), 0, line)
}

function absent(want: Want, lines: readonly string[]): readonly string[] {
  const line = reveal(want.line ?? '')
  const expression = want.regexp === undefined ? undefined : new RegExp(want.regexp)
  return lines.filter(each => (expression === undefined ? each !== line : !expression.test(each)))
}

/** One line of a file. What `regexp` finds is replaced; where it finds nothing, the line is added unless it is there. */
export const line = editing<Want>({
  kind: 'line',
  schema,
  summary: 'One line of a text file, found by an expression or by itself.',
  example: `- name: no passwords over SSH
  line:
    path: /etc/ssh/sshd_config
    regexp: "^#?PasswordAuthentication"
    line: PasswordAuthentication no
    validate: "/usr/sbin/sshd -t -f %s"`,
  edit: (want, text) => textOfLines((want.state === 'present' ? present : absent)(want, linesOf(text)), text),
  values: want => [want.line],
})
