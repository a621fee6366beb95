// The one door to the schema library: everything that checks YAML, here or in resources and providers, is written with this `z`.
import { z } from 'zod'

export { z }

/** A checked shape of T, which also documents it (JSON Schema, reference pages). */
export type Schema<T> = z.ZodType<T>
