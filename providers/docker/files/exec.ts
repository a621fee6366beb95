// Runs our scripts about shipped files on a host, by whoever keeps our state there.
import type { Exit } from '../../../core/connection.js'
import { UserError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import type { Sh } from '../../../core/sh.js'
import type { Job } from '../apply/job.js'
import { missingCode } from './scripts.js'

/** The last lines that a failed script printed. */
const saidBy = ({ stderr }: Exit): string =>
  stderr
    .trim()
    .split('\n')
    .slice(-10)
    .map(line => cleanLine(line))
    .join('\n')

/** Something that is to be mounted is not on the host (any more). */
export class MissingFiles extends UserError {}

/** Runs one to its end and gives what it printed. A UserError that begins with `what` where it fails. */
export async function runScript(job: Job, script: Sh, what: string): Promise<string> {
  const exit = await job.engine.connection.exec(script, { as: 'best', signal: job.signal })
  if (exit.code === 0) return exit.stdout
  if (exit.code === missingCode)
    throw new MissingFiles(`${what}: files that were brought to ${job.host} are gone from there`, {
      where: job.where,
      hint: 'run it again: they are brought anew',
    })
  const output = saidBy(exit)
  throw new UserError(`${what}: exit code ${exit.code}`, { where: job.where, ...(output === '' ? {} : { output }) })
}
