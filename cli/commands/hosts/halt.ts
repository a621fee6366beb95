// `longshore halt`: shuts machines down; `up` starts them again as they were.
import { command } from '../../command.js'
import { carryOutActs, chooseMachines, machinesArgument } from '../../machines/choose.js'
import { withMachines } from '../../machines/makers.js'
import { machineStep } from '../../machines/plan.js'

export const halt = command({
  name: 'halt',
  summary: 'shut machines down; `up` starts them again',
  arguments: { machines: machinesArgument },
  options: {},
  run: async (context, { machines: names }) =>
    withMachines(context, await chooseMachines(context, names), async machines => {
      const sights = await Promise.all(machines.map(({ maker, name }) => maker.look(name)))
      const acts = machines.flatMap((machine, index) =>
        ['running', 'paused'].includes(sights[index]?.state ?? '')
          ? [{ machine, step: machineStep(machine, 'halt', 'it runs') }]
          : [],
      )
      return carryOutActs(context, acts)
    }),
})
