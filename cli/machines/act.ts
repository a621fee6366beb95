// Does to machines what is to be done: makes them, waits until they let us in, and tells it as a run does.
import { randomInt } from 'node:crypto'
import { createConnection } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { exitCodes, UserError, unreachableError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import { type MachinePort, type MachineWork, PortTaken, type SettledPort } from '../../core/machines/machine.js'
import { mapLimited } from '../../core/run/workers.js'
import { sh } from '../../core/sh.js'
import type { Step } from '../../core/step.js'
import type { CommandContext } from '../context.js'
import { ensureKeys, readNote, writeNote } from './folder.js'
import type { Machine } from './makers.js'
import { approachTo, placeMachine } from './place.js'

/** Milliseconds that a machine may take to let us in. */
const patience = 120_000

/** Ports that nobody is given by the system: below those that Linux takes for outgoing connections. */
const anyPort = (): number => randomInt(20_000, 32_000)

/** All ports of a machine; those that the file leaves open are chosen, or stay as they were `before`. */
function settlePorts({ host, want, project }: Machine, before: readonly SettledPort[]): SettledPort[] {
  const ssh: MachinePort = { address: approachTo(host, project).bind, inside: 22, protocol: 'tcp' }
  const free = [...before]
  return [ssh, ...want.ports].map(port => {
    const isSame = ({ address, inside, protocol }: MachinePort): boolean =>
      address === port.address && inside === port.inside && protocol === port.protocol
    const index = port.outside === undefined ? free.findIndex(isSame) : -1
    const [kept] = index < 0 ? [] : free.splice(index, 1)
    return { ...port, outside: port.outside ?? kept?.outside ?? anyPort() }
  })
}

/** Makes a machine; a port that we chose and that is taken is chosen anew. */
export async function makeMachine(machine: Machine, work: MachineWork): Promise<void> {
  const { host, want, project, name, maker } = machine
  const keys = await ensureKeys(project, host.name)
  const note = await readNote(project, host.name)
  for (let tries = 0; ; tries++) {
    const ports = settlePorts(machine, tries === 0 ? (note?.ports ?? []) : [])
    const snapshot =
      note?.snapshot === undefined ? {} : { snapshot: note.snapshot, forgetsSwarm: note.forgetsSwarm ?? false }
    await writeNote(project, host.name, { ports, ...snapshot })
    try {
      await maker.create({ ...name, want, ports, ...snapshot }, keys, work)
      await writeNote(project, host.name, { ports })
      return
    } catch (error) {
      const isOurs = error instanceof PortTaken && !want.ports.some(({ outside }) => outside === error.port)
      if (!isOurs || tries >= 10) throw error
    }
  }
}

/** The way to a machine's sshd: behind a host that is jumped through, from there. */
const dialSshd = async ({ host, connection }: Machine, signal: AbortSignal): Promise<Duplex> =>
  host.jump === undefined
    ? createConnection({ host: host.address, port: host.port ?? 0, signal })
    : (connection.dialTcp?.(host.address, host.port ?? 0, { signal }) ??
      Promise.reject(unreachableError(host.name, 'no port can be reached through its host')))

/** Whether an sshd answers: what stands before it takes connections earlier. */
const greets = async (machine: Machine, signal: AbortSignal): Promise<boolean> => {
  const socket = await dialSshd(machine, signal)
  return new Promise(resolve => {
    const timer = setTimeout(() => settle(false), 2000)
    const settle = (is: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(is)
    }
    socket.once('data', data => settle(data.toString('latin1').startsWith('SSH-')))
    for (const event of ['error', 'end', 'close']) socket.on(event, () => settle(false))
  })
}

/** A machine in which nothing runs any more: to wait for it is in vain. */
class MachineEnded extends UserError {}

/** Throws where nothing runs in a machine that should come up. */
async function refuseEnded({ maker, name, host }: Machine): Promise<void> {
  const { state, ended } = await maker.look(name)
  if (state !== 'stopped' || ended === undefined) return
  throw new MachineEnded(`the machine does not come up: its first program ${ended.how}`, {
    where: host.name,
    output: await maker.lastWords(name),
    hint: ended.hint,
  })
}

/** Waits until a machine has booted and lets us in. A UserError with its last words when it does not. */
async function waitForMachine(machine: Machine, context: CommandContext, work: MachineWork): Promise<void> {
  const { host, maker, name, project } = machine
  const { signal } = context
  await placeMachine(project, host)
  const connect = await context.connect()
  const giveUp = performance.now() + patience
  work.tell('waiting until it has booted')
  for (;;) {
    try {
      if (!(await greets(machine, signal).catch(() => false))) throw unreachableError(host.name, 'no sshd answers')
      const connection = await connect(host, { signal })
      try {
        // Says "degraded" and the like by its exit code: whatever it is, it has booted.
        await connection.exec(sh`systemctl is-system-running --wait`, { signal, timeoutMs: 60_000 })
        return
      } finally {
        await connection.close()
      }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof UserError)) throw error
      await refuseEnded(machine)
      if (performance.now() > giveUp)
        throw unreachableError(host.name, `the machine does not let us in: ${error.message}`, {
          output: await maker.lastWords(name),
          hint: 'its image needs systemd as /sbin/init, and an sshd that is started with it',
        })
      await pause(300, undefined, { signal })
    }
  }
}

async function perform(machine: Machine, step: Step, context: CommandContext, work: MachineWork): Promise<void> {
  const { maker, name, want, project, host } = machine
  if (step.verb === 'create') {
    const before = await readNote(project, host.name)
    await makeMachine(machine, work)
    await waitForMachine(machine, context, work).catch(async (error: unknown) => {
      // Nothing was ever in it but what it was made from, and the next `up` would take it for a machine that runs.
      if (error instanceof MachineEnded) {
        if (before?.snapshot !== undefined) await writeNote(project, host.name, before)
        await maker.remove(name, work)
      }
      throw error
    })
  } else if (step.verb === 'start') {
    await maker.start(name, work)
    await waitForMachine(machine, context, work)
  } else if (step.verb === 'change') await maker.limit(name, want, work)
  else if (step.verb === 'halt') await maker.stop(name, work)
  else throw new Error(`nobody does ${step.id}`)
}

/** One thing to do to a machine. */
export interface MachineAct {
  machine: Machine
  step: Step
  /** In place of what the step's verb says. */
  act?: (work: MachineWork) => Promise<void>
}

/** Waits until a machine lets us in, as a part of an act of another kind. */
export const reachable = waitForMachine

/** Does it, machines side by side and the acts of each one after the other, and tells it. Gives the exit code. */
export async function actOnMachines(context: CommandContext, acts: readonly MachineAct[]): Promise<number> {
  const { emit, signal } = context
  const report = await context.report()
  const hosts = [...new Set(acts.map(({ machine }) => machine.host.name))]
  report.start?.(hosts)
  const results = await mapLimited(hosts, await context.forks(), async host => {
    for (const { machine, step, act } of acts.filter(one => one.machine.host.name === host)) {
      const { id, thing, verb } = step
      const began = performance.now()
      const told = (state: 'start' | 'done' | 'failed', text?: string): void => {
        const ms = state === 'start' ? {} : { ms: Math.round(performance.now() - began) }
        emit({ type: 'step', id, host, thing, verb, state, ...ms, ...(text === undefined ? {} : { text }) })
      }
      const work: MachineWork = {
        signal,
        tell: text => emit({ type: 'output', id, host, text: cleanLine(text).trim() }),
      }
      told('start')
      try {
        await (act ? act(work) : perform(machine, step, context, work))
        told('done')
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (!(error instanceof UserError)) throw error
        told('failed', error.message)
        await context.tell(error)
        return error.exit
      }
    }
    return exitCodes.done
  })
  return results.find(exit => exit !== exitCodes.done) ?? exitCodes.done
}
