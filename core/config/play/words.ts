// The words of a play, a task and a block, with what each means.
import { z } from '../../schema.js'
import { nameSchema, registerSchema, selectorSchema, varsSchema } from '../schema.js'

const texts = z.union([z.string().min(1), z.array(z.string().min(1))])
const condition = z.union([z.string().min(1), z.boolean(), z.array(z.string().min(1)).min(1)])
const list = z.array(z.unknown())
const user = z.string().regex(/^[^-\s:\p{Cc}][^\s:\p{Cc}]*$/u, 'must be the name of a user')

/** What a block, a role or an include may say too, for all the tasks in it. */
const shared = {
  name: z.string().min(1).describe('What it is for, as the plan shows it.').optional(),
  when: condition.describe('CEL expression; it is done only where it is true. A list means all of them.').optional(),
  notify: texts.describe('Handlers to run after a change, by name or by what they listen to.').optional(),
  tags: texts.describe('Tags, for --tags.').optional(),
  become: z.boolean().describe('Whether to become root (or become_user).').optional(),
  become_user: user.describe('Whom to become.').optional(),
  vars: varsSchema.optional(),
  environment: z.record(z.string().min(1), z.unknown()).describe('Environment variables of a command.').optional(),
  ignore_errors: z.boolean().describe('Go on after a failure.').optional(),
  no_log: z.boolean().describe('Show neither the arguments nor the output.').optional(),
  timeout: z.number().positive().describe('Seconds after which it fails.').optional(),
  delegate_to: z.string().min(1).describe('Name of the host that it is done on instead.').optional(),
  run_once: z.boolean().describe('Done once, on the first host of the play, for all of them.').optional(),
}

const loopName = z.union([z.literal('item'), nameSchema])

const loopControl = z
  .strictObject({
    loop_var: loopName.describe('Name of the entry. Default item.').optional(),
    index_var: nameSchema.describe('Name of the number of the pass, from 0.').optional(),
    label: z
      .string()
      .min(1)
      .describe('What a pass is called in the plan: a template. Default: the entry, of a map its key or `name`.')
      .optional(),
  })
  .describe('How a loop is shown, and which names its passes have.')

/** The words of a task; its kind's word comes on top. */
export const taskSchema = z.looseObject({
  ...shared,
  loop: z
    .union([list, z.record(z.string(), z.unknown()), z.string().min(1)], {
      error: 'must be a list, a map, or one expression that gives one',
    })
    .describe(
      'A list, a map (its entries have `key` and `value`), or one expression that gives one; `item` is the entry.',
    )
    .optional(),
  loop_control: loopControl.optional(),
  register: registerSchema.describe('Name under which later tasks see the result.').optional(),
  changed_when: condition.describe('CEL expression: whether a command has changed something.').optional(),
  failed_when: condition.describe('CEL expression: whether a command has failed.').optional(),
  until: condition.describe('CEL expression: tried again until it is true.').optional(),
  retries: z
    .int()
    .min(0)
    .describe('How many more times it is tried after a failure. Default 3 with `until`.')
    .optional(),
  delay: z.number().min(0).describe('Seconds between tries. Default 5.').optional(),
  listen: texts.describe('Of a handler: other names that notify it.').optional(),
  check: z.unknown().describe('Command that succeeds when there is nothing to do (of `command`).').optional(),
  read_only: z.unknown().describe('True: changes nothing and runs in plan too (of `command`).').optional(),
})

/** A block: tasks with something in common, and what happens when one of them fails. */
export const blockSchema = z.strictObject({
  ...shared,
  block: list.min(1).describe('Tasks, in order.'),
  rescue: list
    .min(1)
    .describe('Tasks that run when one of the block has failed; the host then counts as well.')
    .optional(),
  always: list.min(1).describe('Tasks that run afterwards, whatever happened.').optional(),
})

/** An entry of a play's `roles:`, as a map. */
export const roleUseSchema = z.strictObject({
  ...shared,
  role: z.string().min(1).describe('Name of the role.').optional(),
})

/** What `include` takes. */
export const includeSchema = z
  .union([
    z.string().min(1),
    z.strictObject({ file: z.string().min(1).describe('Path of the file.'), vars: varsSchema.optional() }),
  ])
  .describe('Tasks of another file, a list of tasks; its path starts beside the file that says it.')

/** What `role` takes. */
export const roleSchema = z
  .union([
    z.string().min(1),
    z.strictObject({ name: z.string().min(1).describe('Name of the role.'), vars: varsSchema.optional() }),
  ])
  .describe('Tasks of a role: a folder under `roles/` with tasks, handlers, defaults, vars, templates and files.')

const share = z.union([
  z.int().min(1),
  z.string().regex(/^([1-9]\d*|[1-9]\d?%|100%)$/, 'must be a number of hosts or a percentage like "25%"'),
])

/** A play; its tasks are checked one by one. */
export const playSchema = z.strictObject({
  name: z.string().min(1).describe('What it is for.').optional(),
  hosts: selectorSchema.optional(),
  become: z.boolean().describe('Whether its tasks run as root. Default false.').optional(),
  become_user: user.describe('Whom its tasks become.').optional(),
  environment: z.record(z.string().min(1), z.unknown()).describe('Environment variables of its commands.').optional(),
  vars: varsSchema.optional(),
  vars_files: texts
    .describe("YAML files with variables, beside the playbook or in the project's folder; stronger than `vars`.")
    .optional(),
  serial: z
    .union([share, z.array(share).min(1)])
    .describe('How many hosts at a time: a number or a percentage; a list gives the first batches. Default: all.')
    .optional(),
  max_fail: z
    .union([
      z.int().min(0),
      z.string().regex(/^\d{1,2}%$|^100%$/, 'must be a number of hosts or a percentage like "25%"'),
    ])
    .describe('How many hosts may fail before the play goes no further. Default: all, with `serial` all of one batch.')
    .optional(),
  tags: texts.describe('Tags of all its tasks.').optional(),
  roles: list.describe('Roles, in order, before the tasks: names, or maps of role, vars, when and tags.').optional(),
  tasks: list.describe('Tasks, in order.').optional(),
  handlers: list.describe('Tasks that run after a change, when notified.').optional(),
})

export type TaskEntry = z.infer<typeof taskSchema>
export type BlockEntry = z.infer<typeof blockSchema>
export const taskWords = Object.keys(taskSchema.shape)
