// `longshore prune`: removes images that no container, no file and no rollback needs.
import { exitCodes, usageError } from '../../../core/errors.js'
import { observePrune } from '../../../core/run/images.js'
import { exitOf } from '../../../core/run/run.js'
import { command } from '../../command.js'
import { carryOut, problemsOf, showErrors, showPlan, withSession } from '../../session.js'

/** Older builds of an image that stay unless somebody says otherwise. */
const usualKeep = 2

function readKeep(text: string | undefined): number {
  if (text === undefined) return usualKeep
  if (!/^\d{1,4}$/.test(text)) throw usageError(`--keep takes a number from 0, not "${text}"`)
  return Number(text)
}

export const prune = command({
  name: 'prune',
  summary: 'remove images that nothing needs any more',
  arguments: {},
  options: {
    keep: { flags: '--keep <n>', text: `older builds of each image that stay (${usualKeep})`, kind: 'value' },
    all: { flags: '-a, --all', text: 'also images with a name that no container is made from', kind: 'flag' },
    dryRun: { flags: '--dry-run', text: 'only show what would be removed', kind: 'flag' },
  },
  run(context, { keep, all, dryRun }) {
    const rule = { keep: readKeep(keep), all }
    return withSession(
      context,
      { extent: 'hosts', prune: false },
      async session => {
        if (!dryRun) return carryOut(context, session, 'prune')
        const problems = problemsOf(session.plan)
        await showPlan(context, session.plan)
        await showErrors(context, problems)
        return problems.length === 0 ? exitCodes.done : exitOf(problems, context.signal.aborted)
      },
      (session, works) => observePrune(session, works, rule),
    )
  },
})
