// Machines on a docker engine: each is a container with a Debian in it that boots.

import type { Connection } from '../../../core/connection.js'
import { UserError } from '../../../core/errors.js'
import {
  type MachineMaker,
  type MachineName,
  type MachinePort,
  type MachineSight,
  type MachineState,
  memoryText,
  type SettledPort,
} from '../../../core/machines/machine.js'
import type { Absent, Detection, Scope } from '../../../core/provider.js'
import type { ContainerDetails } from '../api/shapes.js'
import { unlessMissing } from '../apply/job.js'
import { remove, start, stop, unpause } from '../containers/calls.js'
import { openEngine } from '../open.js'
import { createMachine, explain, limitsOf, type MachinePlace } from './create.js'
import { wordsOf } from './finite.js'
import { removeIfUnused, tidyImages } from './image.js'
import { containerName, machineLabels, ownLabels } from './names.js'
import { capabilitiesOf, type HostRights } from './rights.js'
import { dropSnapshot, listSnapshots, packingName, saveSnapshot, writeBox } from './snapshot.js'

export interface MakerOptions {
  scope: Scope
  connection: Connection
  detection: Promise<Detection>
  /** What the engine's host can give away, where that is known. */
  rights?: HostRights
  /** Whether the engine's host has /dev/fuse. */
  fuse: boolean
  /** The folder on this machine where archives are kept. */
  cache: string
  signal: AbortSignal
}

interface Details extends ContainerDetails {
  HostConfig: ContainerDetails['HostConfig'] & {
    PortBindings?: Record<string, { HostIp: string; HostPort: string }[] | null> | null
  }
}

const states: Readonly<Record<string, MachineState>> = {
  created: 'half',
  running: 'running',
  restarting: 'running',
  paused: 'paused',
}

/** What systemd ends with when the machine is rebooted, or shut down from inside. Source: reboot(2), signals of a PID namespace's init. */
const reboots: readonly number[] = [129, 130]

/** How its first program ended, where nothing runs in it; the engine tries again and again what does not come up. */
function endOf({ State: { Status, ExitCode, OOMKilled } }: Details): MachineSight['ended'] {
  if (Status !== 'exited' && (Status !== 'restarting' || reboots.includes(ExitCode))) return undefined
  if (OOMKilled) return { how: 'was ended by the kernel: its memory was used up', hint: 'give it more `memory`' }
  const hint = 'an image for machines has systemd as /sbin/init, and an sshd that is started with it'
  return { how: `ended with ${ExitCode}`, hint }
}

function portsOf({ HostConfig }: Details): SettledPort[] {
  return Object.entries(HostConfig.PortBindings ?? {}).flatMap(([key, bound]) => {
    const [inside = '', protocol = 'tcp'] = key.split('/')
    return (bound ?? []).map(({ HostIp, HostPort }) => ({
      address: HostIp,
      outside: Number(HostPort),
      inside: Number(inside),
      protocol: protocol as MachinePort['protocol'],
    }))
  })
}

function sightOf(machine: MachineName, found: Details | undefined): MachineSight {
  if (found === undefined) return { state: 'absent', ports: [], made: {} }
  const told = found.Config.Labels ?? {}
  for (const [name, value] of Object.entries(ownLabels(machine, 'machine')))
    if (told[name] !== value)
      throw new UserError(`the container ${containerName(machine)} is there, and is no machine of ours`, {
        where: machine.host,
        hint: 'remove it, or rename it',
      })
  const { NanoCpus = 0, Memory = 0 } = found.HostConfig
  const ended = endOf(found)
  return {
    state: ended === undefined ? (states[found.State.Status] ?? 'stopped') : 'stopped',
    ...(ended === undefined ? {} : { ended }),
    ports: portsOf(found),
    made: {
      ...(JSON.parse(told[machineLabels.made] ?? '{}') as Record<string, string>),
      // These can be changed as it runs, and a label cannot.
      cpus: NanoCpus === 0 ? 'all' : String(NanoCpus / 1e9),
      memory: memoryText(Memory),
    },
  }
}

/** Opens an engine to make machines on. */
export async function openMachineMaker(options: MakerOptions): Promise<MachineMaker | Absent> {
  const engine = await openEngine(options.scope, options.connection, options.detection, options.signal)
  if ('absent' in engine) return engine
  const { api } = engine
  const { ServerVersion = '' } = await api.json<{ ServerVersion?: string }>({ path: '/info' })
  const place: MachinePlace = {
    engine,
    cache: options.cache,
    capabilities: capabilitiesOf(options.rights, Number.parseInt(ServerVersion, 10)),
    fuse: options.fuse,
  }
  const pathOf = (machine: MachineName, action = ''): string =>
    `/containers/${encodeURIComponent(containerName(machine))}${action}`
  const inspect = (machine: MachineName): Promise<Details | undefined> =>
    unlessMissing(api.json<Details>({ path: pathOf(machine, '/json') }))
  const look = async (machine: MachineName): Promise<MachineSight> => sightOf(machine, await inspect(machine))
  return {
    about: engine.about,
    look,
    create: (spec, keys, work) => createMachine(place, spec, keys, work),
    async start(machine, { signal }) {
      const { state } = await look(machine)
      try {
        if (state === 'paused') await unpause(engine, containerName(machine), signal)
        else {
          // One that the engine tries again and again counts as running there.
          await stop(engine, containerName(machine), signal)
          await start(engine, containerName(machine), signal)
        }
      } catch (error) {
        signal.throwIfAborted()
        throw await explain(place, machine, error)
      }
    },
    async limit(machine, want, { signal }) {
      const body = limitsOf(want)
      await api.json({ method: 'POST', path: pathOf(machine, '/update'), body, signal })
    },
    async stop(machine, { signal }) {
      // One that is frozen hears no signal.
      if ((await look(machine)).state === 'paused') await unpause(engine, containerName(machine), signal)
      await stop(engine, containerName(machine), signal)
    },
    async remove(machine, { signal }) {
      await remove(engine, packingName(machine), false, signal)
      const found = await inspect(machine)
      if (found === undefined) return
      sightOf(machine, found)
      await remove(engine, containerName(machine), true, signal)
      const path = `/images/${found.Image}/json`
      const image = await unlessMissing(api.json<{ Config?: { Labels?: Record<string, string> | null } }>({ path }))
      if (image?.Config?.Labels?.[machineLabels.kind] === 'box') await removeIfUnused(engine, found.Image)
    },
    snapshots: machine => listSnapshots(place, machine),
    save: (machine, snapshot, work) => saveSnapshot(place, machine, snapshot, work),
    drop: (machine, snapshot) => dropSnapshot(place, machine, snapshot),
    box: (machine, work, write) => writeBox(place, machine, work, write),
    lastWords: machine => wordsOf(engine, containerName(machine)),
    tidy: () => tidyImages(engine),
    close: () => engine.close(),
  }
}
