// Whether a machine that is brought back must forget the swarm that it was in: what several managers have agreed on since is not in its snapshot.
import type { Project } from '../../core/project.js'

/**
 * True for a manager where another one is not brought back as well. The swarm counts on what a manager has written down; one that knows
 * less than it has confirmed ends at once ("tocommit is out of range … Was the raft log corrupted, truncated, or lost?", etcd's raft).
 * Having forgotten it, the machine joins anew as another node.
 */
export function forgetsSwarm({ hosts }: Pick<Project, 'hosts'>, host: string, restored: ReadonlySet<string>): boolean {
  const managers = hosts.filter(({ engine }) => engine.membership?.role === 'manager').map(({ name }) => name)
  return managers.includes(host) && managers.some(name => !restored.has(name))
}
