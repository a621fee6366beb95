// How a service's containers are replaced: `deploy.update_config` and `deploy.rollback_config`.
import { z } from '../../schema.js'
import { duration, keyed, whole } from './shapes.js'

const ratio = z
  .union([z.number(), z.string().regex(/^(0?\.\d+|[01](\.0+)?)$/)], { error: 'must be a number from 0 to 1' })
  .transform(Number)
  .refine(value => value >= 0 && value <= 1, { error: 'must be a number from 0 to 1' })

const rules = {
  parallelism: whole(0, 10_000)
    .optional()
    .describe('How many at once, on all hosts together; 0 for all. 1 if left out.'),
  delay: duration.optional().describe('Time between two batches.'),
  monitor: duration.optional().describe('How long a new one must stay good before it counts.'),
  max_failure_ratio: ratio.optional().describe('The share that may fail, 0 to 1. 0 if left out.'),
  order: z
    .enum(['start-first', 'stop-first'])
    .optional()
    .describe('Whether the new one starts before the old one stops. Left out: where nothing stands against it.'),
}

/** `deploy.update_config`. */
export const updateSchema = keyed({
  ...rules,
  failure_action: z
    .enum(['pause', 'continue', 'rollback'])
    .optional()
    .describe(
      'When more fail than may: pause leaves the rest as it is, rollback puts back what was replaced in this run.',
    ),
})

/** `deploy.rollback_config`. */
export const rollbackSchema = keyed({
  ...rules,
  failure_action: z.enum(['pause', 'continue']).optional().describe('What to do when one cannot be put back.'),
})
