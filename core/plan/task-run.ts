// A task on a host, while it is planned and run: which instances its loop gives, what each waits for, wants and has seen.
import type { UserError } from '../errors.js'
import type { Play, Task } from '../playbook.js'
import type { Stage } from '../project.js'
import type { Vars } from '../raw.js'
import type { AnyResource } from '../resource.js'
import type { Change } from '../step.js'

/** What a task's values need that is not known yet. */
export type Waits = { for: 'facts' } | { for: 'register'; name: string }

/** What became of a task, as `register` gives it to later ones. */
export interface Result {
  changed: boolean
  failed: boolean
  skipped: boolean
  rc?: number
  stdout?: string
  stderr?: string
  /** One result an instance, where the task has a loop. */
  results?: Result[]
}

/** One pass of a task's loop; a task without a loop has exactly one. */
export interface Instance {
  id: string
  run: TaskRun
  /** Variables of this pass: the task's own and the entry of its loop. */
  vars: Vars
  /** The task's name, rendered. */
  title?: string
  /** What this pass of the loop is called. */
  label?: string
  /** Name of the host that it is done on, where `delegate_to` says one. */
  delegate?: string
  /** `waiting`: its values are not known yet. `skipped`: its condition is false. `wanted`: not read yet. `read`: compared with the host. */
  state: 'waiting' | 'skipped' | 'wanted' | 'read'
  waits?: Waits
  /** Top-level names that its condition, its arguments and its template file read. */
  reads?: Set<string>
  want?: unknown
  seen?: unknown
  changes: Change[]
  verb: string
  /** Set when the instance has run, or needs no run. */
  result?: Result
  /** It was read, and its own conditions (`changed_when`, `failed_when`, `until`) are still to say what that means: nobody knows its result yet. */
  unjudged?: true
  /** Why it could not be read, where that is not the host's trouble: it is a step, and fails at its turn if it is still so. */
  fault?: UserError
}

/** Makes the runs of one use of a play on one host, with ids that no other has. */
export interface RunMaker {
  /** Gives nothing for a task that `--tags` leaves out. */
  make(task: Task, handler: boolean, from?: { use: TaskRun; pass: number }): TaskRun | undefined
}

/** A task or handler on one host. */
export interface TaskRun {
  id: string
  /** Its place in the files, by way of the uses around it: the same on all hosts. */
  key: string
  host: string
  play: Play
  task: Task
  kind: AnyResource
  stage: Stage
  handler: boolean
  /** The play's own variables and those of the playbook that was asked for. */
  vars: Vars
  /** Names that later tasks may read once it has ended: what it registers, and the facts that it sets. */
  gives: string[]
  /** The include or role that it came by, in the plan or at its turn. */
  from?: TaskRun
  /** Of an include or a role: makes the runs of its tasks. */
  maker?: RunMaker
  /** Of a `run_once` task that is done on another host: that host's run, as soon as it is there. */
  follows?: { run?: TaskRun }
  /** Names that it reads before its instances are known. */
  reads?: Set<string>
  /** Undefined until the loop is known. */
  instances?: Instance[]
  waits?: Waits
}

/** How people call an instance: its task's name, and what the loop passes. */
export const titleOf = (instance: Instance): string => {
  const name = instance.title ?? instance.run.task.name
  return instance.label === undefined ? name : `${name} (${instance.label})`
}

/** The result of a task whose instances have all ended; undefined while one is open. `of` gives the result of one. */
export function resultOf(run: TaskRun, of: (instance: Instance) => Result | undefined): Result | undefined {
  if (run.instances === undefined) return undefined
  const all: Result[] = []
  for (const instance of run.instances) {
    const result = of(instance)
    if (result === undefined) return undefined
    all.push(result)
  }
  if (run.task.loop === undefined) return all[0] ?? { changed: false, failed: false, skipped: true }
  return {
    changed: all.some(result => result.changed),
    failed: all.some(result => result.failed),
    skipped: all.every(result => result.skipped),
    results: all,
  }
}

/** True for what its own conditions judge when it is read: commands that only read, and kinds that tell something; where nothing is to be changed. */
export const isJudged = ({ state, changes, result, run: { kind, task } }: Instance): boolean =>
  state === 'read' &&
  changes.length === 0 &&
  result !== undefined &&
  !result.skipped &&
  (result.rc !== undefined || kind.result !== undefined) &&
  (task.failed_when ?? task.changed_when ?? task.until) !== undefined
