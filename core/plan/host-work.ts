// All that is known of one host during a run: its way in, its answers, its tasks.
import type { Connection } from '../connection.js'
import type { UserError } from '../errors.js'
import type { Facts } from '../facts.js'
import type { Play } from '../playbook.js'
import type { Host, PlaybookUse, Stage } from '../project.js'
import type { Detection } from '../provider.js'
import type { Vars } from '../raw.js'
import type { AnyResource } from '../resource.js'
import type { HostState } from '../state.js'
import { type Instance, type Result, resultOf, type TaskRun } from './task-run.js'

/** One host's share of a run. */
export interface HostWork {
  host: Host
  /** Tasks and handlers, in the order in which they run. */
  runs: TaskRun[]
  connection?: Connection
  facts?: Facts
  state: HostState
  detection?: Detection
  /** Why this host cannot be worked on; the others go on. */
  problem?: UserError
  /** The last step that changed the host in this run, as people call it. */
  lastChange?: string
  /** True once a step of this run has changed the host. */
  dirty: boolean
  /** True once a step of this run has changed something on its engine. */
  changedEngine?: boolean
  /** True while we hold its lock. */
  locked?: boolean
  /** True for a host outside of `--on` that others need to know: it is read, never changed. */
  apart?: boolean
}

/** A play to run on a host. */
export interface PlayUse {
  play: Play
  stage: Stage
  /** Variables that came with the use of the playbook, beyond the play's own. */
  vars: Vars
  /** Distinguishes two uses of the same play. */
  label: string
}

const order: Record<Stage, number> = { 'before-engine': 0, 'after-engine': 2, 'after-containers': 3 }

/** Where the engine's own playbooks stand among the stages. */
const engineOrder = 1

/** The user's plays for one host, in the order of stages and then of the file. `applies` tells whether a play's selectors name the host. */
export function playsFor(
  playbooks: readonly PlaybookUse[],
  enginePlays: readonly PlayUse[],
  applies: (play: Play, use: PlaybookUse) => boolean,
): PlayUse[] {
  const users = playbooks.flatMap((use, index) =>
    use.plays
      .filter(play => applies(play, use))
      .map(play => ({ rank: order[use.stage], use: { play, stage: use.stage, vars: {}, label: `${index}` } })),
  )
  const engines = enginePlays.map(use => ({ rank: engineOrder, use }))
  return [...users, ...engines].sort((a, b) => a.rank - b.rank).map(entry => entry.use)
}

const tagged = (tags: readonly string[], wanted: readonly string[]): boolean =>
  wanted.length === 0 || tags.some(tag => wanted.includes(tag)) || tags.includes('always')

/** The tasks of one play on one host; handlers come after the tasks. Ids are the same for the same file; `taken` gets them, so that no two plays share one. */
export function runsOf(
  host: string,
  use: PlayUse,
  kinds: ReadonlyMap<string, AnyResource>,
  tags: readonly string[],
  taken: Set<string>,
): TaskRun[] {
  const { play, stage, vars, label } = use
  const make = (task: Play['tasks'][number], handler: boolean): TaskRun => {
    const base = `${host}/${play.name}/${handler ? 'handler ' : ''}${task.name}`
    const end = label === '' || label === '0' ? '' : ` @${label}`
    let id = `${base}${end}`
    for (let count = 2; taken.has(id); count++) id = `${base} ${count}${end}`
    taken.add(id)
    const kind = kinds.get(task.kind)
    if (kind === undefined) throw new Error(`no such kind of resource: ${task.kind}`)
    return { id, host, play, task, kind, stage, handler, vars }
  }
  const tasks = play.tasks.filter(task => tagged([...play.tags, ...task.tags], tags)).map(task => make(task, false))
  return tasks.length === 0 ? [] : [...tasks, ...play.handlers.map(task => make(task, true))]
}

/** The name a handler's mark is made from: the same in every run of the same file. */
export const handlerName = (run: TaskRun): string => `${run.play.name}/${run.task.name}`

/** Every instance that is known, in order. */
export const instancesOf = (work: HostWork): Instance[] => work.runs.flatMap(run => run.instances ?? [])

/** Kinds whose output nobody can foretell. */
const unforeseeable = (instance: Instance): boolean => instance.run.kind.unknown !== undefined

const foretold = (instance: Instance): Result | undefined => {
  if (instance.result) return instance.result
  if (instance.state === 'read' && instance.changes.length > 0 && !unforeseeable(instance))
    return { changed: true, failed: false, skipped: false }
  return undefined
}

/** Tasks that come before one: only they can have registered what it reads. */
const runsBefore = ({ runs }: HostWork, reader: TaskRun): TaskRun[] => runs.slice(0, Math.max(0, runs.indexOf(reader)))

/** The registers that a task can read: of what has run, and of what the plan can foretell. A name that is missing is not known yet. */
export function knownRegisters(work: HostWork, reader: TaskRun): Record<string, Result> {
  const known: Record<string, Result> = {}
  for (const run of runsBefore(work, reader)) {
    if (run.task.register === undefined) continue
    const foretelling = run.instances?.map(instance => ({ ...instance, result: foretold(instance) }) as Instance)
    const result = foretelling ? resultOf({ ...run, instances: foretelling }) : undefined
    if (result) known[run.task.register] = result
    else delete known[run.task.register]
  }
  return known
}

/** Names that tasks of the host register, before a certain one if it is given. */
export const registerNames = (work: HostWork, reader?: TaskRun): Set<string> =>
  new Set((reader ? runsBefore(work, reader) : work.runs).flatMap(run => run.task.register ?? []))
