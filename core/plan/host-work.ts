// All that is known of one host during a run: its way in, its answers, its tasks.

import { isUse } from '../config/index.js'
import type { Connection } from '../connection.js'
import type { StateKeeper } from '../engine-alone/keeper.js'
import type { UserError } from '../errors.js'
import type { Facts } from '../facts.js'
import type { Play, Task } from '../playbook.js'
import type { Host, PlaybookUse, Stage } from '../project.js'
import type { Detection } from '../provider.js'
import type { Vars } from '../raw.js'
import type { AnyResource } from '../resource.js'
import type { HostState } from '../state.js'
import { type Instance, type Result, type RunMaker, resultOf, type TaskRun } from './task-run.js'
import { useKinds } from './use-kinds.js'

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
  /** Where its engine keeps our state, because no shell is there to. */
  keeper?: StateKeeper
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

/** Whether a task is chosen by `--tags`, or may bring one that is. */
const mayBeChosen = ({ kind, tags, opens }: Task, around: readonly string[], wanted: readonly string[]): boolean => {
  const all = [...around, ...tags]
  if (tagged(all, wanted)) return true
  return opens === undefined ? isUse({ kind }) : opens.tasks.some(task => mayBeChosen(task, all, wanted))
}

/** Names that a task gives to later ones; an include or a role those of its tasks. */
const givenNames = ({ kind, args, register, opens }: Task): string[] => [
  ...(register === undefined ? [] : [register]),
  ...(kind === 'set_fact' && typeof args.value === 'object' && args.value !== null ? Object.keys(args.value) : []),
  ...(opens?.tasks.flatMap(givenNames) ?? []),
]

/** Names that the tasks of a use may notify, when they are known; undefined where it may be any handler of the play. */
export function notifiedInside({ kind, opens, notify }: Task): string[] | undefined {
  const names = notify.map(({ name }) => name)
  if (!isUse({ kind })) return names
  if (opens === undefined) return undefined
  const inside = opens.tasks.map(notifiedInside)
  if (inside.includes(undefined)) return undefined
  const all = [...names, ...inside.flatMap(some => some ?? [])]
  // A role's own handlers go by the role's name too.
  return opens.role === undefined ? all : [...all, ...all.map(name => `${opens.name} : ${name}`)]
}

/** The tasks of one play on one host; handlers come after the tasks. Ids are the same for the same file; `taken` gets them, so that no two plays share one. */
export function runsOf(
  host: string,
  use: PlayUse,
  kinds: ReadonlyMap<string, AnyResource>,
  tags: readonly string[],
  taken: Set<string>,
): TaskRun[] {
  const { play, stage, vars, label } = use
  /** Where to go on counting those of one name. */
  const counts = new Map<string, number>()
  const idOf = (task: Task, handler: boolean): string => {
    const plain = `${host}/${play.name}/${handler ? 'handler ' : ''}${task.name}`
    // As the passes of a loop end.
    const base = / #\d+$/.test(plain) ? `${plain} 1` : plain
    const end = label === '' || label === '0' ? '' : ` @${label}`
    let id = `${base}${end}`
    let count = counts.get(base) ?? 2
    for (; taken.has(id); count++) id = `${base} ${count}${end}`
    counts.set(base, count)
    taken.add(id)
    return id
  }
  const maker: RunMaker = {
    make(task, handler, from) {
      if (!handler && !mayBeChosen(task, play.tags, tags)) return undefined
      const kind = useKinds[task.kind] ?? kinds.get(task.kind)
      if (kind === undefined) throw new Error(`no such kind of resource: ${task.kind}`)
      const { file, line, column } = task.at
      const run: TaskRun = {
        id: idOf(task, handler),
        key: [from ? `${from.use.key} #${from.pass}` : label, `${file}:${line}:${column}`].join(' > '),
        host,
        play,
        task,
        kind,
        stage,
        handler,
        vars,
        gives: givenNames(task),
      }
      return { ...run, ...(from === undefined ? {} : { from: from.use }), ...(isUse(task) ? { maker } : {}) }
    },
  }
  const tasks = play.tasks.flatMap(task => maker.make(task, false) ?? [])
  return tasks.length === 0 ? [] : [...tasks, ...play.handlers.flatMap(task => maker.make(task, true) ?? [])]
}

/** The name a handler's mark is made from: the same in every run of the same file. */
export const handlerName = (run: TaskRun): string => `${run.play.name}/${run.task.name}`

/** Every instance that is known, in order. */
export const instancesOf = (work: HostWork): Instance[] => work.runs.flatMap(run => run.instances ?? [])

/** Kinds whose output nobody can foretell. */
const unforeseeable = ({ run: { kind } }: Instance): boolean => kind.unknown !== undefined || kind.result !== undefined

const changes: Result = { changed: true, failed: false, skipped: false }

const foretold = (instance: Instance): Result | undefined => {
  if (instance.unjudged) return undefined
  if (instance.result) return instance.result
  const isSure = instance.state === 'read' && !instance.fault && instance.changes.length > 0
  return isSure && !unforeseeable(instance) ? changes : undefined
}

/** Tasks that come before one: only they can have registered what it reads. */
const runsBefore = ({ runs }: HostWork, reader: TaskRun): TaskRun[] => runs.slice(0, Math.max(0, runs.indexOf(reader)))

/** The run that does what this one stands for: another host's, where it is done once for all. */
const giverOf = (run: TaskRun): TaskRun | undefined => (run.follows ? run.follows.run : run)

/** What a task can read by name: of what has run, and of what the plan can foretell. A name that is missing is not known yet. */
export function knownRegisters(work: HostWork, reader: TaskRun): Record<string, unknown> {
  const known: Record<string, unknown> = {}
  for (const run of runsBefore(work, reader)) {
    if (run.gives.length === 0) continue
    const giver = giverOf(run)
    const result = giver && resultOf(giver, foretold)
    if (giver === undefined || result === undefined) {
      for (const name of run.gives) delete known[name]
      continue
    }
    const { register } = run.task
    if (register !== undefined) known[register] = result
    if (giver.kind.gives)
      for (const { want, result: own } of giver.instances ?? [])
        if (want !== undefined && !own?.skipped) Object.assign(known, giver.kind.gives(want))
  }
  return known
}

/**
 * True where a task cannot read a name yet, because the last task before it that gives the name has not ended. What was skipped has
 * given nothing but its register: then the one before it counts.
 */
export function isOpenName({ runs }: HostWork, reader: TaskRun, name: string): boolean {
  for (let index = runs.indexOf(reader) - 1; index >= 0; index--) {
    const run = runs[index]
    if (!run?.gives.includes(name)) continue
    const giver = giverOf(run)
    const result = giver && resultOf(giver, foretold)
    if (result === undefined) return true
    if (run.task.register === name || !result.skipped) return false
  }
  return false
}

/** Names that tasks of the host give to later ones, before a certain one if it is given. */
export const registerNames = (work: HostWork, reader?: TaskRun): Set<string> =>
  new Set((reader ? runsBefore(work, reader) : work.runs).flatMap(({ gives }) => gives))
