// How a file says that a value is a secret: by its name, never by its text.
import { z } from '../schema.js'

/** `{ secret: NAME }`. */
export const secretUse = z.strictObject(
  { secret: z.string().min(1).describe('Name of an entry of `secrets:`.') },
  {
    error: issue =>
      issue.code === 'invalid_type'
        ? 'must be { secret: NAME }; plain text is not taken, say where to fetch it under `secrets:`'
        : undefined,
  },
)
