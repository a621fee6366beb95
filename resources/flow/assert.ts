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

/** Fails the play on this host, already in the plan, when something does not hold. */
export const assert = resource<Want, 'holds'>({
  kind: 'assert',
  schema,
  name: () => 'assertion',
  probe: () => sh`echo asked`,
  read(out, { that, msg }) {
    if (out.trim() !== 'asked') throw new UserError('the host did not answer', { output: out })
    const wrong = that.flatMap((one, index) => (one ? [] : [String(index + 1)]))
    if (wrong.length === 0) return 'holds'
    throw new UserError(msg ?? 'what must hold does not', {
      hint: that.length === 1 ? undefined : `False: number ${wrong.join(', ')} of ${that.length}.`,
    })
  },
  diff: () => [],
  verb: () => 'check',
  apply: () => [],
})
