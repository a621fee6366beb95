// What is to be done so that the machines of a project run: steps, as a plan lists them.
import { liveKeys, type MachineSight, machineText } from '../../core/machines/machine.js'
import type { Step } from '../../core/step.js'
import { readNote } from './folder.js'
import type { Machine } from './makers.js'

export type MachineVerb = 'create' | 'start' | 'change' | 'halt' | 'destroy'

/** A step for one machine. */
export interface MachineStep extends Step {
  verb: MachineVerb
}

/** A machine, as it stands, and what is to be done to it before its host can be planned. */
export interface PlannedMachine {
  machine: Machine
  sight: MachineSight
  steps: MachineStep[]
  /** What differs and cannot be changed while it is there. */
  warnings: string[]
}

/** Makes a step for a machine. */
export const machineStep = (
  machine: Machine,
  verb: MachineVerb,
  cause: string,
  more: Omit<Partial<Step>, 'verb'> = {},
): MachineStep => ({
  id: `${machine.host.name}/machine ${verb}`,
  host: machine.host.name,
  thing: `machine ${machine.host.name}`,
  verb,
  cause,
  after: [],
  certainty: 'will',
  ...more,
})

const sizeOf = ({ want }: Machine): string => {
  const { cpus, memory } = machineText(want)
  const parts = [cpus === 'all' ? '' : `${cpus} cpus`, memory === 'all' ? '' : `memory ${memory}`]
  return [want.image, ...parts.filter(part => part !== '')].join(', ')
}

/** Plans one machine. */
export async function planMachine(machine: Machine): Promise<PlannedMachine> {
  const { host, want, maker, project } = machine
  const sight = await maker.look(machine.name)
  const note = await readNote(project, host.name)
  if (sight.state === 'absent' || sight.state === 'half' || note === undefined) {
    const restored = note?.snapshot === undefined ? '' : `, from snapshot ${note.snapshot}`
    const cause =
      sight.state === 'absent'
        ? `not there${restored}; ${sizeOf(machine)}`
        : sight.state === 'half'
          ? `half made by an interrupted run${restored}; ${sizeOf(machine)}`
          : `its keys are not in .longshore; ${sizeOf(machine)}`
    const loses = sight.state === 'absent' || sight.state === 'half' ? {} : { loses: 'all that is on the old one' }
    return { machine, sight, steps: [machineStep(machine, 'create', cause, loses)], warnings: [] }
  }
  const steps: MachineStep[] = []
  const warnings: string[] = []
  for (const [key, to] of Object.entries(machineText(want))) {
    const from = sight.made[key] ?? ''
    if (from === to) continue
    // A bound that is there can be moved, but not be taken away.
    if (liveKeys.includes(key) && to !== 'all')
      steps.push(
        machineStep(machine, 'change', `${key}: ${from} → ${to}`, {
          id: `${host.name}/machine ${key}`,
          changes: [{ what: key, from, to }],
        }),
      )
    else
      warnings.push(
        `${key} differs from what the machine was made with (${from || 'none'}, now ${to || 'none'}): \`longshore destroy ${host.name}\` and \`up\` make it anew`,
      )
  }
  const cause = { stopped: 'halted', paused: 'paused by an interrupted run', running: '' }[sight.state]
  if (cause !== '') steps.push(machineStep(machine, 'start', cause))
  return { machine, sight, steps, warnings }
}
