// The `set_fact` kind: variables that later tasks of the host see; changes nothing on it.
import { isReserved } from '../../core/language/names.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { askNothing, readNothing } from './_told.js'

const schema = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z_]\w*$/, 'must be a name: letters, digits and underscores')
      .refine(name => !isReserved(name), 'is a word of the templates: give the variable another name'),
    z.unknown(),
  )
  .refine(want => Object.keys(want).length > 0, 'give at least one variable')
  .describe('Names and values. A value that is one whole {{ expression }} keeps its type')

type Want = z.infer<typeof schema>

/** Gives variables; nothing of them lies on the host. */
export const setFact = resource<Want, 'asked'>({
  kind: 'set_fact',
  summary: 'Sets variables of the host, which the tasks after it see by name; changes nothing on the host.',
  example: `- name: remember where the data lies
  set_fact:
    data: "/srv/{{facts.hostname}}"
    workers: "{{facts.cpus}}"`,
  schema,
  name: want => `variables ${Object.keys(want).join(', ')}`,
  probe: () => askNothing,
  read: readNothing,
  diff: () => [],
  verb: () => 'set',
  apply: () => [],
  gives: want => want,
})
