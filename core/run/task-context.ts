// What the steps of one host share while they run.
import type { HostWork } from '../plan/host-work.js'
import type { ResolveContext } from '../plan/resolve.js'

/** What a host's steps share while they run. */
export interface TaskContext {
  project: string
  work: HostWork
  resolve: ResolveContext
  signal: AbortSignal
  /** Ids of the steps that the plan listed for this host. */
  listed: ReadonlySet<string>
  /** Keys of handlers whose mark lies on the host. */
  marked: Set<string>
  /** Is told the last line that a command printed. */
  output(id: string, line: string): void
}
