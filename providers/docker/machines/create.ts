// Makes a machine's container: what it is made of, who may log in to it, and the errors that people can mend.
import { likeError, messageOf, UserError } from '../../../core/errors.js'
import {
  laboratoryAddress,
  type MachineKeys,
  type MachineName,
  type MachineSpec,
  type MachineWork,
  machineText,
  PortTaken,
} from '../../../core/machines/machine.js'
import { fullDisk } from '../apply/full-disk.js'
import { hasStatus } from '../apply/job.js'
import { remove, start } from '../containers/calls.js'
import { packTar } from '../images/tar.js'
import { bootScript } from './boot.js'
import { ensureMachineImage, type ImagePlace } from './image.js'
import { containerName, machineLabels, ownLabels, snapshotRepository } from './names.js'
import { machineRights, stores } from './rights.js'

/** An engine that machines are made on, and what its host can give them. */
export interface MachinePlace extends ImagePlace {
  capabilities: readonly string[] | undefined
  fuse: boolean
}

/** What a machine may take: 0 is no bound. Swap goes with memory, which cannot be raised alone. */
export const limitsOf = ({ cpus = 0, memory = 0 }: { cpus?: number; memory?: number }): Record<string, number> => ({
  ...(cpus === 0 ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
  ...(memory === 0 ? {} : { Memory: memory, MemorySwap: memory * 2 }),
})

/** Rights and stores: the same for a machine and for the copy of one that is packed. */
export const hostConfig = ({ capabilities, fuse }: MachinePlace): Record<string, unknown> =>
  machineRights(capabilities, fuse)

function bodyOf(place: MachinePlace, spec: MachineSpec, Image: string): object {
  const { want, ports } = spec
  const isNewNode = spec.snapshot === undefined || spec.forgetsSwarm === true
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const { address, outside, inside, protocol } of ports) {
    const key = `${inside}/${protocol}`
    bindings[key] = [...(bindings[key] ?? []), { HostIp: address, HostPort: String(outside) }]
  }
  return {
    Image,
    Hostname: spec.host.slice(0, 63),
    Env: ['container=docker'],
    Entrypoint: [],
    // A box is not the node that it was packed from.
    Cmd: ['sh', '-c', bootScript, 'machine', laboratoryAddress(spec), isNewNode ? 'forget' : 'remember'],
    StopSignal: 'SIGRTMIN+3',
    StopTimeout: 30,
    Labels: { ...ownLabels(spec, 'machine'), [machineLabels.made]: JSON.stringify(machineText(want)) },
    Volumes: Object.fromEntries(stores.map(path => [path, {}])),
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map(key => [key, {}])),
    HostConfig: {
      ...hostConfig(place),
      ...limitsOf(want),
      PortBindings: bindings,
      Binds: want.folders.map(({ from, to, readOnly }) => `${from}:${to}${readOnly ? ':ro' : ''}`),
      Tmpfs: { '/run': '', '/run/lock': '' },
      // A reboot ends the container, and the engine then boots it again. So does `poweroff`: the two end alike.
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 20 },
    },
  }
}

/** Files that let us in, and by which we know the machine. */
const keyFiles = (keys: MachineKeys) => {
  const file = (path: string, mode: number, text: string) => ({
    path,
    kind: 'file' as const,
    mode,
    bytes: async () => Buffer.from(text),
  })
  return packTar([
    { path: 'root/.ssh', kind: 'directory', mode: 0o700 },
    file('root/.ssh/authorized_keys', 0o600, keys.login),
    file('etc/ssh/ssh_host_ed25519_key', 0o600, keys.hostPrivate),
    file('etc/ssh/ssh_host_ed25519_key.pub', 0o644, keys.hostPublic),
  ])
}

/** The error for people: a port that is taken, a disk that is full, a folder that is not there. */
export async function explain(place: MachinePlace, machine: MachineName, error: unknown): Promise<unknown> {
  const said = messageOf(error)
  const { engine } = place
  if (/port is already allocated|address already in use/.test(said)) {
    const port = /:(\d+)(?: failed)?: (?:bind: )?(?:port is|address already|bind)/.exec(said)?.[1]
    return new PortTaken(Number(port ?? 0), machine.host)
  }
  const full = await fullDisk({ engine, host: engine.scope.name, where: machine.host }, error)
  const hint =
    '`longshore snapshot delete` removes snapshots, `docker system df` on that engine tells what else there is'
  if (full) return likeError(full, { where: machine.host, hint })
  if (hasStatus(error, 400, 404, 409, 500))
    return new UserError(`the engine refuses: ${said}`, { where: machine.host, cause: error })
  return error instanceof UserError && error.where === undefined ? likeError(error, { where: machine.host }) : error
}

/** Makes and starts it. What is there under its name is removed first: the caller has seen that it may go. */
export async function createMachine(
  place: MachinePlace,
  spec: MachineSpec,
  keys: MachineKeys,
  work: MachineWork,
): Promise<void> {
  const { engine } = place
  const { api } = engine
  const name = containerName(spec)
  const make = async (again: boolean): Promise<string> => {
    const image =
      spec.snapshot === undefined
        ? await ensureMachineImage(place, spec.want.image, work)
        : `${snapshotRepository(spec)}:${spec.snapshot}`
    try {
      const body = bodyOf(place, spec, image)
      const made = { method: 'POST', path: '/containers/create', query: { name }, body, signal: work.signal } as const
      return (await api.json<{ Id: string }>(made)).Id
    } catch (error) {
      // Another project that tidies up may have taken the image away just now.
      if (again && spec.snapshot === undefined && hasStatus(error, 404)) return make(false)
      throw error
    }
  }
  try {
    await remove(engine, name, true)
    work.tell('making it')
    const id = await make(true)
    try {
      const path = `/containers/${id}/archive`
      const upload = keyFiles(keys)
      await api.json({ method: 'PUT', path, query: { path: '/' }, upload, signal: work.signal })
      await start(engine, id, work.signal)
    } catch (error) {
      await remove(engine, id, true)
      throw error
    }
  } catch (error) {
    work.signal.throwIfAborted()
    throw await explain(place, spec, error)
  }
}
