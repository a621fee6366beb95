// Which variables a task sees on its host, and which names are not known yet.
import type { Issuer } from '../certificates.js'
import { type At, unreachableError } from '../errors.js'
import type { Facts } from '../facts.js'
import type { LocalFiles } from '../files.js'
import { createScope, lookupsOver, type Scope } from '../language/index.js'
import type { Host, Project } from '../project.js'
import type { Vars } from '../raw.js'
import type { Masker } from '../secret.js'
import { type HostWork, isOpenName, knownRegisters } from './host-work.js'
import type { ResolveContext } from './resolve.js'
import { followRunOnce } from './run-once.js'

/** What scopes are made from, for all hosts of a run. */
export interface ScopeContext {
  project: Project
  files: LocalFiles
  masker: Masker
  issuer?: Issuer | undefined
  /** From the command line: stronger than all others. */
  vars: Vars
}

/** Facts by host name. That a host did not tell them is no mistake at the place that reads them: exit code 4, and others go on. */
const factsOf =
  (works: readonly HostWork[], at: At) =>
  (name: string): Facts => {
    const facts = works.find(work => work.host.name === name)?.facts
    if (facts === undefined)
      throw unreachableError(name, 'its facts are not known, because it could not be read', { at })
    return facts
  }

/** What `file` and `env` of a template ask: relative paths are looked for in these folders. */
const lookupsIn = ({ files, project }: ScopeContext, ...folders: string[]) =>
  lookupsOver({ files, folders, environment: project.environment })

/** A host's scope outside of any play: for containers. `at` is the place that is rendered. */
export const hostScope = (host: Host, works: readonly HostWork[], context: ScopeContext, at: At): Scope =>
  createScope({
    project: context.project,
    host,
    masker: context.masker,
    factsOf: factsOf(works, at),
    overrides: context.vars,
    lookups: lookupsIn(context, context.project.folder),
  })

/** How the tasks of one host get their values: facts are known once it has answered, other hosts' once all have. */
export function resolverFor(work: HostWork, works: readonly HostWork[], context: ScopeContext): ResolveContext {
  return {
    files: context.files,
    issuer: context.issuer,
    scopeOf(run, vars) {
      const { task, play } = run
      const { origin } = task
      // What is not the task's own is a value already: the entry of its loop, its result.
      const isOwn = ([name, value]: [string, unknown]): boolean =>
        Object.hasOwn(task.vars, name) && task.vars[name] === value
      const given = Object.entries(vars)
      return createScope({
        project: context.project,
        host: work.host,
        masker: context.masker,
        factsOf: factsOf(works, task.at),
        defaults: origin.defaults,
        layers: [play.vars, run.vars, ...origin.vars, Object.fromEntries(given.filter(isOwn))],
        overrides: context.vars,
        registers: knownRegisters(work, run),
        lookups: lookupsIn(context, origin.folder, play.folder, context.project.folder),
        entries: { ...origin.entries, ...Object.fromEntries(given.filter(entry => !isOwn(entry))) },
      })
    },
    isElsewhere: run => followRunOnce(run, work, works),
    blocked(run, name) {
      if ((name === 'facts' || name === 'hosts') && work.facts === undefined) return { for: 'facts' }
      if (isOpenName(work, run, name)) return { for: 'register', name }
      return undefined
    },
  }
}
