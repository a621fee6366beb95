// The project's own folder for machines, `.longshore/`: whose they are, their keys, and how each is reached. Git never sees it.
import { randomBytes } from 'node:crypto'
import { link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, UserError } from '../../core/errors.js'
import type { MachineKeys, SettledPort } from '../../core/machines/machine.js'
import type { Project } from '../../core/project.js'

/** How a machine was made, as far as this side must know. */
export interface MachineNote {
  ports: SettledPort[]
  /** The snapshot that it is made from, while it is. */
  snapshot?: string
  /** It is to forget the swarm that it was in. */
  forgetsSwarm?: boolean
}

type Folder = Pick<Project, 'folder'>

const ownFolder = ({ folder }: Folder): string => join(folder, '.longshore')
export const machineFolder = (project: Folder, host: string): string => join(ownFolder(project), 'machines', host)
export const identityFile = (project: Folder, host: string): string => join(machineFolder(project, host), 'id_ed25519')
const hostKeyFile = (project: Folder, host: string): string => join(machineFolder(project, host), 'host_ed25519')
export const knownHostsFile = (project: Folder, host: string): string =>
  join(machineFolder(project, host), 'known_hosts')
const noteFile = (project: Folder, host: string): string => join(machineFolder(project, host), 'machine.json')

/** The machine's name in known_hosts, whatever its port. */
export const knownName = (project: Pick<Project, 'name'>, host: string): string => `longshore-${project.name}-${host}`

const readIf = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** The folder's id, if it has one. */
export const folderId = async (project: Folder): Promise<string | undefined> =>
  (await readIf(join(ownFolder(project), 'id')))?.trim() || undefined

/** The folder's id, made if it has none: machines of another folder with a project of the same name are others. */
export async function ensureFolderId(project: Folder): Promise<string> {
  const there = await folderId(project)
  if (there !== undefined) return there
  const folder = ownFolder(project)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, '.gitignore'), '*\n')
  const draft = join(folder, `id.${process.pid}`)
  await writeFile(draft, `${randomBytes(4).toString('hex')}\n`)
  // Of two runs at once the first one's holds.
  await link(draft, join(folder, 'id')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft, { force: true })
  return ensureFolderId(project)
}

const readKeys = async (project: Folder, host: string): Promise<MachineKeys | undefined> => {
  const [login, hostPrivate, hostPublic] = await Promise.all([
    readIf(`${identityFile(project, host)}.pub`),
    readIf(hostKeyFile(project, host)),
    readIf(`${hostKeyFile(project, host)}.pub`),
  ])
  return login && hostPrivate && hostPublic ? { login, hostPrivate, hostPublic } : undefined
}

/** The machine's keys, ours and its own, made if they are not there. All of them come at once: half a set lets nobody in. */
export async function ensureKeys(project: Project, host: string): Promise<MachineKeys> {
  const there = await readKeys(project, host)
  if (there) return there
  const { makeKeyPair } = await import('../../hosts/ssh/client.js')
  const target = machineFolder(project, host)
  await mkdir(join(target, '..'), { recursive: true, mode: 0o700 })
  const draft = await mkdtemp(join(target, '..', '.new-'))
  const known = knownName(project, host)
  const own = makeKeyPair(known)
  const theirs = makeKeyPair(host)
  const files: [string, string, number][] = [
    ['id_ed25519', own.private, 0o600],
    ['id_ed25519.pub', `${own.public}\n`, 0o644],
    ['host_ed25519', theirs.private, 0o600],
    ['host_ed25519.pub', `${theirs.public}\n`, 0o644],
    ['known_hosts', `${known} ${theirs.public}\n`, 0o644],
  ]
  for (const [name, text, mode] of files) await writeFile(join(draft, name), text, { mode })
  await rm(target, { recursive: true, force: true })
  await rename(draft, target)
  const made = await readKeys(project, host)
  if (made === undefined) throw new UserError(`the keys in ${target} are gone again`)
  return made
}

/** What is noted of a machine. */
export async function readNote(project: Folder, host: string): Promise<MachineNote | undefined> {
  const text = await readIf(noteFile(project, host))
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as MachineNote
  } catch (error) {
    throw new UserError(`cannot read ${noteFile(project, host)}: ${messageOf(error)}`, { cause: error })
  }
}

export async function writeNote(project: Folder, host: string, note: MachineNote): Promise<void> {
  const draft = `${noteFile(project, host)}.new`
  await writeFile(draft, `${JSON.stringify(note)}\n`)
  await rename(draft, noteFile(project, host))
}

/** The public half of the machine's own key, "ssh-ed25519 AAAA…", if it was made. */
export const hostKeyOf = async (project: Folder, host: string): Promise<string | undefined> =>
  (await readIf(`${hostKeyFile(project, host)}.pub`))?.trim().split(/\s+/).slice(0, 2).join(' ')

/** Forgets a machine that is gone. */
export const forgetMachine = (project: Folder, host: string): Promise<void> =>
  rm(machineFolder(project, host), { recursive: true, force: true })
