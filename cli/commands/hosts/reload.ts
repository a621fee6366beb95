// `longshore reload`: shuts machines down and starts them again.
import { command } from '../../command.js'
import { carryOutActs, chooseMachines, machinesArgument } from '../../machines/choose.js'
import { withMachines } from '../../machines/makers.js'
import { machineStep, planMachine } from '../../machines/plan.js'

export const reload = command({
  name: 'reload',
  summary: 'shut machines down and start them again',
  arguments: { machines: machinesArgument },
  options: {},
  run: async (context, { machines: names }) =>
    withMachines(context, await chooseMachines(context, names), async machines => {
      const planned = await Promise.all(machines.map(planMachine))
      const acts = planned.flatMap(({ machine, sight, steps }) => {
        const there = sight.state !== 'absent' && sight.state !== 'half'
        if (!there) return []
        const halted = sight.state === 'stopped' ? [] : [machineStep(machine, 'halt', 'asked for')]
        const changes = steps.filter(({ verb }) => verb === 'change')
        return [...halted, ...changes, machineStep(machine, 'start', 'asked for')].map(step => ({ machine, step }))
      })
      return carryOutActs(context, acts)
    }),
})
