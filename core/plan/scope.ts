// Which variables a task sees on its host, and which names are not known yet.
import type { LocalFiles } from '../files.js'
import { createScope, type Scope } from '../language/index.js'
import type { Host, Project } from '../project.js'
import type { Vars } from '../raw.js'
import type { Masker } from '../secret.js'
import { type HostWork, knownRegisters, registerNames } from './host-work.js'
import type { ResolveContext } from './resolve.js'

/** What scopes are made from, for all hosts of a run. */
export interface ScopeContext {
  project: Project
  files: LocalFiles
  masker: Masker
  /** From the command line: stronger than all others. */
  vars: Vars
}

const factsOf = (works: readonly HostWork[]) => (name: string) => works.find(work => work.host.name === name)?.facts

/** A host's scope outside of any play: for containers. */
export const hostScope = (host: Host, works: readonly HostWork[], context: ScopeContext): Scope =>
  createScope({
    project: context.project,
    host,
    masker: context.masker,
    factsOf: factsOf(works),
    overrides: context.vars,
  })

/** How the tasks of one host get their values: facts are known once it has answered, other hosts' once all have. */
export function resolverFor(work: HostWork, works: readonly HostWork[], context: ScopeContext): ResolveContext {
  const registered = registerNames(work)
  return {
    files: context.files,
    scopeOf(run, vars) {
      const { item, ...own } = vars
      return createScope({
        project: context.project,
        host: work.host,
        masker: context.masker,
        factsOf: factsOf(works),
        layers: [run.play.vars, run.vars, own],
        overrides: context.vars,
        registers: knownRegisters(work),
        ...('item' in vars ? { item } : {}),
      })
    },
    blocked(name) {
      if ((name === 'facts' || name === 'hosts') && work.facts === undefined) return { for: 'facts' }
      if (registered.has(name) && !(name in knownRegisters(work))) return { for: 'register', name }
      return undefined
    },
  }
}
