// The `assert` kind: what must hold for the play to go on; changes nothing.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'

const truth = z.union([z.boolean(), z.enum(['true', 'false']).transform(word => word === 'true')], {
  error: 'must be true or false, or a {{ whole expression }} that gives one: text is not evaluated here',
})

const schema = z.strictObject({
  that: z
    .union([truth.transform(one => [one]), z.array(truth)], { error: issue => issue.message })
    .describe('One truth value or a list, as rendered: "{{ eq facts.os.id \'debian\' }}"'),
  msg: z.string().optional().describe('What is said when one of them is false'),
})

type Want = z.infer<typeof schema>

const wrongOnes = ({ that }: Want): number[] => that.flatMap((one, index) => (one ? [] : [index + 1]))

/** What is said of the assertions that do not hold. */
const complaint = (want: Want): string =>
  (want.msg ?? 'what must hold does not') +
  (want.that.length === 1 ? '' : ` (false: number ${wrongOnes(want).join(', ')} of ${want.that.length})`)

/**
 * Fails the play on this host when something does not hold at its turn. A plan lists what does not hold yet: a step before it may
 * still make it true, and then it counts as already so.
 */
export const assert = resource<Want, 'asked'>({
  kind: 'assert',
  schema,
  summary: 'What must hold for the play to go on.',
  example: `- name: this is a Debian
  assert: { that: "{{ eq facts.os.family 'debian' }}", msg: only Debian is known here }`,
  name: () => 'assertion',
  probe: () => sh`echo asked`,
  read(out) {
    if (out.trim() !== 'asked') throw new UserError('the host did not answer', { output: out })
    return 'asked'
  },
  diff: want =>
    wrongOnes(want).length === 0 ? [] : [{ what: 'assertion', from: complaint(want), to: 'must hold by then' }],
  verb: () => 'check',
  apply: want => [sh`{ printf '%s\n' ${complaint(want)} >&2; exit 1; }`],
})
