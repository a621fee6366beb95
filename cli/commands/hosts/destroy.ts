// `longshore destroy`: removes machines with all that is on them, their snapshots and their keys.

import { existsSync } from 'node:fs'
import { command } from '../../command.js'
import type { MachineAct } from '../../machines/act.js'
import { carryOutActs, chooseMachines, machinesArgument } from '../../machines/choose.js'
import { forgetMachine, machineFolder } from '../../machines/folder.js'
import { type Machine, withMachines } from '../../machines/makers.js'
import { machineStep } from '../../machines/plan.js'

/** Removes a machine; undefined where nothing is left of it. */
async function removal(machine: Machine): Promise<MachineAct | undefined> {
  const { maker, name, project, host } = machine
  const [{ state }, snapshots] = await Promise.all([maker.look(name), maker.snapshots(name)])
  if (state === 'absent' && snapshots.length === 0 && !existsSync(machineFolder(project, host.name))) return undefined
  const parts = [
    ...(state === 'absent' ? [] : ['all that is on it']),
    ...(snapshots.length === 0 ? [] : [`its snapshots ${snapshots.map(one => one.name).join(', ')}`]),
  ]
  const loses = parts.length === 0 ? {} : { loses: parts.join(', and ') }
  return {
    machine,
    step: machineStep(machine, 'destroy', state === 'absent' ? 'only its keys are left' : `it is ${state}`, loses),
    async act(work) {
      await maker.remove(name, work)
      for (const snapshot of snapshots) await maker.drop(name, snapshot.name)
      await forgetMachine(project, host.name)
    },
  }
}

export const destroy = command({
  name: 'destroy',
  summary: 'remove machines with all that is on them, their snapshots and their keys',
  arguments: { machines: machinesArgument },
  options: {},
  run: async (context, { machines: names }) =>
    withMachines(context, await chooseMachines(context, names), async machines => {
      const found = await Promise.all(machines.map(removal))
      const acts = found.filter(act => act !== undefined)
      const question = `Destroy ${acts.length === 1 ? 'this machine' : `these ${acts.length} machines`}?`
      const exit = await carryOutActs(context, acts, question)
      for (const maker of new Set(machines.map(one => one.maker))) await maker.tidy()
      return exit
    }),
})
