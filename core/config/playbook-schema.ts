// The words of a play and of a task, with what each means.
import { z } from '../schema.js'
import { registerSchema, selectorSchema, varsSchema } from './schema.js'

const texts = z.union([z.string().min(1), z.array(z.string().min(1))])
const condition = z.union([z.string().min(1), z.boolean(), z.array(z.string().min(1)).min(1)])

/** The words of a task; its resource's word comes on top. */
export const taskSchema = z.looseObject({
  name: z.string().min(1).describe('What it is for, as the plan shows it.').optional(),
  when: condition
    .describe('CEL expression; the task is done only where it is true. A list means all of them.')
    .optional(),
  loop: z
    .union([z.array(z.unknown()), z.string().min(1)])
    .describe('A list, or one expression that gives one; `item` is the entry.')
    .optional(),
  register: registerSchema.describe('Name under which later tasks see the result.').optional(),
  changed_when: condition.describe('CEL expression: whether a command has changed something.').optional(),
  failed_when: condition.describe('CEL expression: whether a command has failed.').optional(),
  notify: texts.describe('Handlers to run after a change.').optional(),
  tags: texts.describe('Tags, for --tags.').optional(),
  become: z.boolean().describe('Whether to become root (or become_user).').optional(),
  become_user: z
    .string()
    .regex(/^[^-\s:\p{Cc}][^\s:\p{Cc}]*$/u, 'must be the name of a user')
    .describe('Whom to become.')
    .optional(),
  vars: varsSchema.optional(),
  environment: z.record(z.string().min(1), z.unknown()).describe('Environment variables of a command.').optional(),
  ignore_errors: z.boolean().describe('Go on after a failure.').optional(),
  no_log: z.boolean().describe('Show neither the arguments nor the output.').optional(),
  timeout: z.number().positive().describe('Seconds after which it fails.').optional(),
  check: z.unknown().describe('Command that succeeds when there is nothing to do (of `command`).').optional(),
  read_only: z.unknown().describe('True: changes nothing and runs in plan too (of `command`).').optional(),
})

/** A play; its tasks are checked one by one. */
export const playSchema = z.strictObject({
  name: z.string().min(1).describe('What it is for.').optional(),
  hosts: selectorSchema.optional(),
  become: z.boolean().describe('Whether its tasks run as root. Default false.').optional(),
  vars: varsSchema.optional(),
  tags: texts.describe('Tags of all its tasks.').optional(),
  tasks: z.array(z.unknown()).describe('Tasks, in order.').optional(),
  handlers: z.array(z.unknown()).describe('Tasks that run after a change, when notified.').optional(),
})

export type TaskEntry = z.infer<typeof taskSchema>
export const taskWords = Object.keys(taskSchema.shape)
