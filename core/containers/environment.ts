// A service's variables: env_file below environment, everything as text, secrets as they are.
import { readDotenv } from '../config/dotenv.js'
import type { Value } from '../secret.js'
import type { Read } from './read.js'
import { pathHere, type Run, secretIn } from './run.js'
import type { Service } from './schema/service.js'
import type { SecretRef } from './schema/shapes.js'

/** Records with their keys in order, so that the order in the file makes no difference. */
export const sorted = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)))

/** Values as texts or secrets. One without a value comes from the environment of interpolation, and is left out where that has none. */
export function textValues(
  run: Run,
  read: Read<unknown>,
  values: Readonly<Record<string, string | null | SecretRef>>,
  path: readonly string[],
): Record<string, Value> {
  const { environment } = run.context
  const pairs = Object.entries(values).flatMap(([name, value]): [string, Value][] => {
    if (typeof value === 'string') return [[name, value]]
    if (value === null) return Object.hasOwn(environment, name) ? [[name, environment[name] ?? '']] : []
    const secret = secretIn(run, read, value.secret, read.raw.where([...path, name]))
    return secret === undefined ? [] : [[name, secret]]
  })
  return sorted(Object.fromEntries(pairs))
}

/** The variables of a service's containers, in order of their names. */
export async function environmentOf(run: Run, read: Read<Service>, folder: string): Promise<Record<string, Value>> {
  const { context, mistakes } = run
  const found: Record<string, Value> = {}
  for (const { path, required, place } of read.value.env_file ?? []) {
    const at = read.raw.where(['env_file', ...place])
    const file = pathHere(run, path, folder)
    if (!(await context.files.exists(file))) {
      if (required) mistakes.add(`${read.name}: there is no env_file ${file}`, at)
      continue
    }
    const text = await context.files.text(file)
    const values = mistakes.take(() => readDotenv(text, file, context.environment))
    if (values !== undefined) Object.assign(found, values)
  }
  return sorted({ ...found, ...textValues(run, read, read.value.environment ?? {}, ['environment']) })
}
