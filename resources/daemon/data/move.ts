// Whether an engine's data has to move, and what stands against it. Pure.
import { posix } from 'node:path'
import { UserError, usageError } from '../../../core/errors.js'
import type { Change } from '../../../core/step.js'
import type { Decision } from '../decide.js'
import { daemonText, parseDaemon } from '../merge.js'
import { dataRoot, holdsData } from '../moves.js'
import { daemonFile } from '../probe.js'
import { type EngineSeen, infoOf, isInSwarm } from '../seen.js'

/** What was seen of the two folders. Sizes in bytes. */
export interface Folders {
  state: 'empty' | 'part' | 'same' | 'itself' | 'file' | 'other'
  size: number
  free: number
  copier: string
  /** The new folder without links in its path. */
  real: string
  /** What else is mounted in the old one. */
  mounts: string[]
}

/** An engine, its folders where a move is due, and where the data was before earlier moves. */
export interface DataSeen {
  engine: EngineSeen
  folders?: Folders
  left: string[]
}

/** The folder as the engine writes it: without a slash at its end, or two in a row. */
export const plainFolder = (path: string): string => posix.normalize(path).replace(/(.)\/$/, '$1')

/** Whether data has to move there: the engine has its data elsewhere, by its file and by its own account. */
export function isDue(root: string, { engine }: DataSeen): boolean {
  if (engine.dockerd === undefined || !holdsData(engine)) return false
  const map = parseDaemon(engine.files.daemon.text) ?? {}
  return dataRoot(engine) !== root && map['data-root'] !== root
}

/** Bytes as people say them. */
const sized = (bytes: number): string => {
  const steps = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = Math.min(steps.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** step
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${steps[step]}`
}

/** Storage drivers whose folders are plain files and links, extended attributes and all. */
const copied = new Set(['overlay2', 'overlay', 'fuse-overlayfs', 'vfs', 'overlayfs'])

/** Throws a UserError for what a copy of the data would not be, or would have no room for. */
export function refuseMove(root: string, { engine, folders }: DataSeen): void {
  const from = dataRoot(engine)
  const refuse = (message: string, hint: string): never => {
    throw usageError(message, { hint })
  }
  if (`${root}/`.startsWith(`${from}/`) || `${from}/`.startsWith(`${root}/`))
    refuse(`the engine’s data is in ${from}, and cannot be copied to ${root}`, 'Name a folder beside it.')
  const map = parseDaemon(engine.files.daemon.text)
  if (map === undefined)
    throw new UserError(`${daemonFile} on the host is no JSON map`, { hint: 'Repair it there first.' })
  if ('graph' in map) refuse(`${daemonFile} names \`graph\``, 'Call it `data-root` there: `graph` is its old name.')
  const driver = infoOf(engine, 'Driver')
  if (typeof driver === 'string' && !copied.has(driver))
    refuse(`the engine keeps its images by ${driver}, which no copy of files keeps`, 'Move the data by hand.')
  if (isInSwarm(engine))
    refuse('the engine is part of a swarm, and would be away while its data is copied', 'Let the host leave it first.')
  if (infoOf(engine, 'LiveRestoreEnabled') === true && map['live-restore'] !== true)
    refuse(
      'the engine is started with --live-restore, and its containers would go on in the old folder',
      'Take it out.',
    )
  for (const flag of ['--data-root', '--graph', '-g'])
    if (engine.argv.some(word => word === flag || word.startsWith(`${flag}=`)))
      refuse(`the engine is started with ${flag}`, 'Take the flag out of what starts it.')
  if (folders === undefined) return
  const { state, size, free, copier, mounts } = folders
  if (state === 'itself') refuse(`${root} is ${from} by another name`, `Say \`data-root: ${from}\`.`)
  if (state === 'file') refuse(`${root} is no folder`, 'Name another one.')
  if (state === 'other')
    refuse(
      `${root} is not empty, and not a copy of ${from}`,
      'Name another folder, or empty it: what is there is not overwritten.',
    )
  if (mounts.length > 0)
    refuse(`something else is mounted in ${from}: ${mounts.join(', ')}`, 'Move the data by hand, each part alone.')
  if (state === 'same') return
  if (copier === '')
    refuse('there is neither a cp nor a tar on the host that keeps extended attributes', 'Install coreutils there.')
  if (size + size / 50 > free)
    refuse(
      `there is no room for the engine’s data at ${root}: it takes ${sized(size)}, and ${sized(free)} are free`,
      'Remove what is not needed (`longshore prune`), or name another folder.',
    )
}

/** What a plan shows of it. */
export function moveChanges(root: string, { engine, folders }: DataSeen): Change[] {
  const from = dataRoot(engine)
  const names = engine.running ? engine.containers : []
  const stops =
    names.length === 0
      ? ''
      : `; ${names.length} container${names.length === 1 ? ' stops' : 's stop'}: ${names.join(', ')}`
  const how =
    folders === undefined || folders.state === 'same'
      ? 'its data is there already, and is compared'
      : `${sized(folders.size)} are copied, ${sized(folders.free)} are free`
  return [
    {
      what: 'data-root',
      from,
      to: `${root}: ${how}; ${from} stays until you remove it`,
      ...(engine.running ? { loses: `the engine is away until all is there${stops}` } : {}),
    },
  ]
}

/** The one file that changes, and what the engine must say of itself then. */
export function moveDecision(root: string, { engine, folders }: DataSeen): Decision {
  const { text, sum } = engine.files.daemon
  const before = parseDaemon(text) ?? {}
  const next = { ...before, 'data-root': root }
  const real = folders === undefined || folders.real === '' ? root : folders.real
  return {
    targets: [{ name: 'daemon', path: daemonFile, content: daemonText(next, text), mode: sum === '' ? '0644' : '' }],
    needs: 'restart',
    keys: [{ key: 'data-root', from: before['data-root'], to: root, needs: 'restart' }],
    before,
    next,
    secretKeys: new Set(engine.memory.secret),
    expected: [{ key: 'data-root', needle: `"DockerRootDir":"${real}` }],
    idle: [],
    otherSockets: false,
    certificate: undefined,
    warnings: [],
  }
}

/** Reads the second look. */
export function readFolders(out: string): Folders {
  const told = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(out)?.[1] ?? ''
  const state = (['empty', 'part', 'same', 'itself', 'file', 'other'] as const).find(one => one === told('state'))
  if (state === undefined || !out.endsWith('end\n'))
    throw new UserError('the host did not say what is in the folders of its engine', { output: out.slice(-2000) })
  return {
    state,
    size: Number(told('size')) * 1024,
    free: Number(told('free')) * 1024,
    copier: told('copier'),
    real: told('real'),
    mounts: [...out.matchAll(/^mount=(.*)$/gm)].map(([, path = '']) => path),
  }
}
