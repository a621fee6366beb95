// The lock of a project on its hosts: taken on all of them before the first change, given back after the last.
import { exitCodes, UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import type { HostWork } from '../plan/host-work.js'
import { type Masker, Secret } from '../secret.js'
import { acquireLock, type HostState, type Lock, lockHeld, readState, releaseLock } from '../state.js'

/** Who we are to others who find our lock. */
export interface LockOwner {
  /** "ann@laptop, process 4711". */
  text: string
  /** What we are doing ("up"). */
  reason: string
  /** True when that owner was a run on this very machine that is gone. */
  isGone(owner: string): boolean
}

const minutes = (seconds: number): string => (seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`)

/** One line that says who holds a lock, for what and how long. */
export const lockText = (lock: Lock): string => `held by ${lock.owner} for ${lock.reason}, since ${minutes(lock.age)}`

const held = (host: string, state: HostState): UserError =>
  new UserError(state.lock ? `the project is locked: ${lockText(state.lock)}` : 'the project is locked', {
    where: host,
    exit: exitCodes.locked,
    hint: 'wait for that run to end; if it is gone for good: longshore lock --release',
  })

async function take(
  work: HostWork,
  project: string,
  owner: LockOwner,
  masker: Masker,
  signal: AbortSignal,
): Promise<void> {
  const stale = work.state.lock && owner.isGone(work.state.lock.owner) ? work.state.lock.owner : ''
  const command = acquireLock(project, owner.text, owner.reason, stale)
  const exit = await work.connection?.exec(command, { as: 'best', signal })
  if (exit === undefined) throw new Error(`${work.host.name} is not connected`)
  const state = readState(exit.stdout)
  if (exit.code === lockHeld) throw held(work.host.name, state)
  if (exit.code !== 0)
    throw new UserError('cannot write our folder on the host', {
      where: work.host.name,
      output: cleanLine(exit.stderr.trim()),
      hint: 'the login user needs root (become), or a home folder it may write',
    })
  if (state.key) masker.add(new Secret('host key', Buffer.from(state.key).toString('hex')))
  const moved = state.serial !== work.state.serial
  work.state = { ...work.state, ...state, pending: [...new Set([...work.state.pending, ...state.pending])] }
  if (moved)
    throw new UserError('another run changed this host between our plan and its start', {
      where: work.host.name,
      exit: exitCodes.locked,
      hint: 'nothing was changed; run the command again for a new plan',
    })
}

/** Gives the locks back, also after an interrupt; trouble with it is not worth hiding another error for. */
export async function unlockHosts(works: readonly HostWork[], project: string, owner: LockOwner): Promise<void> {
  await Promise.allSettled(
    works.map(work =>
      work.connection?.exec(releaseLock(project, owner.text, work.dirty || work.changedEngine === true), {
        as: 'best',
        timeoutMs: 10_000,
      }),
    ),
  )
}

/** Takes the lock on every host, or on none: then a UserError (exit 5) tells who holds it. */
export async function lockHosts(
  works: readonly HostWork[],
  project: string,
  owner: LockOwner,
  masker: Masker,
  signal: AbortSignal,
): Promise<void> {
  const taken = await Promise.allSettled(works.map(work => take(work, project, owner, masker, signal)))
  const failed = taken.find(result => result.status === 'rejected')
  if (failed === undefined) return
  await unlockHosts(works, project, owner)
  throw failed.reason
}
