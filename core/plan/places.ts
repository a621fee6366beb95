// Where each task's step stands among those of all hosts: its play, its batch, and the tasks before it that all hosts wait for.
import type { Play } from '../playbook.js'
import type { Project, Stage } from '../project.js'
import type { Gate, Step } from '../step.js'
import { batchesOf, gatesBetween, type Placed } from './barriers.js'
import type { TaskStep } from './host-steps.js'
import type { HostWork } from './host-work.js'
import { runKey, worksOfPlay } from './run-once.js'

const stages: readonly Stage[] = ['before-engine', 'after-engine', 'after-containers']

/** The engine's own plays are the hosts' own: they stand between the first stage and the second, and nobody waits for them by name. */
const engineRank = 0.5

/** A built-in play after the containers: behind all of the project's. */
const lastRank = stages.length

/** Ranks of the project's plays, in the order in which they run. */
function playRanks({ playbooks }: Pick<Project, 'playbooks'>): Map<Play, number> {
  const plays = stages.flatMap((stage, index) =>
    playbooks
      .filter(use => use.stage === stage)
      .flatMap(use => use.plays)
      .map((play, number, all) => [play, index + (index === 0 ? 0.4 : 0.9) * (number / all.length)] as const),
  )
  return new Map(plays)
}

/** True for a place in a play that runs after the containers. */
export const isAfterEngines = (place: readonly number[]): boolean =>
  (place[0] ?? 0) >= stages.indexOf('after-containers')

const isBarrier = ({ instance: { run, delegate } }: TaskStep): boolean =>
  run.task.run_once || run.task.delegate_to !== undefined || delegate !== undefined

/** Tasks of a play that all its hosts wait for, in their order; the same on all hosts. */
function barriersOf(play: Play, works: readonly HostWork[], steps: readonly TaskStep[]): string[] {
  const keys = new Set(
    steps.filter(step => step.instance.run.play === play && isBarrier(step)).map(step => runKey(step.instance.run)),
  )
  if (keys.size === 0) return []
  const ordered = new Set(
    works.flatMap(({ runs }) => runs.filter(run => run.play === play).map(runKey)).filter(key => keys.has(key)),
  )
  return [...ordered]
}

/** The steps of a run in their order: those that a plan lists, those that only tell something, and the gates between hosts. */
export function orderSteps(
  project: Pick<Project, 'playbooks'>,
  works: readonly HostWork[],
  steps: readonly Step[],
): { steps: Step[]; silent: TaskStep[]; gates: Gate[] } {
  const tasks = steps.filter((step): step is TaskStep => 'instance' in step)
  const engines = steps.filter(step => !('instance' in step))
  const { gates, waits } = gatesBetween(placeSteps(project, works, tasks), engines, isAfterEngines)
  const ordered = steps.map(step => {
    const gate = waits.get(step.id)
    return gate === undefined ? step : { ...step, waits: [...(step.waits ?? []), gate] }
  })
  const isSilent = (step: Step): step is TaskStep => 'silent' in step
  return { steps: ordered.filter(step => !isSilent(step)), silent: ordered.filter(isSilent), gates }
}

/** Gives every listed task of the run its place. Steps of one host are in the order in which they run. */
export function placeSteps(
  project: Pick<Project, 'playbooks'>,
  works: readonly HostWork[],
  steps: readonly TaskStep[],
): Placed[] {
  const ranks = playRanks(project)
  const placed: Placed[] = []
  const about = new Map<Play, { barriers: string[]; batchOf: Map<string, number> }>()
  const aboutPlay = (play: Play) => {
    const known = about.get(play)
    if (known) return known
    const batches = batchesOf(play, worksOfPlay(play, works))
    const batchOf = new Map(batches.flatMap((batch, index) => batch.map(({ host }) => [host.name, index] as const)))
    const made = { barriers: barriersOf(play, works, steps), batchOf }
    about.set(play, made)
    return made
  }
  for (const work of works) {
    const own = steps.filter(step => step.host === work.host.name)
    const passed = new Map<Play, number>()
    const byRun = new Map(own.map(step => [step.instance.run, [] as TaskStep[]]))
    for (const step of own) byRun.get(step.instance.run)?.push(step)
    for (const run of work.runs) {
      const { barriers, batchOf } = aboutPlay(run.play)
      const barrier = barriers.indexOf(runKey(run))
      if (barrier >= 0) passed.set(run.play, Math.max(barrier + 1, passed.get(run.play) ?? 0))
      const sub = barrier >= 0 ? 2 * barrier + 1 : 2 * (passed.get(run.play) ?? 0)
      for (const step of byRun.get(run) ?? [])
        placed.push({
          step,
          place: [
            ranks.get(run.play) ?? (run.stage === 'after-containers' ? lastRank : engineRank),
            batchOf.get(work.host.name) ?? 0,
            sub,
          ],
        })
    }
  }
  return placed
}
