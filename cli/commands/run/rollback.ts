// `longshore rollback`: brings services back to how they stood at an earlier entry of the history.
import { usageError } from '../../../core/errors.js'
import { observeRollback } from '../../../core/history/rollback.js'
import type { HostWork } from '../../../core/plan/host-work.js'
import type { RunPlan, SessionContext } from '../../../core/run/session.js'
import { isSwarm } from '../../../core/together/membership.js'
import { observeBack } from '../../../core/together/plan.js'
import { command } from '../../command.js'
import { carryOut, withSession } from '../../session.js'

function readNumber(text: string | undefined): { to?: number } {
  if (text === undefined) return {}
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (number === 0)
    throw usageError(`--to takes the number of an entry, not "${text}"`, { hint: '`longshore history` lists them' })
  return { to: number }
}

/** A swarm remembers one spec of each service besides that in force, and no entries. */
function backOnSwarm(
  session: SessionContext,
  works: HostWork[],
  { services, to }: { services: readonly string[]; to?: number },
): Promise<RunPlan> {
  if (to !== undefined)
    throw usageError('a swarm remembers only how each service was before its last change: leave `--to` out')
  return observeBack(session, works, services)
}

export const rollback = command({
  name: 'rollback',
  summary: 'bring containers back to how they stood before, with the images of that time',
  arguments: { services: { text: 'only these services', need: 'many' } },
  options: {
    to: {
      flags: '--to <number>',
      kind: 'value',
      text: 'to this entry of `longshore history`; the one before if left out',
    },
  },
  run: (context, { services, to }) => {
    const wish = { services, ...readNumber(to) }
    return withSession(
      context,
      { extent: 'hosts', prune: false },
      async session => {
        const { rollback: number } = session.plan
        const exit = await carryOut(context, session, `rollback to ${number ?? 'what was before'}`)
        if (exit === 0 && session.plan.steps.length > 0)
          context.emit({
            type: 'note',
            text: 'the file was not changed: the next `longshore up` does what it says',
          })
        return exit
      },
      (session, works) =>
        session.hosts.some(isSwarm) ? backOnSwarm(session, works, wish) : observeRollback(session, works, wish),
    )
  },
})
