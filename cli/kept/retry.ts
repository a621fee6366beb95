// Which hosts the last runs of a project failed on, for `--on @retry`: names in the user's state folder, one file a project.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { messageOf, UserError } from '../../core/errors.js'
import type { HostSummary } from '../../core/events.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The file that holds the names; `project` is the absolute path of the project's file. */
export function retryFile(project: string, env: Environment, home: string): string {
  const given = env.XDG_STATE_HOME ?? ''
  const state = isAbsolute(given) ? given : join(home, '.local', 'state')
  return join(state, 'longshore', 'retry', createHash('sha256').update(project).digest('hex').slice(0, 32))
}

/** Names of hosts that wait to be tried again; [] where nothing has failed. */
export async function readRetry(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n').filter(name => name !== '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new UserError(`cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}

const isBad = ({ failed, unreachable }: HostSummary): boolean => failed > 0 || unreachable

/** What is to be tried again after a run: what failed now, and what failed before and has not come to a good end since. */
export function retryAfter(before: readonly string[], hosts: readonly HostSummary[]): string[] {
  const good = new Set(hosts.filter(host => !isBad(host) && host.skipped === 0).map(({ host }) => host))
  return [...new Set([...before.filter(name => !good.has(name)), ...hosts.filter(isBad).map(({ host }) => host)])]
}

/** Notes how a run has ended. With nothing to try again the file goes. */
export async function noteRetry(file: string, hosts: readonly HostSummary[]): Promise<void> {
  const before = await readRetry(file)
  const names = retryAfter(before, hosts)
  if (names.join() === before.join()) return
  try {
    if (names.length === 0) return await rm(file, { force: true })
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(file, `${names.join('\n')}\n`)
  } catch (error) {
    throw new UserError(`cannot note which hosts have failed, in ${file}: ${messageOf(error)}`, { cause: error })
  }
}
