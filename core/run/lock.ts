// The lock of a project on its hosts: taken on all of them before the first change, given back after the last.

import { type StateKeeper, shellKeeper } from '../engine-alone/keeper.js'
import { exitCodes, messageOf, UserError } from '../errors.js'
import type { Emit } from '../events.js'
import type { HostWork } from '../plan/host-work.js'
import { Secret } from '../secret.js'
import type { HostState, Lock } from '../state.js'
import type { SessionContext } from './session.js'

/** Who we are to others who find our lock. */
export interface LockOwner {
  /** "ann@laptop#5f0c2a91, process 4711". */
  text: string
  /** What we are doing ("up"). */
  reason: string
  /** True when that owner was a run on this very machine that is gone. */
  isGone(owner: string): boolean
}

const minutes = (seconds: number): string => (seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`)

/** One line that says who holds a lock, for what and how long. */
export const lockText = (lock: Lock): string =>
  `held by ${lock.owner || 'nobody known'} for ${lock.reason || 'nothing known'}, since ${minutes(lock.age)}`

const held = (host: string, state: HostState): UserError =>
  new UserError(state.lock ? `the project is locked: ${lockText(state.lock)}` : 'the project is locked', {
    where: host,
    exit: exitCodes.locked,
    hint: 'wait for that run to end; if it is gone for good: longshore lock --release',
  })

/** What taking and giving back needs of a run. */
type LockContext = Pick<SessionContext, 'masker' | 'signal' | 'emit'>

const keeperOf = (work: HostWork): StateKeeper => {
  if (work.keeper) return work.keeper
  if (work.connection === undefined) throw new Error(`${work.host.name} is not connected`)
  return shellKeeper(work.connection)
}

async function take(work: HostWork, project: string, owner: LockOwner, { masker, signal }: LockContext): Promise<void> {
  const stale = work.state.lock && owner.isGone(work.state.lock.owner) ? work.state.lock.owner : ''
  const claim = { owner: owner.text, reason: owner.reason, stale }
  const taken = await keeperOf(work).take(project, claim, signal)
  const { state } = taken
  if (taken.held) throw held(work.host.name, state)
  work.locked = true
  if (state.key !== undefined) masker.add(new Secret('host key', Buffer.from(state.key).toString('hex')))
  const moved = state.serial !== work.state.serial
  work.state = { ...work.state, ...state, pending: [...new Set([...work.state.pending, ...state.pending])] }
  if (moved)
    throw new UserError('another run changed this host between our plan and its start', {
      where: work.host.name,
      exit: exitCodes.locked,
      hint: 'nothing was changed; run the command again for a new plan',
    })
}

/** Gives a lock back; gives why that failed, if it did. */
async function giveBack(work: HostWork, project: string, owner: LockOwner): Promise<string | undefined> {
  try {
    await keeperOf(work).giveBack(project, owner.text, work.dirty || work.changedEngine === true)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Gives the locks back, also after an interrupt. One that cannot be given back is told: it hides no other error, but stops the next run. */
export async function unlockHosts(
  works: readonly HostWork[],
  project: string,
  owner: LockOwner,
  emit: Emit,
): Promise<void> {
  await Promise.all(
    works.map(async work => {
      const trouble = await giveBack(work, project, owner)
      if (trouble !== undefined && work.locked)
        emit({
          type: 'warning',
          host: work.host.name,
          text: `our lock is still there (${trouble}); once the host answers: longshore lock --release`,
        })
      work.locked = false
    }),
  )
}

/** Takes the lock on every host, or on none: then a UserError (exit 5) tells who holds it. */
export async function lockHosts(
  works: readonly HostWork[],
  project: string,
  owner: LockOwner,
  context: LockContext,
): Promise<void> {
  const taken = await Promise.allSettled(works.map(work => take(work, project, owner, context)))
  const failed = taken.find(result => result.status === 'rejected')
  if (failed === undefined) return
  await unlockHosts(works, project, owner, context.emit)
  throw failed.reason
}
