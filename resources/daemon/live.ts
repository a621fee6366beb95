// Which containers a change stops, and when live-restore keeps them.
import type { Decision } from './decide.js'
import { type EngineSeen, infoOf, isInSwarm } from './seen.js'

/** Keys over which the engine cannot keep what runs: it would look for it elsewhere, or give it other addresses. */
const unkept = new Set([
  'bip',
  'bip6',
  'bridge',
  'containerd-namespace',
  'data-root',
  'exec-root',
  'fixed-cidr',
  'fixed-cidr-v6',
  'graph',
  'storage-driver',
  'userns-remap',
])

const isOn = (seen: EngineSeen): boolean => infoOf(seen, 'LiveRestoreEnabled') === true

/** An engine that starts without live-restore ends what it finds running, so it must be on before and after. */
const staysOn = ({ next }: Decision, seen: EngineSeen): boolean =>
  next['live-restore'] === true || (next['live-restore'] === undefined && seen.argv.includes('--live-restore'))

const canKeep = (decision: Decision, seen: EngineSeen): boolean =>
  staysOn(decision, seen) && decision.keys.every(({ key }) => !unkept.has(key))

/** Whether live-restore is to be switched on by a reload of its own, so that the restart after it already keeps the containers. */
export const switchesFirst = (decision: Decision, seen: EngineSeen): boolean =>
  decision.needs === 'restart' &&
  seen.containers.length > 0 &&
  !isOn(seen) &&
  !isInSwarm(seen) &&
  canKeep(decision, seen)

/** The containers that the change stops. */
export function stoppedContainers(decision: Decision, seen: EngineSeen): string[] {
  if (decision.needs !== 'restart' || !seen.running) return []
  if (switchesFirst(decision, seen) || (isOn(seen) && canKeep(decision, seen))) return []
  return seen.containers
}

/** What the change stops, in words; undefined when it stops nothing. */
export function stopped(decision: Decision, seen: EngineSeen): string | undefined {
  const names = stoppedContainers(decision, seen)
  if (names.length === 0) return undefined
  return `a restart of the engine stops ${names.length} container${names.length === 1 ? '' : 's'}: ${names.join(', ')}`
}
