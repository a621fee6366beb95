// Tells the hosts that are machines how they are reached: what the file cannot say.
import { isHere } from '../../core/engine-alone/address.js'
import { laboratoryAddress } from '../../core/machines/machine.js'
import type { Host, Project } from '../../core/project.js'
import { folderId, hostKeyOf, identityFile, readNote } from './folder.js'

/** Where the sshd of a machine listens, and how it is reached from here. */
export interface Approach {
  /** For the engine: the address to listen on. */
  bind: string
  address: string
  jump?: string
}

const isLoopback = (name: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(name)

/** How the machines of a host's engine are reached. On another host they listen on its loopback, and that host is jumped through. */
export function approachTo(host: Host, project: Project): Approach {
  const own: Approach = { bind: '127.0.0.1', address: '127.0.0.1' }
  const { machine } = host
  if (machine === undefined || machine.engine.kind === 'local') return own
  const { name } = machine.engine
  const on = project.hosts.find(one => one.name === name)
  if (on === undefined || isHere(on)) return own
  if (on.connection === 'ssh') return { ...own, jump: name }
  // No shell leads there: its port must be open to us, and whoever comes needs the key.
  return isLoopback(on.address) ? own : { bind: '0.0.0.0', address: on.address }
}

/** Fills in a machine's address, port and keys, as far as it was made. */
export async function placeMachine(project: Project, host: Host): Promise<void> {
  const [note, hostKey, folder] = await Promise.all([
    readNote(project, host.name),
    hostKeyOf(project, host.name),
    folderId(project),
  ])
  const port = note?.ports.find(({ inside, protocol }) => inside === 22 && protocol === 'tcp')?.outside
  const { address, jump } = approachTo(host, project)
  host.address = address
  host.user = 'root'
  if (jump !== undefined) host.jump = jump
  if (folder !== undefined) host.private ??= laboratoryAddress({ project: project.name, host: host.name, folder })
  if (port === undefined || hostKey === undefined) {
    delete host.port
    return
  }
  host.port = port
  host.identity = identityFile(project, host.name)
  host.hostKey = hostKey
}

/** The same for all machines of a project. */
export async function placeMachines(project: Project): Promise<void> {
  await Promise.all(project.hosts.filter(host => host.machine).map(host => placeMachine(project, host)))
}
