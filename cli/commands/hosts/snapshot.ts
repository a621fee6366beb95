// `longshore snapshot save|restore|list|delete`: keeps whole machines, and brings them back.
import { exitCodes, UserError, usageError } from '../../../core/errors.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { sizeText } from '../../images/size-text.js'
import { type MachineAct, makeMachine, reachable } from '../../machines/act.js'
import { carryOutActs, chooseMachines } from '../../machines/choose.js'
import { readNote, writeNote } from '../../machines/folder.js'
import { type Machine, withMachines } from '../../machines/makers.js'
import { machineStep } from '../../machines/plan.js'
import { forgetsSwarm } from '../../machines/swarm-memory.js'
import { table } from '../../report/table.js'

const actions = ['save', 'restore', 'list', 'delete'] as const

/** As the engine takes a tag. */
const nameRule = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$/

async function list(context: CommandContext, machines: readonly Machine[]): Promise<number> {
  const lists = await Promise.all(
    machines.map(async ({ host, maker, name }) =>
      (await maker.snapshots(name)).map(one => ({ machine: host.name, ...one })),
    ),
  )
  const all = lists.flat()
  if (context.options.json) {
    for (const { machine, name, created, bytes } of all)
      context.printJson({
        type: 'snapshot',
        host: machine,
        name,
        created: new Date(created * 1000).toISOString(),
        bytes,
      })
    return exitCodes.done
  }
  if (all.length === 0) context.print('There are no snapshots.')
  else
    context.print(
      table(
        ['MACHINE', 'SNAPSHOT', 'TAKEN', 'SIZE'],
        all.map(one => [
          one.machine,
          one.name,
          `${new Date(one.created * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
          sizeText(one.bytes),
        ]),
      ).join('\n'),
    )
  return exitCodes.done
}

async function saving(machine: Machine, snapshot: string, force: boolean): Promise<MachineAct> {
  const { maker, name, host } = machine
  const [{ state }, there] = await Promise.all([maker.look(name), maker.snapshots(name)])
  if (state === 'absent' || state === 'half')
    throw new UserError('there is no machine to take a snapshot of', {
      where: host.name,
      hint: '`longshore up` makes it',
    })
  if (!force && there.some(one => one.name === snapshot))
    throw usageError(`${host.name} has a snapshot "${snapshot}" already`, { hint: 'take another name, or say --force' })
  const step = { ...machineStep(machine, 'change', ''), verb: 'save', thing: `snapshot ${snapshot}` }
  return { machine, step, act: work => maker.save(name, snapshot, work) }
}

async function restoring(
  machine: Machine,
  snapshot: string,
  context: CommandContext,
  restored: ReadonlySet<string>,
): Promise<MachineAct> {
  const { maker, name, host, project } = machine
  const there = await maker.snapshots(name)
  if (!there.some(one => one.name === snapshot))
    throw usageError(`${host.name} has no snapshot "${snapshot}"`, {
      hint:
        there.length === 0
          ? '`longshore snapshot save NAME` takes one'
          : `it has ${there.map(one => one.name).join(', ')}`,
    })
  const forgets = forgetsSwarm(project, host.name, restored)
  const step = { ...machineStep(machine, 'change', 'asked for'), verb: 'restore', thing: `snapshot ${snapshot}` }
  return {
    machine,
    step: { ...step, loses: `what was done on ${host.name} since${forgets ? ', and its place in the swarm' : ''}` },
    async act(work) {
      const [sight, note] = await Promise.all([maker.look(name), readNote(project, host.name)])
      const ports = sight.ports.length > 0 ? sight.ports : (note?.ports ?? [])
      // Noted before the machine goes: a run that is broken off here is finished by the next `up`.
      if (ports.length > 0) await writeNote(project, host.name, { ports, snapshot, forgetsSwarm: forgets })
      await maker.remove(name, work)
      await makeMachine(machine, work)
      await reachable(machine, context, work)
    },
  }
}

async function dropping(machine: Machine, snapshot: string): Promise<MachineAct | undefined> {
  const { maker, name } = machine
  if (!(await maker.snapshots(name)).some(one => one.name === snapshot)) return undefined
  const step = { ...machineStep(machine, 'change', 'asked for'), verb: 'delete', thing: `snapshot ${snapshot}` }
  return { machine, step, act: () => maker.drop(name, snapshot) }
}

export const snapshot = command({
  name: 'snapshot',
  summary: 'keep whole machines, with the volumes of their engines, and bring them back',
  arguments: {
    action: { text: 'save, restore, list or delete', need: 'one' },
    name: { text: "the snapshot's name (not for list)", need: 'maybe' },
    machines: { text: 'which machines: names, groups, role=web (default: all, or those of --on)', need: 'many' },
  },
  options: { force: { flags: '--force', kind: 'flag', text: 'save over a snapshot of the same name' } },
  async run(context, { action, name, machines: names, force }) {
    const known = actions.find(one => one === action)
    if (known === undefined) throw usageError(`"${action}" is none of ${actions.join(', ')}`)
    if (known === 'list') {
      const hosts = await chooseMachines(context, name === undefined ? [] : [name, ...names])
      return withMachines(context, hosts, machines => list(context, machines))
    }
    if (name === undefined) throw usageError(`say the name: longshore snapshot ${known} NAME`)
    if (!nameRule.test(name))
      throw usageError(`"${name}" is no name for a snapshot: letters, digits, \`_\`, \`.\` and \`-\``)
    return withMachines(context, await chooseMachines(context, names), async machines => {
      if (known === 'save')
        return carryOutActs(context, await Promise.all(machines.map(one => saving(one, name, force))))
      if (known === 'delete') {
        const acts = await Promise.all(machines.map(one => dropping(one, name)))
        if (acts.every(act => act === undefined))
          context.emit({ type: 'note', text: `No machine has a snapshot "${name}".` })
        return carryOutActs(
          context,
          acts.filter(act => act !== undefined),
        )
      }
      const restored = new Set(machines.map(({ host }) => host.name))
      const acts = await Promise.all(machines.map(one => restoring(one, name, context, restored)))
      return carryOutActs(context, acts, `Restore ${acts.length === 1 ? 'this machine' : 'these machines'}?`)
    })
  },
})
