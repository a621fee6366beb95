// `longshore rollback`: brings services back to how they stood at an earlier entry of the history.
import { usageError } from '../../../core/errors.js'
import { observeRollback } from '../../../core/history/rollback.js'
import { command } from '../../command.js'
import { carryOut, withSession } from '../../session.js'

function readNumber(text: string | undefined): { to?: number } {
  if (text === undefined) return {}
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (number === 0)
    throw usageError(`--to takes the number of an entry, not "${text}"`, { hint: '`longshore history` lists them' })
  return { to: number }
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
        const exit = await carryOut(context, session, `rollback to ${number}`)
        if (exit === 0 && session.plan.steps.length > 0)
          context.emit({
            type: 'note',
            text: 'the file was not changed: the next `longshore up` does what it says',
          })
        return exit
      },
      (session, works) => observeRollback(session, works, wish),
    )
  },
})
