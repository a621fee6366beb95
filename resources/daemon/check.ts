// Judges keys of daemon.json before any engine sees them: what would stop this engine is refused, what would stop the next is warned of.
import { nearest } from '../../core/language/suggest.js'
import { type DaemonKey, isFrom, type Release, releaseOf, releaseText } from './keys.js'
import { daemonKeys, forbiddenKeys } from './keys-table.js'

/** Keys and plain values of daemon.json. */
export type DaemonMap = Readonly<Record<string, unknown>>

/** What is to be said of one key, or of one place inside its value. */
export interface Remark {
  key: string
  path: (string | number)[]
  text: string
}

/** What is to be said of all keys. */
export interface Verdict {
  refusals: Remark[]
  warnings: Remark[]
}

/** What of the host bears on a judgement. */
export interface Surroundings {
  /** The engine is part of a swarm. */
  swarm?: boolean
}

/** What is wrong with a key whatever the engine: it is unknown, not for the file, or its value has another type. */
function checkKey(key: string, value: unknown): Remark[] {
  const remark = (text: string, path: (string | number)[] = []): Remark => ({ key, path: [key, ...path], text })
  const forbidden = forbiddenKeys[key]
  if (forbidden !== undefined) return [remark(`\`${key}\` is not for daemon.json; ${forbidden}`)]
  const known = Object.hasOwn(daemonKeys, key) ? daemonKeys[key] : undefined
  if (known === undefined) {
    const near = nearest(key, Object.keys(daemonKeys))
    return [remark(`no engine knows the key \`${key}\`${near === undefined ? '' : `; did you mean \`${near}\`?`}`)]
  }
  const result = known.type.safeParse(value)
  if (result.success) return []
  return result.error.issues.map(issue =>
    remark(
      `\`${[key, ...issue.path].join('.')}\`: ${issue.message}`,
      issue.path.map(part => (typeof part === 'number' ? part : String(part))),
    ),
  )
}

function ageOf(key: string, known: DaemonKey, engine: Release, version: string): Verdict {
  const remark = (text: string): Remark => ({ key, path: [key], text })
  const refuse = (text: string): Verdict => ({ refusals: [remark(text)], warnings: [] })
  const warn = (text: string): Verdict => ({ refusals: [], warnings: [remark(text)] })
  const { since, until, idle } = known
  if (since !== undefined && !isFrom(engine, since))
    return refuse(`engine ${version} refuses to start with \`${key}\`: it is known since ${releaseText(since)}`)
  if (until !== undefined && isFrom(engine, until))
    return refuse(`engine ${version} refuses to start with \`${key}\`: it is gone since ${releaseText(until)}`)
  if (until !== undefined)
    return warn(
      `\`${key}\` works with engine ${version}, but from ${releaseText(until)} on the engine refuses to start with it`,
    )
  if (idle !== undefined && isFrom(engine, idle)) return warn(`engine ${version} accepts \`${key}\` and ignores it`)
  return { refusals: [], warnings: [] }
}

/** The last release whose keys are all in the table. */
const latest: Release = [29, 7]

/** What is wrong with a key that others wrote into the file: this engine refuses to start with it. Its value is their business. */
export function foreignFaults(key: string, version: string | undefined): Remark[] {
  const engine = releaseOf(version)
  const known = Object.hasOwn(daemonKeys, key) ? daemonKeys[key] : undefined
  if (engine === undefined || forbiddenKeys[key] !== undefined) return []
  if (known !== undefined) return ageOf(key, known, engine, version ?? '').refusals
  const text = `engine ${version} refuses to start with \`${key}\`, which somebody wrote into daemon.json on the host: take it out there`
  return isFrom(engine, latest) ? [] : [{ key, path: [key], text }]
}

/** Pairs that the engine refuses together, or that one of them makes useless. */
function together(wanted: DaemonMap, { swarm = false }: Surroundings): Verdict {
  const refusals: Remark[] = []
  const warnings: Remark[] = []
  const add = (list: Remark[], key: string, text: string): number => list.push({ key, path: [key], text })
  if (swarm && wanted['live-restore'] === true)
    add(
      refusals,
      'live-restore',
      '`live-restore` cannot be used on a host that is part of a swarm: the engine refuses to start',
    )
  if (swarm && wanted['firewall-backend'] === 'nftables')
    add(refusals, 'firewall-backend', '`firewall-backend: nftables` cannot be used on a host that is part of a swarm')
  if ('host-gateway-ip' in wanted && 'host-gateway-ips' in wanted)
    add(refusals, 'host-gateway-ip', 'give `host-gateway-ip` or `host-gateway-ips`, not both')
  if ('graph' in wanted && 'data-root' in wanted)
    add(refusals, 'graph', 'give `data-root` alone: `graph` is its old name')
  if ('bip' in wanted && wanted.bridge !== undefined && wanted.bridge !== '')
    add(refusals, 'bip', 'give `bip` or `bridge`, not both: an own bridge brings its own addresses')
  if (wanted.iptables === false)
    add(
      warnings,
      'iptables',
      '`iptables: false` leaves containers without network or without protection; it is no way to close ports',
    )
  return { refusals, warnings }
}

/**
 * Judges all keys for one engine (`26.1.5+dfsg1`); without a version only what holds for every engine is said.
 * Unknown keys and wrong types are refused for all.
 */
export function checkDaemon(wanted: DaemonMap, version: string | undefined, surroundings: Surroundings = {}): Verdict {
  const engine = releaseOf(version)
  const verdict: Verdict = together(wanted, surroundings)
  for (const [key, value] of Object.entries(wanted)) {
    const faults = checkKey(key, value)
    verdict.refusals.push(...faults)
    const known = Object.hasOwn(daemonKeys, key) ? daemonKeys[key] : undefined
    if (faults.length > 0 || known === undefined || engine === undefined) continue
    const aged = ageOf(key, known, engine, version ?? '')
    verdict.refusals.push(...aged.refusals)
    verdict.warnings.push(...aged.warnings)
  }
  return verdict
}
