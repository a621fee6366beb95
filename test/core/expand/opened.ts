// A host's tasks, opened from files that exist only in memory, with three kinds that show what they were given.
import type { Facts } from '../../../core/facts.js'
import { expandRuns } from '../../../core/plan/expand.js'
import { type HostWork, playsFor, runsOf } from '../../../core/plan/host-work.js'
import type { ResolveContext } from '../../../core/plan/resolve.js'
import { resolverFor } from '../../../core/plan/scope.js'
import { type AnyResource, anyResource, type Resource, resource } from '../../../core/resource.js'
import { z } from '../../../core/schema.js'
import { createMasker } from '../../../core/secret.js'
import { sh } from '../../../core/sh.js'
import { filesOf, load } from '../config/project-in-memory.js'

const kind = (word: string, more: Partial<Resource<string, null>> = {}): AnyResource =>
  anyResource(
    resource<string, null>({
      kind: word,
      schema: z.string(),
      name: want => want,
      probe: () => sh`:`,
      read: () => null,
      diff: () => [],
      verb: () => word,
      apply: () => [],
      ...more,
    }),
  )

/** `say` wants what its text says when rendered, `source` the path where a file was found, and what `ask` registers nobody can foretell. */
const kinds = [
  kind('say'),
  kind('source', { load: (src, { find }) => find(src, 'files') }),
  kind('ask', { unknown: () => true }),
]

/** A host's runs, opened as far as they can be. */
export interface Opened {
  work: HostWork
  resolver: ResolveContext
  /** `ID = VALUE` of every pass of every task; `?` and what it waits for where that is not known. */
  lines(): string[]
}

/** What is known of the host, and what the command line says. */
export interface Options {
  facts?: Partial<Facts>
  tags?: string[]
  vars?: Record<string, string>
}

/** Reads `b/play.yaml` with these files in the project and opens its uses. */
export async function open(play: string, files: Record<string, string> = {}, options: Options = {}): Promise<Opened> {
  const texts: Record<string, string> = { '/p/b/play.yaml': play, ...files }
  const vars = options.vars ?? {}
  const project = await load(
    'project: a\nvars: { of: project }\nhosts: { h: { vars: { own: host } }, other: }\nplaybooks: [{ play: b/play.yaml, on: h }]\n',
    texts,
    { resourceKinds: kinds, vars },
  )
  const [host] = project.hosts
  if (host === undefined) throw new Error('no host')
  const taken = new Set<string>()
  const byWord = new Map(kinds.map(one => [one.kind, one]))
  const runs = playsFor(project.playbooks, [], () => true).flatMap(use =>
    runsOf('h', use, byWord, options.tags ?? [], taken),
  )
  const work: HostWork = { host, runs, state: { serial: '', pending: [] }, dirty: false }
  if (options.facts) work.facts = options.facts as Facts
  const context = { project, files: filesOf(texts), masker: createMasker(), vars }
  const resolver = resolverFor(work, [work], context)
  await expandRuns(work, resolver)
  const waits = (one: { waits?: { for: string; name?: string } }): string => `? ${one.waits?.name ?? one.waits?.for}`
  return {
    work,
    resolver,
    lines: () =>
      work.runs.flatMap(run =>
        run.instances === undefined
          ? [`${run.id} = ${waits(run)}`]
          : run.instances.map(one => {
              const value = one.state === 'waiting' ? waits(one) : one.state === 'skipped' ? '-' : String(one.want)
              return `${one.id}${one.label === undefined ? '' : ` [${one.label}]`} = ${value}`
            }),
      ),
  }
}

/** The lines of a play's tasks, without host and play. */
export const linesOf = async (play: string, files?: Record<string, string>, options?: Options): Promise<string[]> =>
  (await open(`- name: p\n  tasks:\n${play.replace(/^/gm, '    ')}`, files, options))
    .lines()
    .map(line => line.replace('h/p/', ''))
