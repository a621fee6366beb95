// What failures mean for the steps that are still to come: blocks that take them, hosts that drop out, plays that are stopped.
import { exitCodes, UserError } from '../errors.js'
import { stopsPlay } from '../plan/barriers.js'
import { createFlow, type Flow, type FlowStep } from '../plan/flow.js'
import type { TaskStep } from '../plan/host-steps.js'
import { worksOfPlay } from '../plan/run-once.js'
import type { Play } from '../playbook.js'
import type { Step } from '../step.js'
import type { StepEnd } from './execute.js'
import type { RunPlan } from './session.js'

export interface Policy {
  flow: Flow
  /** How a step ends without being performed; undefined when it is to be performed. */
  decide(step: Step): StepEnd | undefined
  /** Notes how a step has ended; gives the block whose rescue takes its failure, if one does. */
  note(step: Step, end: StepEnd): string | undefined
}

/** True for the step of a task. */
export const isTask = (step: Step): step is TaskStep => 'instance' in step

const isLost = (error: unknown): boolean => error instanceof UserError && error.exit === exitCodes.unreachable

/** Stands for the play of what is no task: steps of engines. */
const noPlay = {}

const flowStep = (step: Step): FlowStep => {
  const { id, host } = step
  if (!isTask(step)) return { id, host, play: noPlay, blocks: [] }
  const { play, task } = step.instance.run
  return { id, host, play, blocks: task.blocks }
}

/** Makes the policy of one run. Hosts that could not be read have failed from the start. */
export function createPolicy({ works }: Pick<RunPlan, 'works'>): Policy {
  const flow = createFlow()
  const failed = new Set(works.filter(({ problem }) => problem).map(({ host }) => host.name))
  let stopped: string | undefined
  /** Hosts that have steps left which the stop of a play has kept from starting. */
  const halted = new Set<string>()
  /** Blocks in which a step has run, by host. */
  const begun = new Map<string, Set<string>>()
  const hosts = new Map<Play, string[]>()
  const hostsOf = (play: Play): string[] => {
    const known = hosts.get(play) ?? worksOfPlay(play, works).map(({ host }) => host.name)
    hosts.set(play, known)
    return known
  }

  /** Plays come one after the other: what is still to come of tasks is of the stopped play, or of a later one. */
  const stop = (play: Play): string | undefined => {
    if (stopped !== undefined || failed.size === 0) return stopped
    const all = hostsOf(play)
    if (stopsPlay(play, all, failed)) {
      const lost = all.filter(host => failed.has(host)).length
      stopped = `play ${play.name}, which was stopped: ${lost} of its ${all.length} hosts failed`
    }
    return stopped
  }

  /** What a block does in any case is done, also on a host whose play was stopped, if the block has begun there. */
  const endsABlock = (step: Step): boolean => {
    const { blocks, host } = flowStep(step)
    return (
      blocks.some(({ part }) => part === 'always') &&
      blocks.every(({ block, part }) => part !== 'rescue' && (begun.get(host)?.has(block) ?? false))
    )
  }

  return {
    flow,
    decide(step) {
      const why = flow.decide(flowStep(step))
      if (why && 'by' in why) return { state: 'blocked', by: why.by }
      const by = isTask(step) ? stop(step.instance.run.play) : halted.has(step.host) ? stopped : undefined
      if (by !== undefined && !endsABlock(step)) return { state: 'blocked', by }
      return why && { state: 'already', text: `${why.over} ended well` }
    },
    note(step, end) {
      const self = flowStep(step)
      if (end.state === 'blocked' && end.by === stopped) halted.add(step.host)
      else if (end.state === 'blocked' && isTask(step) && flow.decide(self) === undefined)
        flow.failed(self, { final: true })
      else if (end.state !== 'blocked') {
        const known = begun.get(step.host) ?? new Set<string>()
        begun.set(step.host, known)
        for (const { block } of self.blocks) known.add(block)
      }
      if (end.state !== 'failed') return undefined
      if (!isTask(step)) {
        failed.add(step.host)
        return undefined
      }
      const { play, task } = step.instance.run
      const rescued = flow.failed(self, { final: isLost(end.error) })
      // Nobody has what was to be done once for all of them.
      if (task.run_once) for (const host of hostsOf(play)) if (host !== step.host) flow.failed(self, { host })
      if (rescued === undefined) failed.add(step.host)
      return rescued
    },
  }
}
