// Which steps of a host run after which ends: a failure stops what follows it, but for what its blocks say.
import type { BlockPart } from '../playbook.js'

/** What the flow needs to know of a step. */
export interface FlowStep {
  id: string
  host: string
  /** The play it is of: names of blocks are unique in it. */
  play: object
  /** The blocks around it, the outermost first. */
  blocks: readonly BlockPart[]
}

/** Why a step does not run. `by`: the step whose failure stopped it. `over`: the block that ended well, so that its rescue is not needed. */
export type NotRun = { by: string } | { over: string }

/** Follows what happened on the hosts of a run. */
export interface Flow {
  /** Undefined where the step is to run, given what has failed so far. */
  decide(step: FlowStep): NotRun | undefined
  /**
   * Notes that a step has failed, on its own host or on another that depends on it. Gives the name of the block whose rescue takes the
   * failure; undefined where none does. After a `final` failure (the host is lost) nothing of the host runs any more.
   */
  failed(step: FlowStep, options?: { host?: string; final?: boolean }): string | undefined
}

/** Failures of one host by what they stopped. */
interface HostFailures {
  /** Stops the host: all but what is still to come of the blocks that it is in. */
  whole: FlowStep | undefined
  /** By play and `BLOCK/PART`: stops the rest of that part. */
  byPlay: Map<object, Map<string, FlowStep>>
}

/** Makes a flow in which nothing has failed. */
export function createFlow(): Flow {
  const hosts = new Map<string, HostFailures>()
  const failuresOf = (host: string): HostFailures => {
    const known = hosts.get(host) ?? { whole: undefined, byPlay: new Map() }
    hosts.set(host, known)
    return known
  }
  return {
    decide(step) {
      const { whole, byPlay } = failuresOf(step.host)
      const failures = byPlay.get(step.play)
      if (whole && whole.play !== step.play) return { by: whole.id }
      let failure = whole
      for (let level = 0; ; level++) {
        const next = step.blocks[level]
        // A failure inside of the block that this step is in, too, stops what comes after the block, not the rest of it.
        const isInside = next !== undefined && failure?.blocks[level]?.block === next.block
        if (failure && !isInside) return { by: failure.id }
        if (next === undefined) return undefined
        if (next.part === 'rescue' && !failures?.has(`${next.block}/block`)) return { over: next.name }
        failure = failures?.get(`${next.block}/${next.part}`)
      }
    },
    failed(step, { host = step.host, final = false } = {}) {
      const known = failuresOf(host)
      if (final) {
        known.whole = { ...step, blocks: [] }
        return undefined
      }
      const failures = known.byPlay.get(step.play) ?? new Map<string, FlowStep>()
      known.byPlay.set(step.play, failures)
      for (const { block, name, part, rescued } of step.blocks.toReversed()) {
        const list = `${block}/${part}`
        if (!failures.has(list)) failures.set(list, step)
        if (part === 'block' && rescued) return name
      }
      known.whole ??= step
      return undefined
    },
  }
}
