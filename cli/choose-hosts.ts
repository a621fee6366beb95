// Which hosts the command line means.
import { parseSelector, selectHosts } from '../core/config/index.js'
import { hasShell, shellless } from '../core/engine-alone/address.js'
import { usageError } from '../core/errors.js'
import type { Emit } from '../core/events.js'
import type { Host, Project } from '../core/project.js'

const retryWord = '@retry'

/** The selector with the hosts that failed last in place of `@retry`. A usage error where there are none. */
function withRetry(selector: string, where: string, project: Project, failed: readonly string[] | undefined): string {
  if (failed === undefined) throw usageError(`${retryWord} can be said with --on only`, { where })
  const names = failed.filter(name => project.hosts.some(host => host.name === name))
  if (names.length === 0)
    throw usageError('there is nothing to try again: no host of the project failed in its last run', {
      where,
      hint: 'leave out --on @retry, or name the hosts',
    })
  const parts = selector.split(',').map(part => part.trim())
  const strange = parts.find(part => part.includes(retryWord) && !/^!?@retry$/.test(part))
  if (strange !== undefined)
    throw usageError(`${retryWord} can be joined with others by commas only, not as "${strange}"`, {
      where,
      hint: 'for example  --on "@retry,!db1"',
    })
  return parts
    .map(part => (part.endsWith(retryWord) ? names.map(name => part.replace(retryWord, name)).join(',') : part))
    .join(',')
}

/**
 * Hosts of the project that a selector of the command line means, all without one. `where` names its place in errors. `failed` are
 * the hosts that `@retry` stands for, where it may be said. A usage error when it means none.
 */
export function chooseHosts(
  selector: string | undefined,
  where: string,
  project: Project,
  failed?: readonly string[],
): Host[] {
  if (selector === undefined) return project.hosts
  const text = selector.includes(retryWord) ? withRetry(selector, where, project, failed) : selector
  const hosts = selectHosts(parseSelector(text, { file: where, line: 1, column: 1 }), project)
  if (hosts.length > 0) return hosts
  throw usageError(`no host of the project is meant by "${selector}"`, {
    where,
    hint: `the project's hosts: ${project.hosts.map(host => host.name).join(', ')}`,
  })
}

/** Those that a command can run on, with a note of the others. A usage error when there is none. */
export function withShell(hosts: readonly Host[], emit: Emit): Host[] {
  const able = hosts.filter(hasShell)
  const names = hosts.filter(host => !hasShell(host)).map(({ name }) => name)
  if (names.length === 0) return able
  const text = `${names.join(', ')} ${shellless}`
  if (able.length === 0) throw usageError(text, { hint: 'take `connection: ssh` for that' })
  emit({ type: 'note', text: `left out: ${text}` })
  return able
}
