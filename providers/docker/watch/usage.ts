// What a container has used, in the numbers that `docker stats` shows: one look at its counters.
import type { UsageSample } from '../../../core/provider-abilities.js'
import { hasStatus } from '../apply/job.js'
import type { DockerEngine } from '../open.js'

/** The part of `GET /containers/ID/stats` that we read. A container that does not run has zeros, or nothing, in most of it. */
export interface StatsShape {
  cpu_stats: {
    cpu_usage: { total_usage: number; percpu_usage?: number[] | null }
    system_cpu_usage?: number
    online_cpus?: number
  }
  memory_stats: { usage?: number; limit?: number; stats?: Record<string, number> }
  networks?: Record<string, { rx_bytes: number; tx_bytes: number }>
  blkio_stats: { io_service_bytes_recursive?: { op: string; value: number }[] | null }
  pids_stats: { current?: number }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/**
 * Memory without what is only cached, as the docker client has it: cgroup v1 counts it as total_inactive_file, v2 as inactive_file
 * (docker/cli, container/stats_helpers.go, calculateMemUsageUnixNoCache).
 */
function memoryUsed({ usage = 0, stats = {} }: StatsShape['memory_stats']): number {
  const v1 = stats.total_inactive_file
  if (v1 !== undefined && v1 < usage) return usage - v1
  const v2 = stats.inactive_file ?? 0
  return v2 < usage ? usage - v2 : usage
}

/** One sample from an answer of the engine; undefined of a container that does not run. */
export function usageFrom(told: StatsShape): UsageSample | undefined {
  const { cpu_stats: cpu, memory_stats: memory, networks = {}, blkio_stats: disk, pids_stats: pids } = told
  if (cpu.system_cpu_usage === undefined) return undefined
  const moved = (letter: string): number =>
    sum(
      (disk.io_service_bytes_recursive ?? []).filter(({ op }) => op[0]?.toLowerCase() === letter).map(one => one.value),
    )
  return {
    cpu: cpu.cpu_usage.total_usage,
    system: cpu.system_cpu_usage,
    cpus: cpu.online_cpus || (cpu.cpu_usage.percpu_usage ?? []).length,
    memory: memoryUsed(memory),
    memoryLimit: memory.limit ?? 0,
    received: sum(Object.values(networks).map(({ rx_bytes: bytes }) => bytes)),
    sent: sum(Object.values(networks).map(({ tx_bytes: bytes }) => bytes)),
    read: moved('r'),
    written: moved('w'),
    pids: pids.current ?? 0,
  }
}

/** A look at a container's counters; undefined where it does not run, or is gone. */
export async function usageOf(
  { api }: DockerEngine,
  container: string,
  signal: AbortSignal,
): Promise<UsageSample | undefined> {
  try {
    // One look, without the second one that the engine takes a second for; versions before 1.41 take it all the same.
    const query = { stream: false, 'one-shot': true }
    return usageFrom(await api.json<StatsShape>({ path: `/containers/${container}/stats`, query, signal }))
  } catch (error) {
    // It ended, or was removed, since it was listed.
    if (hasStatus(error, 404, 409)) return undefined
    throw error
  }
}
