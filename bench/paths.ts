// Where the command lies, seen from the compiled benchmarks.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The launcher that users run. */
export const launcher = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'cli', 'longshore.cjs')
