// Settings that an engine changes on a running container: as the file has them, as the engine tells them, and as it takes them. Pure.
import type { ContainerConfig } from '../../../core/wanted.js'
import type { HostConfigShape } from '../api/shapes.js'
import { canonicalJson, type Json, type JsonObject, present } from '../canonical.js'

const words = [
  ...['cpus', 'cpu_shares', 'cpu_period', 'cpu_quota', 'cpuset'],
  ...['mem_limit', 'mem_reservation', 'memswap_limit', 'pids_limit', 'restart'],
]

const isLimit = (word: string): boolean => words.includes(word)

const partOf = (spec: JsonObject, keep: (word: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(spec).filter(([word]) => keep(word)))

/** The part of a spec that can change while the container runs. */
export const limitsOf = (spec: JsonObject): JsonObject => partOf(spec, isLimit)

/** All the rest of it. */
export const withoutLimits = (spec: JsonObject): JsonObject => partOf(spec, word => !isLimit(word))

export const sameSpecs = (one: JsonObject, other: JsonObject): boolean => canonicalJson(one) === canonicalJson(other)

const orNone = (value: number | null | undefined): number | undefined => (value ? value : undefined)

/**
 * The limits that the engine has in force, in the words of the file; where its default is meant, as `wanted` says it. What it has none of,
 * though the container was made with it (`stored`), its kernel does not know: then nothing can be done about it.
 */
export function limitsInForce(found: HostConfigShape, wanted: JsonObject, stored: JsonObject = {}): JsonObject {
  const { RestartPolicy: policy, Memory = 0, MemorySwap = 0, PidsLimit } = found
  const restart = policy?.Name && policy.Name !== 'no' ? policy.Name : undefined
  const most = policy?.MaximumRetryCount
  // Left out, the engine allows as much swap as memory; -1 also where its kernel counts none.
  const isPlainSwap = [0, -1, 2 * Memory].includes(MemorySwap)
  const isEndless = (value: Json | undefined): boolean => typeof value === 'number' && value <= 0
  const told = present({
    cpus: found.NanoCpus ? found.NanoCpus / 1e9 : undefined,
    cpu_shares: orNone(found.CpuShares),
    cpu_period: orNone(found.CpuPeriod),
    cpu_quota: orNone(found.CpuQuota),
    cpuset: found.CpusetCpus || undefined,
    mem_limit: orNone(Memory),
    mem_reservation: orNone(found.MemoryReservation),
    memswap_limit:
      isPlainSwap && [undefined, -1, 2 * Memory].includes(wanted.memswap_limit as number | undefined)
        ? wanted.memswap_limit
        : MemorySwap,
    pids_limit: PidsLimit && PidsLimit > 0 ? PidsLimit : isEndless(wanted.pids_limit) ? wanted.pids_limit : undefined,
    restart: restart && `${restart}${most ? `:${most}` : ''}`,
  })
  const unknown = Object.entries(wanted).filter(
    ([word, value]) => word !== 'restart' && !(word in told) && stored[word] === value,
  )
  return { ...told, ...Object.fromEntries(unknown) }
}

/** What an engine sets anew when it is told nothing of it: all others stay as they are, so that taking such a limit away replaces. */
const canBeTakenAway = new Set(['pids_limit', 'restart'])

/** Whether an engine can go from these limits to those without a new container. */
export const canUpdate = (from: JsonObject, to: JsonObject): boolean =>
  Object.keys(from).every(
    word => word in to || canBeTakenAway.has(word) || (word === 'memswap_limit' && 'mem_limit' in to),
  ) &&
  // CPUs as a number and as quota and period exclude each other.
  ('cpus' in from && ('cpu_quota' in to || 'cpu_period' in to)
    ? false
    : !('cpus' in to && ('cpu_quota' in from || 'cpu_period' in from)))

/** The body of the engine's update request. */
export function updateBody(config: ContainerConfig): HostConfigShape {
  const { cpus, cpuShares, cpuPeriod, cpuQuota, cpuset, memory, memoryReservation, memorySwap, pidsLimit, restart } =
    config
  const given = {
    NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    CpuShares: cpuShares,
    CpuPeriod: cpuPeriod,
    CpuQuota: cpuQuota,
    CpusetCpus: cpuset,
    Memory: memory,
    MemoryReservation: memoryReservation,
    // Told every time: memory may not grow beyond what is set.
    MemorySwap: memorySwap ?? (memory === undefined ? undefined : 2 * memory),
    PidsLimit: pidsLimit ?? -1,
    RestartPolicy: { Name: restart?.name ?? 'no', MaximumRetryCount: restart?.max ?? 0 },
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
