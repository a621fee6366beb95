// A service's variables: env_file below environment, everything as text, secrets as they are.
import { readDotenv } from '../config/dotenv.js'
import { messageOf } from '../errors.js'
import type { Value } from '../secret.js'
import type { Read } from './read.js'
import { pathHere, type Run, secretIn } from './run.js'
import type { Service } from './schema/service.js'
import type { SecretRef } from './schema/shapes.js'

/** Records with their keys in order, so that the order in the file makes no difference. */
export const sorted = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)))

/** The variables that a value without one comes from: those of its own Compose file, else the project's. */
const variablesFor = (run: Run, { raw }: Read<unknown>): Readonly<Record<string, string>> =>
  raw.composed?.environment ?? run.context.environment

/** `NAME=value` lines just as they stand; empty lines and comments are passed over. */
const rawLines = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const at = line.indexOf('=')
      return at < 1 || line.startsWith('#') ? [] : [[line.slice(0, at).trim(), line.slice(at + 1)]]
    }),
  )

/** Values as texts or secrets. One without a value comes from the environment of interpolation, and is left out where that has none. */
export function textValues(
  run: Run,
  read: Read<unknown>,
  values: Readonly<Record<string, string | null | SecretRef>>,
  path: readonly string[],
): Record<string, Value> {
  const environment = variablesFor(run, read)
  const pairs = Object.entries(values).flatMap(([name, value]): [string, Value][] => {
    if (typeof value === 'string') return [[name, value]]
    if (value === null) return Object.hasOwn(environment, name) ? [[name, environment[name] ?? '']] : []
    const secret = secretIn(run, read, value.secret, read.raw.where([...path, name]))
    return secret === undefined ? [] : [[name, secret]]
  })
  return sorted(Object.fromEntries(pairs))
}

/** What a file of a service's says; nothing, with a mistake noted, where it cannot be read. */
async function readFileOf(
  run: Run,
  read: Read<Service>,
  from: { path: string; key: string; place: (string | number)[]; folder: string; required: boolean; isRaw: boolean },
): Promise<Record<string, string>> {
  const { context, mistakes } = run
  const at = read.raw.where([from.key, ...from.place])
  const file = pathHere(run, from.path, from.folder)
  if (!(await context.files.exists(file))) {
    if (from.required) mistakes.add(`${read.name}: there is no ${from.key} ${file}`, at)
    return {}
  }
  const text = await context.files.text(file).catch((error: unknown) => {
    mistakes.add(`${read.name}: ${messageOf(error)}`, at)
    return ''
  })
  if (from.isRaw) return rawLines(text)
  return mistakes.take(() => readDotenv(text, file, { ...variablesFor(run, read) })) ?? {}
}

/** The variables of a service's containers, in order of their names. */
export async function environmentOf(run: Run, read: Read<Service>, folder: string): Promise<Record<string, Value>> {
  const found: Record<string, Value> = {}
  for (const { path, required, isRaw, place } of read.value.env_file ?? [])
    Object.assign(found, await readFileOf(run, read, { path, required, isRaw, place, key: 'env_file', folder }))
  return sorted({ ...found, ...textValues(run, read, read.value.environment ?? {}, ['environment']) })
}

/** The labels of a service's containers, in order of their names: those of its files below its own. */
export async function labelsOf(run: Run, read: Read<Service>, folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  const listed = (read.value.label_file ?? []).length > 1
  for (const [index, path] of (read.value.label_file ?? []).entries()) {
    const place = listed ? [index] : []
    Object.assign(
      found,
      await readFileOf(run, read, { path, required: true, isRaw: false, place, key: 'label_file', folder }),
    )
  }
  return sorted({ ...found, ...(read.value.labels ?? {}) })
}
