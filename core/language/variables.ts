// Builds the scope of a host's task: merged variables, facts, hosts, groups, secrets and registers.
import { mergeMaps } from '../config/merge.js'
import { type At, exitCodes, UserError, usageError } from '../errors.js'
import type { Facts } from '../facts.js'
import type { Host, Project } from '../project.js'
import type { Vars } from '../raw.js'
import type { Masker } from '../secret.js'
import type { Lookups } from './helpers/helper.js'
import { noLookups, withSecrets } from './helpers/lookups.js'
import { lazyMap, type Scope } from './scope.js'
import { renderValue } from './template.js'

/** What a scope is made of. */
export interface ScopeParts {
  project: Pick<Project, 'hosts' | 'groups' | 'secrets'>
  host: Host
  masker: Masker
  /** Facts of a host by name; undefined while they are not known. */
  factsOf?: (host: string) => Facts | undefined
  /** Variables of play, role and task, the strongest last; they go over the host's. */
  layers?: readonly (Vars | undefined)[]
  /** From the command line (--var): over all others. */
  overrides?: Vars
  /** Results of earlier tasks, by register name. */
  registers?: Record<string, unknown>
  /** Entries of loops by name (`item`), results: values as they are, over the variables. */
  entries?: Record<string, unknown>
  /** Variables weaker than all others. */
  defaults?: Vars
  /** What `file` and `env` ask; without it there are no files and no environment. */
  lookups?: Omit<Lookups, 'secret'>
}

const nowhere: At = { file: 'template', line: 1, column: 1 }

/** A variable whose value is known: no template is looked for in it. */
export const knownValue =
  (value: unknown): (() => unknown) =>
  () =>
    value

/** YAML has no functions: only `knownValue` makes them. */
const isKnown = (value: unknown): value is () => unknown => typeof value === 'function'

/** Variables rendered when they are read; one that needs itself is a usage error that shows the circle. */
function renderedVars(vars: Vars, scope: () => Scope): Record<string, unknown> {
  const open: string[] = []
  const render = (name: string): unknown => {
    if (open.includes(name))
      throw usageError(`the variable ${name} needs itself: ${[...open.slice(open.indexOf(name)), name].join(' → ')}`)
    open.push(name)
    try {
      return isKnown(vars[name]) ? vars[name]() : renderValue(vars[name], undefined, scope())
    } catch (error) {
      // What a host did not tell is no mistake in the variable.
      if (!(error instanceof UserError) || error.exit === exitCodes.unreachable) throw error
      if (error.message.includes('variable ')) throw error
      throw usageError(
        `in the variable ${name}: ${error.message}`,
        error.hint === undefined ? {} : { hint: error.hint },
      )
    } finally {
      open.pop()
    }
  }
  return lazyMap(Object.fromEntries(Object.keys(vars).map(name => [name, () => render(name)])))
}

/** A host as templates see it: `address`, `private`, `labels`, `groups`, `vars`, `facts` … */
function hostView(host: Host, parts: ScopeParts, vars: () => unknown): Record<string, unknown> {
  const facts = (): Facts => {
    const known = parts.factsOf?.(host.name)
    if (known === undefined) throw usageError(`the facts of ${host.name} are not known here`)
    return known
  }
  return lazyMap({
    name: () => host.name,
    address: () => host.address,
    // Design: without `private:` a host is reached at the source address of its default route.
    private: () => host.private ?? facts().address,
    ...(host.user === undefined ? {} : { user: () => host.user }),
    ...(host.port === undefined ? {} : { port: () => host.port }),
    connection: () => host.connection,
    labels: () => host.labels,
    groups: () => host.groups,
    vars,
    facts,
  })
}

/** The scope for one host and task. Nothing is rendered or fetched before it is read. */
export function createScope(parts: ScopeParts): Scope {
  const { project, host, registers = {}, entries = {} } = parts
  const vars = mergeMaps(parts.defaults, host.vars, ...(parts.layers ?? []), parts.overrides)
  const rendered = renderedVars(vars, () => scope)
  const view = hostView(host, parts, () => rendered)
  const othersView = (other: Host): unknown => {
    if (other.name === host.name) return view
    const { layers: _layers, registers: _registers, entries: _entries, defaults: _defaults, ...rest } = parts
    return hostView(other, rest, () => createScope({ ...rest, host: other }).names.vars)
  }
  const names = lazyMap({
    ...Object.fromEntries(Object.keys(vars).map(name => [name, () => rendered[name]])),
    ...Object.fromEntries(Object.entries(registers).map(([name, value]) => [name, () => value])),
    ...Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, () => value])),
    vars: () => rendered,
    facts: () => view.facts,
    host: () => view,
    hosts: () => lazyMap(Object.fromEntries(project.hosts.map(other => [other.name, () => othersView(other)]))),
    groups: () => Object.fromEntries(Object.entries(project.groups).map(([name, group]) => [name, group.hosts])),
    secrets: () =>
      lazyMap(Object.fromEntries(project.secrets.names.map(name => [name, () => project.secrets.get(name, nowhere)]))),
  })
  const scope: Scope = {
    names,
    vars,
    masker: parts.masker,
    lookups: withSecrets(parts.lookups ?? noLookups, name => project.secrets.get(name, nowhere)),
    getSecret: (name, at) => project.secrets.get(name, at ?? nowhere),
  }
  return scope
}
