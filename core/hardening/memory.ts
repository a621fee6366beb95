// How much memory a container may use at most on a hardened host, where its service does not say.

const mebibyte = 1024 * 1024
const least = 64

/**
 * Bytes: the power of two that is nearest to half of the host's memory (given in MiB), so that a little more or less memory after a boot
 * replaces no container; never below `reserved` bytes. Undefined where the host did not tell its memory.
 */
export function memoryLimit(totalMb: number, reserved = 0): number | undefined {
  if (totalMb <= 0) return undefined
  const nearest = 2 ** Math.round(Math.log2(totalMb / 2))
  return Math.max(Math.max(nearest, least) * mebibyte, reserved)
}
