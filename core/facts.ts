// What a host is: the questions (one piece of shell, part of every first exec) and their answers as data.
import { readCustom } from './facts/custom.js'
import { readDisks, readKind, readMachine, readMounts } from './facts/hardware.js'
import { readNetwork } from './facts/network.js'
import { readSections } from './facts/sections.js'
import { readNames, readState, readSystem, readUser } from './facts/system.js'
import type { EngineFacts, Facts } from './facts/types.js'

export { factsProbe } from './facts/probe.js'
export type { Facts } from './facts/types.js'

const inits = ['systemd', 'openrc', 'sysv'] as const

/** Reads what `factsProbe` printed; a fact the host did not tell is empty, 0 or -1. The engine is told by another probe. */
export function readFacts(out: string): Facts {
  const told = readSections(out)
  return {
    ...readNames(told),
    ...readSystem(told),
    arch: told.value('arch'),
    kernel: told.first('/proc/sys/kernel/osrelease'),
    init: inits.find(init => init === told.value('init')) ?? 'none',
    ...readMachine(told),
    disks: readDisks(told),
    mounts: readMounts(told),
    ...readNetwork(told),
    ...readKind(told),
    ...readState(told),
    ...readUser(told),
    engine: { name: '', version: '', api: '', state: '' },
    ...readCustom(told.custom),
  }
}

/** The facts with what was found of the engine. */
export const withEngine = (facts: Facts, engine: Partial<EngineFacts>): Facts => ({
  ...facts,
  engine: { ...facts.engine, ...engine },
})
