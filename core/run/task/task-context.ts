// What the steps of one host share while they run.
import type { Connection } from '../../connection.js'
import type { HostWork } from '../../plan/host-work.js'
import type { ResolveContext } from '../../plan/resolve.js'
import type { Instance } from '../../plan/task-run.js'
import type { LocalWrite } from '../../resource.js'

/** What a host's steps share while they run. */
export interface TaskContext {
  project: string
  work: HostWork
  resolve: ResolveContext
  signal: AbortSignal
  /** Ids of the steps that the plan listed. */
  listed: ReadonlySet<string>
  /** Keys of handlers whose mark lies on the host. */
  marked: Set<string>
  /** How often this run has changed the host: an answer holds as long as that is the same. */
  changes: number
  /** At which count of changes an instance's answer came; 0 for those of the plan. */
  readAt: WeakMap<Instance, number>
  /** Unlisted tasks whose turn is over: what they have registered stays as it was then. */
  passed: WeakSet<Instance>
  /** Does one thing after the other on this host, whoever asks for it: no answer is out of date when it is acted on. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  /** True once any step of the run, on any host, has done something: registers may differ from what the plan foretold. */
  hasMoved(): boolean
  /** The share of the run that an instance is done in: another host's with `delegate_to`. */
  placeOf(instance: Instance): Place
  /** Is told the last line that a command printed. */
  output(id: string, line: string): void
  /** Tells what a task has to say. */
  message(task: string, text: string): void
  /** Writes files on this machine. */
  keep(writes: readonly LocalWrite[]): Promise<void>
  /** The host was connected to anew: what was opened over the old connection is gone. */
  returned(): void
}

/** Where an instance is done: the way there, and what that host's steps share. */
export interface Place {
  connection: Connection
  context: TaskContext
}
