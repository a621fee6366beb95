// Which definition of each variable is in force for a host, which are overridden, and the value that comes of it.
import { UserError } from '../../core/errors.js'
import type { LocalFiles } from '../../core/files.js'
import { createScope, lookupsOver } from '../../core/language/index.js'
import type { Host, Project } from '../../core/project.js'
import type { Vars } from '../../core/raw.js'
import { type Masker, Secret } from '../../core/secret.js'
import { type Definition, definitionsFor } from './definitions.js'

/** How a definition stands: `there` holds in its play or task alone. */
export type Standing = 'in force' | 'merged' | 'overridden' | 'there'

/** One variable of a host. */
export interface Variable {
  name: string
  /** Its value on the whole host, secrets as masks; undefined where only plays or tasks define it. */
  value?: unknown
  /** Why the value is shown as it is written. */
  unrendered?: string
  /** The strongest first. */
  from: (Definition & { standing: Standing })[]
}

const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Maps are merged with what is weaker; anything else takes its place. */
function standings(definitions: readonly Definition[]): Variable['from'] {
  let hidden = false
  return [...definitions].reverse().map((definition, index, all) => {
    const above = all.slice(0, index).filter(one => one.wide)
    const standing: Standing = hidden
      ? 'overridden'
      : !definition.wide
        ? above.length > 0
          ? 'overridden'
          : 'there'
        : above.length === 0
          ? 'in force'
          : 'merged'
    const isSecret = isMap(definition.value) && Object.keys(definition.value as object).join() === 'secret'
    if (definition.wide && (!isMap(definition.value) || isSecret)) hidden = true
    return { ...definition, standing }
  })
}

/** Values without secrets: a secret is its name, and stands as a mask. */
const masked = (value: unknown): unknown => {
  if (value instanceof Secret) return value.toString()
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [[key, name] = []] = entries
  if (entries.length === 1 && key === 'secret' && typeof name === 'string') return new Secret(name, '').toString()
  return Object.fromEntries(entries.map(([name, inner]) => [name, masked(inner)]))
}

export interface VariablesContext {
  project: Project
  files: LocalFiles
  masker: Masker
  overrides: Vars
}

/** All variables of a host by name. No secret is fetched and no host is asked: a value that needs facts stays as it is written. */
export async function variablesOf(host: Host, context: VariablesContext): Promise<Variable[]> {
  const { project, files, masker, overrides } = context
  const definitions = await definitionsFor(project, host, files, overrides)
  const secrets = { names: project.secrets.names, get: (name: string) => new Secret(name, '') }
  const { vars } = createScope({
    project: { hosts: project.hosts, groups: project.groups, secrets },
    host,
    masker,
    overrides,
    lookups: lookupsOver({ files, folders: [project.folder], environment: project.environment }),
  }).names as { vars: Record<string, unknown> }
  const names = [...new Set(definitions.map(({ name }) => name))].sort()
  return names.map((name): Variable => {
    const from = standings(definitions.filter(one => one.name === name)).map(one => ({
      ...one,
      value: masked(one.value),
    }))
    if (!from.some(({ wide }) => wide)) return { name, from }
    try {
      return { name, value: masked(vars[name]), from }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { name, value: masked(host.vars[name]), unrendered: error.message, from }
    }
  })
}
