// The `debug` kind: tells a text or a variable when its turn comes; changes nothing.
import { toYaml } from '../../core/config/yaml.js'
import { likeError, UserError, usageError } from '../../core/errors.js'
import { type LoadContext, resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { Secret } from '../../core/secret.js'
import { askNothing, readNothing } from './_told.js'

const shortForm = (given: unknown): unknown =>
  typeof given === 'string' || given instanceof Secret ? { msg: given } : given

const fields = z
  .strictObject({
    msg: z.unknown().optional().describe('What is told: text, or any value; lists and maps are shown as YAML'),
    var: z.unknown().optional().describe('Instead of msg: the name of a variable, which is shown with its value'),
  })
  .refine(want => (want.msg === undefined) !== (want.var === undefined), 'give either msg or var')
const schema = z.preprocess(shortForm, fields)

type Want = z.infer<typeof fields> & { shown?: string }

const name = /^[A-Za-z_]\w*(\.\w[\w-]*)*$/

const isCompound = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !(value instanceof Secret) && Object.keys(value).length > 0

/** A value for people: text as it is, the rest as YAML. A secret stays a mask. */
const shown = (value: unknown): string =>
  typeof value === 'string' || value instanceof Secret ? String(value) : toYaml(value)

/** A variable as YAML. The text that is rendered stands in no file, so that an error's place is the task's. */
function lookUp(variable: string, context: LoadContext): { text: string; secret: boolean } {
  try {
    return context.render(`{{yaml ${variable}}}`, 'var')
  } catch (error) {
    throw error instanceof UserError ? likeError(error, { at: undefined }) : error
  }
}

/** What is told of a value with its name; a list, a map or a text of several lines starts on a line of its own. */
const withName = (title: string, text: string, compound: boolean): string =>
  compound || text.includes('\n') ? `${title}:\n${text.replace(/^/gm, '  ')}` : `${title}: ${text}`

/** Tells something in a run. */
export const debug = resource<Want, 'asked'>({
  kind: 'debug',
  summary: 'Tells a text or the value of a variable when its turn comes; changes nothing.',
  example: `- name: say where we are
  debug: "this is {{facts.os.name}} on {{facts.arch}}"
- name: show a variable
  debug: { var: facts.os }`,
  schema,
  name: () => 'message',
  async load(want, context) {
    if (typeof want.var !== 'string') return want
    if (!name.test(want.var))
      throw usageError(`var takes the name of a variable, such as result.stdout, and this is none: ${want.var}`, {
        hint: 'Give a text by msg.',
      })
    const { text, secret } = lookUp(want.var, context)
    const value = secret ? '(it holds a secret)' : text
    return { ...want, shown: withName(want.var, value, /^(- |[^\s"'{[][^\n]*:( |$))/m.test(value)) }
  },
  probe: () => askNothing,
  read: readNothing,
  diff: () => [],
  verb: () => 'tell',
  apply: () => [],
  message: want =>
    want.shown ?? (want.msg === undefined ? withName('var', shown(want.var), isCompound(want.var)) : shown(want.msg)),
})
