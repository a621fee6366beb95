// Who we are to those who find our lock on a host, and whether a lock there is one of ours that was left behind.
import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import type { LockOwner } from '../core/run/lock.js'

/** What a look at this machine says; empty where it has no such thing. */
const told = (look: () => string): string => {
  try {
    return look()
  } catch {
    return ''
  }
}

/**
 * Where our process ids mean something: this machine, since it was started, in this container. Many machines have one host name
 * ("localhost", "runner"), and the id of a process of another one says nothing here.
 */
function processSpace(): string {
  const bootId = told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  const namespace = told(() => readlinkSync('/proc/self/ns/pid'))
  return createHash('sha256').update(`${hostname()} ${bootId} ${namespace}`).digest('hex').slice(0, 8)
}

const textOf = (id: number): string => `${userInfo().username}@${hostname()}#${processSpace()}, process ${id}`

/** True for the owner text of a run of our own user on this machine whose process is gone. */
export function isGone(owner: string): boolean {
  const id = Number(/, process (\d+)$/.exec(owner)?.[1])
  if (id === process.pid || owner !== textOf(id)) return false
  try {
    process.kill(id, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Ourselves, at work on this ("up"). */
export const ownerFor = (reason: string): LockOwner => ({ text: textOf(process.pid), reason, isGone })
