// Machines come before all else: what `up`, `plan` and others do about them before hosts are asked anything.
import { exitCodes } from '../../core/errors.js'
import type { Step } from '../../core/step.js'
import type { CommandContext } from '../context.js'
import { planText } from '../report/plan.js'
import { actOnMachines } from './act.js'
import { withMachines } from './makers.js'
import { machineStep, type PlannedMachine, planMachine } from './plan.js'

/** The command's own context, with those hosts only that can be asked. */
const withHosts = (context: CommandContext, isMeant: (name: string) => boolean): CommandContext => ({
  ...context,
  hosts: async () => (await context.hosts()).filter(({ name }) => isMeant(name)),
})

const warn = ({ emit }: CommandContext, planned: readonly PlannedMachine[]): void => {
  for (const { machine, warnings } of planned)
    for (const text of warnings) emit({ type: 'warning', host: machine.host.name, text, at: machine.want.at })
}

/** Prints what is to be done to machines, or tells it as an event with `--json`. */
export async function showMachineSteps(context: CommandContext, steps: Step[], unchanged = 0): Promise<void> {
  context.emit({ type: 'plan', steps, unchanged })
  if (context.options.json || context.options.report === 'json') return
  context.print(planText({ steps, unchanged }, await context.style(), context.options.verbose))
}

/**
 * Makes and starts the machines that the command line means, after a question of its own: what is on them can be planned only then.
 * Gives the exit code where that ended the command, else undefined.
 */
export async function machinesFirst(context: CommandContext): Promise<number | undefined> {
  const hosts = await context.hosts()
  if (!hosts.some(host => host.machine)) return undefined
  return withMachines(context, hosts, async machines => {
    const planned = await Promise.all(machines.map(planMachine))
    warn(context, planned)
    const acts = planned.flatMap(({ machine, steps }) => steps.map(step => ({ machine, step })))
    if (acts.length === 0) return undefined
    const steps = acts.map(({ step }) => step)
    await showMachineSteps(context, steps, machines.length - new Set(steps.map(({ host }) => host)).size)
    const question = `Make ${steps.length === 1 ? 'this machine' : 'these machines'} run?`
    if (!(await context.confirm(question))) {
      context.emit({ type: 'note', text: 'Nothing was changed.' })
      return exitCodes.failed
    }
    const exit = await actOnMachines(context, acts)
    return exit === exitCodes.done ? undefined : exit
  })
}

/** What a plan says of machines that do not run, and the context for what else can be planned. */
export interface MachinePlan {
  context: CommandContext
  steps: Step[]
  /** Machines that do not run. */
  away: PlannedMachine[]
  /** There is no host that can be asked. */
  nobody: boolean
}

/** Foretells what `machinesFirst` would do. */
export async function foretellMachines(context: CommandContext): Promise<MachinePlan> {
  const hosts = await context.hosts()
  if (!hosts.some(host => host.machine)) return { context, steps: [], away: [], nobody: false }
  const planned = await withMachines(context, hosts, machines => Promise.all(machines.map(planMachine)))
  warn(context, planned)
  const away = planned.filter(({ sight, steps }) => sight.state !== 'running' || steps.some(s => s.verb === 'create'))
  const steps = planned.flatMap(({ machine, steps: own, sight }): Step[] => {
    const isAway = away.some(one => one.machine === machine)
    const begin = own.at(-1)
    if (!isAway || begin === undefined) return own
    const why = sight.state === 'absent' || sight.state === 'half' ? 'known when it is there' : 'known when it runs'
    const rest = machineStep(machine, 'create', why, {
      id: `${machine.host.name}/everything else`,
      thing: `everything else on ${machine.host.name}`,
      after: [begin.id],
      certainty: 'unknown',
    })
    return [...own, { ...rest, verb: 'do' }]
  })
  const names = new Set(away.map(({ machine }) => machine.host.name))
  const rest = withHosts(context, name => !names.has(name))
  return { context: rest, steps, away, nobody: (await rest.hosts()).length === 0 }
}
