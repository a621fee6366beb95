// Who keeps the key, the lock and the serial of a project: the host's own files by shell, or its engine where no shell is to be had.
import type { Connection } from '../connection.js'
import { UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import { acquireLock, breakLock, type HostState, lockHeld, readState, releaseLock, stateProbe } from '../state.js'

/** Whose lock it shall be. `stale` is the owner text of a run that is known to be gone: its lock is taken over. */
export interface LockClaim {
  owner: string
  reason: string
  stale: string
}

/** Keeps the state of projects on one host. */
export interface StateKeeper {
  read(project: string, signal?: AbortSignal): Promise<HostState>
  /** Takes the lock, unless somebody has it: then the state tells who. Makes the key where there is none. */
  take(project: string, claim: LockClaim, signal?: AbortSignal): Promise<{ held: boolean; state: HostState }>
  /** Gives the lock back if it is this owner's, and notes that something changed. */
  giveBack(project: string, owner: string, changed: boolean): Promise<void>
  /** Removes the lock, whoever holds it. */
  release(project: string, signal?: AbortSignal): Promise<void>
}

/** Milliseconds that giving back a lock may take: it is done after an interrupt too. */
const patience = 10_000

const withSignal = (signal?: AbortSignal) => ({ as: 'best', ...(signal === undefined ? {} : { signal }) }) as const

/** What to do about a folder of ours that cannot be written, by what the host's shell said; the first that fits. */
const waysOut: readonly [RegExp, (host: string) => string | undefined][] = [
  [/no space left|disk quota/i, host => `make room there: \`longshore sh ${host} -- df -h\` shows which disk is full`],
  [
    /read-only file system/i,
    () => 'its disk can only be read: look at what its kernel says (dmesg), and mount it anew',
  ],
  [/make it its own/, () => undefined],
  [/(?:)/, () => 'the login user needs root (become), or a home folder it may write'],
]

function cannotWrite(host: string, said: string): UserError {
  const lines = said
    .trim()
    .split('\n')
    .map(line => cleanLine(line))
  const [, hintOf] = waysOut.find(([pattern]) => pattern.test(said)) ?? []
  return new UserError('cannot write our folder on the host', {
    where: host,
    output: [...new Set(lines)].slice(0, 5).join('\n'),
    hint: hintOf?.(host),
  })
}

/** The host's own files, under /var/lib/longshore or the login user's state folder. */
export const shellKeeper = (connection: Connection): StateKeeper => ({
  async read(project, signal) {
    return readState((await connection.exec(stateProbe(project), withSignal(signal))).stdout)
  },
  async take(project, { owner, reason, stale }, signal) {
    const exit = await connection.exec(acquireLock(project, owner, reason, stale), withSignal(signal))
    const state = readState(exit.stdout)
    if (exit.code === lockHeld) return { held: true, state }
    if (exit.code === 0 && state.key !== undefined) return { held: false, state }
    throw cannotWrite(connection.host, exit.stderr)
  },
  async giveBack(project, owner, changed) {
    const exit = await connection.exec(releaseLock(project, owner, changed), { as: 'best', timeoutMs: patience })
    if (exit.code !== 0) throw new UserError(cleanLine(exit.stderr.trim()), { where: connection.host })
  },
  async release(project, signal) {
    const exit = await connection.exec(breakLock(project), withSignal(signal))
    if (exit.code !== 0)
      throw new UserError('the lock cannot be removed', { where: connection.host, output: cleanLine(exit.stderr) })
  },
})
