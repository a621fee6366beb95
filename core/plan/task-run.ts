// A task on a host, while it is planned and run: which instances its loop gives, what each waits for, wants and has seen.
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
  /** Variables of this pass: the task's own and `item`. */
  vars: Vars
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
}

/** A task or handler on one host. */
export interface TaskRun {
  id: string
  host: string
  play: Play
  task: Task
  kind: AnyResource
  stage: Stage
  handler: boolean
  /** The play's own variables and those of the playbook that was asked for. */
  vars: Vars
  /** Undefined until the loop is known. */
  instances?: Instance[]
  waits?: Waits
}

/** How people call an instance: its task's name, and what the loop passes. */
export const titleOf = (instance: Instance): string => {
  const { item } = instance.vars as { item?: unknown }
  if (item === undefined) return instance.run.task.name
  return `${instance.run.task.name} (${typeof item === 'object' ? JSON.stringify(item) : String(item)})`
}

/** The result of a task whose instances have all ended; undefined while one is open. */
export function resultOf(run: TaskRun): Result | undefined {
  const results = run.instances?.map(instance => instance.result)
  if (results === undefined || results.some(result => result === undefined)) return undefined
  const all = results as Result[]
  if (run.task.loop === undefined) return all[0] ?? { changed: false, failed: false, skipped: true }
  return {
    changed: all.some(result => result.changed),
    failed: all.some(result => result.failed),
    skipped: all.every(result => result.skipped),
    results: all,
  }
}
