// What containers use, from two looks at their counters: the numbers of `docker stats`.
import type { UsageSample } from '../../core/provider-abilities.js'

/** Share of one CPU in percent: two busy CPUs are 200 (docker/cli, container/stats_helpers.go, calculateCPUPercentUnix). */
export function cpuPercent(before: UsageSample, now: UsageSample): number {
  const [used, passed] = [now.cpu - before.cpu, now.system - before.system]
  return used > 0 && passed > 0 ? (used / passed) * now.cpus * 100 : 0
}

/** Share of the memory that it may have, in percent; 0 without a limit. */
export const memoryPercent = ({ memory, memoryLimit }: UsageSample): number =>
  memoryLimit > 0 ? (memory / memoryLimit) * 100 : 0

const scaled = (bytes: number, step: number, units: readonly string[], digits: number): string => {
  let [value, at] = [bytes, 0]
  while (value >= step && at < units.length - 1) {
    value /= step
    at++
  }
  return `${Number(value.toPrecision(digits))}${units[at]}`
}

/** Memory in powers of 1024 ("12.5MiB"). */
export const memoryText = (bytes: number): string => scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], 4)

/** What was moved in powers of 1000 ("1.2kB"). */
export const movedText = (bytes: number): string => scaled(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], 3)

export const usageHeading = ['HOST', 'NAME', 'CPU %', 'MEM USAGE / LIMIT', 'MEM %', 'NET I/O', 'BLOCK I/O', 'PIDS']

/** The cells of a container that was looked at twice. */
export function usageCells(before: UsageSample, now: UsageSample): string[] {
  return [
    `${cpuPercent(before, now).toFixed(2)}%`,
    `${memoryText(now.memory)} / ${now.memoryLimit > 0 ? memoryText(now.memoryLimit) : '--'}`,
    `${memoryPercent(now).toFixed(2)}%`,
    `${movedText(now.received)} / ${movedText(now.sent)}`,
    `${movedText(now.read)} / ${movedText(now.written)}`,
    String(now.pids),
  ]
}

/** The same as data: bytes and percent. */
export const usageData = (before: UsageSample, now: UsageSample): Record<string, number> => ({
  cpuPercent: Number(cpuPercent(before, now).toFixed(2)),
  memory: now.memory,
  memoryLimit: now.memoryLimit,
  memoryPercent: Number(memoryPercent(now).toFixed(2)),
  received: now.received,
  sent: now.sent,
  read: now.read,
  written: now.written,
  pids: now.pids,
})
