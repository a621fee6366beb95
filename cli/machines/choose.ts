// Which machines the command line means, and the road of every command that changes them: what is to be done, a question, the doing.
import { exitCodes, usageError } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import type { Step } from '../../core/step.js'
import { chooseHosts } from '../choose-hosts.js'
import type { CommandContext } from '../context.js'
import { actOnMachines, type MachineAct } from './act.js'
import { showMachineSteps } from './first.js'

/** The argument of commands that take several machines. */
export const machinesArgument = {
  text: 'which machines: names, groups, role=web (default: all, or those of --on)',
  need: 'many',
} as const

/** The hosts that are machines, of those named, else of those of \`--on\`. A usage error where there is none. */
export async function chooseMachines(context: CommandContext, names: readonly string[]): Promise<Host[]> {
  const project = await context.project()
  const hosts = names.length === 0 ? await context.hosts() : chooseHosts(names.join(','), 'MACHINES', project)
  const machines = hosts.filter(host => host.machine)
  if (machines.length > 0) return machines
  const there = project.hosts.filter(host => host.machine).map(({ name }) => name)
  throw usageError(
    names.length === 0 ? 'the project has no machines' : `${hosts.map(({ name }) => name).join(', ')} is no machine`,
    {
      hint:
        there.length === 0
          ? 'a host with `machine: {}` is one that `up` makes'
          : `the project's machines: ${there.join(', ')}`,
    },
  )
}

/** The one machine of a name. */
export async function chooseMachine(context: CommandContext, name: string): Promise<Host> {
  const [host, ...others] = await chooseMachines(context, [name])
  if (host === undefined || others.length > 0)
    throw usageError(`"${name}" means several machines`, { hint: 'name one' })
  return host
}

/** Shows what is to be done, asks if so wished, and does it. Gives the exit code. */
export async function carryOutActs(
  context: CommandContext,
  acts: readonly MachineAct[],
  question?: string,
): Promise<number> {
  if (acts.length === 0) {
    if (!context.options.json) context.print('Nothing to do.')
    return exitCodes.done
  }
  const steps: Step[] = acts.map(({ step }) => step)
  if (question !== undefined) {
    await showMachineSteps(context, steps)
    if (!(await context.confirm(question))) {
      context.emit({ type: 'note', text: 'Nothing was changed.' })
      return exitCodes.failed
    }
  }
  return actOnMachines(context, acts)
}
