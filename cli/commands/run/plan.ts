// `longshore plan`: what `up` would do, and why; touches nothing.
import { exitCodes } from '../../../core/errors.js'
import { exitOf } from '../../../core/run/run.js'
import { foretellClients } from '../../certificates/clients.js'
import { command } from '../../command.js'
import { foretellMachines, showMachineSteps } from '../../machines/first.js'
import { problemsOf, showErrors, showPlan, withSession } from '../../session.js'

export const plan = command({
  name: 'plan',
  summary: 'show every step that up would do, with its cause; touch nothing',
  arguments: {},
  options: {
    exitCode: { flags: '--exit-code', kind: 'flag', text: 'exit with 2 when changes are pending' },
    prune: { flags: '--prune', kind: 'flag', text: 'plan the removal of what is no longer declared' },
  },
  async run(given, { exitCode, prune }) {
    const { context, steps: first, nobody } = await foretellMachines(given)
    if (nobody) {
      await showMachineSteps(context, first)
      return exitCode ? exitCodes.changesPending : exitCodes.done
    }
    return withSession(context, { extent: 'all', prune }, async ({ plan }) => {
      plan.steps.unshift(...first)
      const problems = problemsOf(plan)
      await showPlan(context, plan)
      await foretellClients(context)
      await showErrors(context, problems)
      const exit = exitOf(problems, context.signal.aborted)
      return exit === exitCodes.done && exitCode && plan.steps.length > 0 ? exitCodes.changesPending : exit
    })
  },
})
