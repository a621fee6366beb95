// The `replace` kind: every match of a regular expression in a text file is replaced, as Ansible's replace.
import { z } from '../../core/schema.js'
import { reveal } from '../../core/secret.js'
import { textOrSecret } from '../_attributes.js'
import { editFields, editing } from './_edit.js'
import { fillGroups, pattern } from './_pattern.js'

const schema = z.strictObject({
  ...editFields,
  regexp: pattern.describe('What is looked for in the whole text, ^ and $ at every line. JavaScript syntax'),
  replace: textOrSecret
    .default('')
    .describe('What comes in its place; \\1 to \\9 stand for its groups, \\0 for all of it'),
})

type Want = z.infer<typeof schema>

const edit = (want: Want, text: string): string =>
  text.replace(new RegExp(want.regexp, 'gm'), (...found) => {
    const groups = found.slice(
      0,
      found.findIndex(each => typeof each === 'number'),
    ) as (string | undefined)[]
    return fillGroups(reveal(want.replace), groups)
  })

/** Replaces all matches. What it writes must not match again, or the second run would change it again; a plan says so. */
export const replace = editing<Want>({
  kind: 'replace',
  schema,
  summary: 'Every match of an expression in a text file.',
  example: `- name: colours and short names that Debian leaves out
  replace: { path: /root/.bashrc, regexp: "^# (export|alias) ", replace: '\\1 ' }`,
  edit,
  values: want => [want.replace],
})
