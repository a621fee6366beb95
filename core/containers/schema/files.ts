// The entries of a Compose file's `configs:` and `secrets:`: where a file's content comes from.
import { z } from '../../schema.js'
import { keyed } from './shapes.js'

const sources = {
  file: z.string().min(1).optional().describe('A file; relative to the Compose file.'),
  environment: z.string().min(1).optional().describe('A variable that holds it.'),
}

const one = (entry: Record<string, unknown>): boolean =>
  Object.values(entry).filter(source => source !== undefined).length === 1

/** One entry of `configs:`. */
export const configSchema = keyed({ ...sources, content: z.string().optional().describe('The text itself.') }).refine(
  one,
  { error: 'it has exactly one of file, environment and content' },
)

/** One entry of a Compose file's `secrets:`. */
export const secretFileSchema = keyed(sources).refine(one, { error: 'it has exactly one of file and environment' })
