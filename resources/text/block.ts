// The `block` kind: lines between two marker lines of a text file, as Ansible's blockinfile.
import { UserError } from '../../core/errors.js'
import { z } from '../../core/schema.js'
import { reveal } from '../../core/secret.js'
import { textOrSecret } from '../_attributes.js'
import { createField, editFields, editing, linesOf, stateField, textOfLines } from './_edit.js'
import { isOnePlace, placeFields, placeIn } from './_pattern.js'

const schema = z
  .strictObject({
    ...editFields,
    block: textOrSecret.default('').describe('The lines; an empty block is removed with its markers'),
    marker: z
      .string()
      .regex(/^[^\n\r]*\{mark\}[^\n\r]*$/, 'must be one line that holds {mark}')
      .default('# {mark} LONGSHORE MANAGED BLOCK')
      .describe('The lines around the block; {mark} becomes BEGIN and END. Each block of a file needs its own'),
    state: stateField,
    ...placeFields,
    create: createField,
  })
  .refine(isOnePlace, 'give insertafter or insertbefore, not both')

type Want = z.infer<typeof schema>

function edit(want: Want, text: string): string {
  const lines = linesOf(text)
  const [begin, end] = [want.marker.replace('{mark}', 'BEGIN'), want.marker.replace('{mark}', 'END')]
  const first = lines.indexOf(begin)
  const last = lines.indexOf(end, first + 1)
  if (first >= 0 !== last >= 0)
    throw new UserError(`${want.path} has only one of the two markers of this block`, {
      hint: `Look for "${begin}" and "${end}" in it, and remove what is left of the block by hand.`,
    })
  const body = linesOf(reveal(want.block))
  const wanted = want.state === 'absent' || body.length === 0 ? [] : [begin, ...body, end]
  if (first >= 0) return textOfLines(lines.toSpliced(first, last - first + 1, ...wanted), text)
  return wanted.length === 0 ? text : textOfLines(lines.toSpliced(placeIn(lines, want), 0, ...wanted), text)
}

/** A block of lines, found again by the markers around it. It stays where it is; a new one goes where it is told to. */
export const block = editing<Want>({
  kind: 'block',
  schema,
  summary: 'Lines of a text file between two markers, which find them again.',
  example: `- name: names of the shop's hosts
  block:
    path: /etc/hosts.shop
    create: true
    block: |
      192.0.2.10 web1
      192.0.2.11 db1`,
  edit,
  values: want => [want.block],
})
