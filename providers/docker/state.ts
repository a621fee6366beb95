// The key, lock and serial of projects kept on the engine itself, for hosts that no shell reaches: two containers that never run, and a volume.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LockClaim, StateKeeper } from '../../core/engine-alone/keeper.js'
import { UserError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import type { HostState, Lock } from '../../core/state.js'
import { hasStatus, unlessMissing } from './apply/job.js'
import { packTar, readTar } from './images/tar.js'
import type { DockerEngine } from './open.js'

/** An image without a file: what containers that never run are made from. */
const image = { name: 'longshore-state', tag: '1' }
/** Holds the key and serials; a volume survives a `docker container prune`. */
const volume = 'longshore_state'
/** Keeps the volume in use, and is the way to its files. */
const holder = 'longshore-state'
/** In the holder. */
const folder = '/state'

/** Labels of what we keep. None holds a secret: the key is in a file. */
const label = 'longshore.state'
const ownerLabel = 'longshore.lock.owner'
const reasonLabel = 'longshore.lock.reason'

/** A container's name is taken once and by one alone: making it is the lock. No project may be called `key`. */
const lockName = (project: string): string => `longshore-lock-${project}`
const keyLock = lockName('key')

/** Milliseconds until the making of a key by another run counts as cut off, and between two looks. */
const making = { patience: 15_000, pause: 200 }
const lastPatience = 10_000

interface LockShape {
  Id: string
  /** Seconds since 1970. */
  Created: number
  Labels: Record<string, string> | null
}

type Signal = AbortSignal | undefined

async function ensureImage({ api }: DockerEngine, signal: Signal): Promise<void> {
  const path = `/images/${image.name}:${image.tag}/json`
  if ((await unlessMissing(api.json<object>({ path, signal }))) !== undefined) return
  const query = { fromSrc: '-', repo: image.name, tag: image.tag }
  const told = await api.stream({ method: 'POST', path: '/images/create', query, upload: packTar([]), signal })
  for await (const _ of told.resume());
}

/** Makes a container that is never started; false where one of this name is there. */
async function makeContainer(
  { api }: DockerEngine,
  name: string,
  more: { labels: Record<string, string>; mounts?: object[] },
  signal: Signal,
): Promise<boolean> {
  const body = {
    Image: `${image.name}:${image.tag}`,
    Cmd: ['never-started'],
    Labels: more.labels,
    HostConfig: { NetworkMode: 'none', ...(more.mounts === undefined ? {} : { Mounts: more.mounts }) },
  }
  try {
    await api.json<object>({ method: 'POST', path: '/containers/create', query: { name }, body, signal })
    return true
  } catch (error) {
    if (hasStatus(error, 409)) return false
    throw error
  }
}

const mounts = [
  {
    Type: 'volume',
    Source: volume,
    Target: folder,
    VolumeOptions: { Labels: { [label]: 'key and serials' }, NoCopy: true },
  },
]

const ensureHolder = (engine: DockerEngine, signal: Signal): Promise<boolean> =>
  makeContainer(engine, holder, { labels: { [label]: 'key and serials of Longshore' }, mounts }, signal)

/** Removes a container by name or id; none, and one that another run is just removing, is as good. */
async function removeContainer({ api }: DockerEngine, which: string, signal: Signal): Promise<void> {
  try {
    await api.json({ method: 'DELETE', path: `/containers/${which}`, query: { force: true }, signal })
  } catch (error) {
    if (!hasStatus(error, 404, 409)) throw error
  }
}

/** What the holder has: the text of each small file by its name. */
async function readFiles({ api }: DockerEngine, signal: Signal): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const path = `/containers/${holder}/archive`
  const archive = await unlessMissing(api.stream({ path, query: { path: folder }, signal }))
  if (archive === undefined) return files
  for await (const entry of readTar(archive)) {
    const chunks: Buffer[] = []
    for await (const chunk of entry.body) chunks.push(chunk as Buffer)
    if (entry.isFile)
      files.set(entry.path.replace(/^(\.\/)?state\//, ''), Buffer.concat(chunks).toString('utf8').trim())
  }
  return files
}

/** Puts a file there, for root alone. */
async function writeFile({ api }: DockerEngine, name: string, text: string, signal: Signal): Promise<void> {
  const upload = packTar([{ path: name, kind: 'file', mode: 0o600, bytes: async () => Buffer.from(`${text}\n`) }])
  await api.json({ method: 'PUT', path: `/containers/${holder}/archive`, query: { path: folder }, upload, signal })
}

/** Listed, and not inspected: an engine fails to inspect what it is just removing. */
async function lockOf({ api }: DockerEngine, name: string, signal: Signal): Promise<LockShape | undefined> {
  const query = { all: true, filters: { name: [`^/${name}$`] } }
  return (await api.json<LockShape[]>({ path: '/containers/json', query, signal }))[0]
}

/** The lock by the engine's clock: what it says of the time of an answer. */
async function readLock({ api }: DockerEngine, found: LockShape, signal: Signal): Promise<Lock> {
  const now = Date.parse((await api.ping(signal)).date ?? '')
  const since = found.Created * 1000
  const labels = found.Labels ?? {}
  return {
    owner: cleanLine(labels[ownerLabel] ?? ''),
    reason: cleanLine(labels[reasonLabel] ?? ''),
    since: found.Created,
    age: Number.isNaN(now) ? 0 : Math.max(0, Math.round((now - since) / 1000)),
  }
}

async function read(engine: DockerEngine, project: string, signal: Signal): Promise<HostState> {
  const [files, found] = await Promise.all([readFiles(engine, signal), lockOf(engine, lockName(project), signal)])
  const state: HostState = { serial: files.get(`${project}.serial`) ?? '', pending: [] }
  const key = files.get('key') ?? ''
  if (/^[0-9a-f]{64}$/.test(key)) state.key = Buffer.from(key, 'hex')
  if (found !== undefined) state.lock = await readLock(engine, found, signal)
  return state
}

/** Makes the key, unless another run of another project makes it at this moment: then that one's is waited for. */
async function ensureKey(engine: DockerEngine, signal: Signal): Promise<void> {
  const end = performance.now() + making.patience
  const isThere = async (): Promise<boolean> => (await readFiles(engine, signal)).has('key')
  while (!(await isThere())) {
    if (!(await makeContainer(engine, keyLock, { labels: { [label]: 'the key is being made' } }, signal))) {
      if (performance.now() > end) await removeContainer(engine, keyLock, signal)
      else await sleep(making.pause, undefined, signal === undefined ? {} : { signal })
      continue
    }
    try {
      if (!(await isThere())) await writeFile(engine, 'key', randomBytes(32).toString('hex'), signal)
    } finally {
      await removeContainer(engine, keyLock, AbortSignal.timeout(lastPatience))
    }
  }
}

async function take(
  engine: DockerEngine,
  project: string,
  { owner, reason, stale }: LockClaim,
  signal: Signal,
): Promise<{ held: boolean; state: HostState }> {
  await ensureImage(engine, signal)
  await ensureHolder(engine, signal)
  const labels = { [label]: `lock of ${project}`, [ownerLabel]: owner, [reasonLabel]: reason }
  const make = (): Promise<boolean> => makeContainer(engine, lockName(project), { labels }, signal)
  let made = await make()
  if (!made) {
    const found = await lockOf(engine, lockName(project), signal)
    const isStale = stale !== '' && found?.Labels?.[ownerLabel] === stale
    // By its id: one that was made meanwhile is not ours to take away.
    if (found !== undefined && isStale) await removeContainer(engine, found.Id, signal)
    if (found === undefined || isStale) made = await make()
  }
  if (!made) return { held: true, state: await read(engine, project, signal) }
  await ensureKey(engine, signal)
  const { lock: _ours, ...state } = await read(engine, project, signal)
  return { held: false, state }
}

async function giveBack(engine: DockerEngine, project: string, owner: string, changed: boolean): Promise<void> {
  const signal = AbortSignal.timeout(lastPatience)
  const found = await lockOf(engine, lockName(project), signal)
  if (found?.Labels?.[ownerLabel] !== owner) return
  if (changed) await writeFile(engine, `${project}.serial`, `${owner}-${Date.now()}`, signal)
  await removeContainer(engine, found.Id, signal)
}

/** Says for people what the engine would not do; what it says itself goes along. */
const told = async <T>(engine: DockerEngine, asked: Promise<T>): Promise<T> => {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ApiError') throw error
    throw new UserError(`the state of the project cannot be kept on the engine: ${cleanLine(error.message)}`, {
      where: engine.scope.name,
      hint: 'it is kept in the containers longshore-state and longshore-lock-PROJECT and the volume longshore_state',
      cause: error,
    })
  }
}

/** Keeps the state of projects on this engine. */
export const engineKeeper = (engine: DockerEngine): StateKeeper => ({
  read: (project, signal) => told(engine, read(engine, project, signal)),
  take: (project, claim, signal) => told(engine, take(engine, project, claim, signal)),
  giveBack: (project, owner, changed) => told(engine, giveBack(engine, project, owner, changed)),
  release: (project, signal) => told(engine, removeContainer(engine, lockName(project), signal)),
})
