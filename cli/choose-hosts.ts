// Which hosts the command line means.
import { parseSelector, selectHosts } from '../core/config/index.js'
import { usageError } from '../core/errors.js'
import type { Host, Project } from '../core/project.js'

/** Hosts of the project that a selector of the command line means, all without one. `where` names its place in errors. A usage error when it means none. */
export function chooseHosts(selector: string | undefined, where: string, project: Project): Host[] {
  if (selector === undefined) return project.hosts
  const hosts = selectHosts(parseSelector(selector, { file: where, line: 1, column: 1 }), project)
  if (hosts.length > 0) return hosts
  throw usageError(`no host of the project is meant by "${selector}"`, {
    where,
    hint: `the project's hosts: ${project.hosts.map(host => host.name).join(', ')}`,
  })
}
