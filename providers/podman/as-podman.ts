// What is wanted in words that podman does as docker would: its defaults said out loud. Pure.
import type { ContainerWant } from '../../core/wanted.js'

/** Docker's grace period. Podman's API takes a missing one for none at all, and kills at once. */
const graceMs = 10_000

/** The same container, with docker's default for what podman has another one. */
export const asPodman = (want: ContainerWant): ContainerWant => ({
  ...want,
  config: { ...want.config, stopGraceMs: want.config.stopGraceMs ?? graceMs },
})
