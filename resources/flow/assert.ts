// The `assert` kind: what must hold for the play to go on; changes nothing.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'

const one = z.union([z.boolean(), z.string().min(1)])

const schema = z.strictObject({
  that: z
    .union([one.transform(only => [only]), z.array(one).min(1)])
    .describe('A condition as in `when` or a list of them, all of which must hold: facts.memory_mb > 2000'),
  msg: z.string().optional().describe('What is said when one of them does not hold'),
})

/** Loaded, each of them is true or false. */
type Want = z.infer<typeof schema> & { texts?: string[] }

const wrongOnes = ({ that, texts = [] }: Want): string[] =>
  that.flatMap((holds, index) => (holds === true ? [] : [texts[index] ?? `number ${index + 1}`]))

/** What is said of the assertions that do not hold. */
const complaint = (want: Want): string => {
  const wrong = wrongOnes(want).filter(text => text !== 'false')
  return (want.msg ?? 'what must hold does not') + (wrong.length === 0 ? '' : ` (false: ${wrong.join(', ')})`)
}

/**
 * Fails the play on this host when something does not hold at its turn. A plan lists what does not hold yet: a step before it may
 * still make it true, and then it counts as already so.
 */
export const assert = resource<Want, 'asked'>({
  kind: 'assert',
  schema,
  summary: 'What must hold for the play to go on.',
  example: `- name: this is Debian
  assert:
    that: [facts.os.family == "debian", facts.cpus >= 1]
    msg: this playbook is for Debian`,
  name: () => 'assertion',
  load: async (want, { holds }) => ({
    ...want,
    that: want.that.map(each => (typeof each === 'string' ? holds(each) : each)),
    texts: want.that.map(String),
  }),
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
