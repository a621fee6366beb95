// Tasks that are done once for all hosts of a play: on its first host, and what they register is every host's.
import type { Play } from '../playbook.js'
import type { HostWork } from './host-work.js'
import type { TaskRun } from './task-run.js'

/** Names a run the same on all hosts: by its place, because an id counts what else has its name on that host. */
export const runKey = ({ key }: TaskRun): string => key

/** The hosts of a play, in file order, with those that cannot be worked on. */
export const worksOfPlay = (play: Play, works: readonly HostWork[]): HostWork[] =>
  works.filter(({ apart, runs }) => !apart && runs.some(run => run.play === play))

/**
 * Ties a host's `run_once` task to that of the host that does it: the first of the play that can be worked on. Gives whether it is
 * done on another host; then it has no instances of its own.
 */
export function followRunOnce(run: TaskRun, work: HostWork, works: readonly HostWork[]): boolean {
  if (!run.task.run_once) return false
  const leader = worksOfPlay(run.play, works).find(({ problem }) => problem === undefined)
  if (leader === undefined || leader === work) {
    delete run.follows
    return false
  }
  const key = runKey(run)
  const found = leader.runs.find(other => other.play === run.play && runKey(other) === key)
  run.follows = found ? { run: found } : {}
  delete run.instances
  delete run.waits
  return true
}
