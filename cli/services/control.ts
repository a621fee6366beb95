// start, stop, restart, kill, pause and unpause: a plan for the containers as they stand, run as every other plan, with the lock held.
import { likeError, UserError, usageError } from '../../core/errors.js'
import { containerStepId } from '../../core/plan/graph.js'
import type { HostWork } from '../../core/plan/host-work.js'
import { type EngineStep, isAbsent } from '../../core/provider.js'
import type { ContainerState, ControlRequest } from '../../core/provider-abilities.js'
import { alsoRestarted, dependencies } from '../../core/rollout/dependencies.js'
import type { EngineSide } from '../../core/run/engine-side.js'
import { interruptible } from '../../core/run/interruptible.js'
import { failed, reachHosts } from '../../core/run/reach.js'
import { exitOf, runPlan } from '../../core/run/run.js'
import type { RunPlan, SessionContext } from '../../core/run/session.js'
import { mapLimited } from '../../core/run/workers.js'
import type { CommandContext } from '../context.js'
import type { Placed } from '../engines.js'
import { ownerFor } from '../lock-owner.js'
import { problemsOf, showErrors, withSession } from '../session.js'
import { chosen, placeOptions, type Wish } from './choose.js'

export interface ControlWish extends Wish {
  request: ControlRequest
  /** `restart`: without those that the file restarts with them. */
  alone?: boolean
}

/** States in which a request finds nothing to do. */
const needless: Record<ControlRequest['verb'], readonly string[]> = {
  start: ['running', 'restarting'],
  stop: ['exited', 'created', 'dead'],
  restart: [],
  kill: ['exited', 'created', 'dead'],
  pause: ['paused'],
  unpause: ['running', 'restarting', 'exited', 'created', 'dead'],
}

/** Verbs for which what stands on a service goes before it. */
const fromAbove: readonly ControlRequest['verb'][] = ['stop', 'kill', 'pause']

/** One container of the request, with the step that does it. */
interface Asked {
  container: ContainerState
  step: EngineStep
}

/** Puts the steps in order over all hosts. A start waits for good ends before it, a stop only for ends. */
function inOrder(
  asked: readonly Asked[],
  needs: ReadonlyMap<string, ReadonlySet<string>>,
  verb: ControlRequest['verb'],
): EngineStep[] {
  const standsOn = (one: Asked, other: Asked): boolean =>
    needs.get(one.container.service)?.has(other.container.service) ?? false
  return asked.map(one => {
    const down = fromAbove.includes(verb)
    const before = asked.filter(other => (down ? standsOn(other, one) : standsOn(one, other)))
    const ids = before.map(({ container }) => containerStepId(container.host, container.name))
    return down ? { ...one.step, waits: ids } : { ...one.step, after: ids }
  })
}

/** The containers of one engine. */
async function listed(side: EngineSide, context: SessionContext): Promise<Placed[]> {
  const { opened, provider, scope } = side
  if (opened === undefined) return []
  if (isAbsent(opened)) throw new UserError(opened.text, { where: side.work.host.name })
  side.keyless = false
  const list = provider.list(opened, context.project.name)
  return (await interruptible(list, context.signal)).map(container => ({
    on: { scope, provider, engine: opened },
    container,
  }))
}

/** The steps of a request, as a plan; touches nothing. */
async function observeControl(
  command: CommandContext,
  context: SessionContext,
  works: HostWork[],
  wish: ControlWish,
): Promise<RunPlan> {
  works.push(
    ...context.hosts.map((host): HostWork => ({ host, runs: [], state: { serial: '', pending: [] }, dirty: false })),
  )
  const sides = await reachHosts(context, works)
  const lists = await mapLimited(sides, context.forks, async side => {
    try {
      return await listed(side, context)
    } catch (error) {
      failed(side.work, error, context)
      return []
    }
  })
  const { services } = context.project
  const more = wish.request.verb === 'restart' && !wish.alone ? alsoRestarted(wish.services, services) : []
  const placed = lists.flat()
  const meant = works.every(({ problem }) => problem)
    ? []
    : await chosen(command, placed, { ...wish, services: [...wish.services, ...more] })
  if (wish.number !== undefined && meant.length === 0 && placed.length > 0)
    throw usageError('no container of that number is there', { where: placeOptions.number.flags })
  const open = meant.filter(({ container }) => !needless[wish.request.verb].includes(container.state))
  const asked = open.map(({ on, container }): Asked => {
    const step = on.provider.control?.(on.scope, container, wish.request)
    if (!step)
      throw new UserError(`${on.provider.name} cannot ${wish.request.verb} containers`, { where: container.host })
    return { container, step }
  })
  const steps = inOrder(asked, dependencies(services), wish.request.verb)
  for (const side of sides) {
    const own = steps.filter(({ host }) => host === side.scope.name)
    side.planned = { steps: own, orphans: [], unchanged: 0, warnings: [] }
  }
  const unchangedByHost = new Map(sides.map(({ scope }) => [scope.name, 0]))
  for (const { container } of meant.filter(one => !open.includes(one)))
    unchangedByHost.set(container.host, (unchangedByHost.get(container.host) ?? 0) + 1)
  const unchanged = meant.length - open.length
  return { works, sides, steps, silent: [], gates: [], unchanged, unchangedByHost, orphans: [] }
}

/** Does a request with the lock held, and tells what became of it. Gives the exit code. */
export const control = (context: CommandContext, wish: ControlWish): Promise<number> =>
  withSession(
    context,
    { extent: 'hosts', prune: false },
    async ({ context: session, plan }) => {
      const problems = problemsOf(plan)
      if (plan.steps.length === 0) {
        if (problems.length === 0 && !context.options.json)
          context.print(
            plan.unchanged > 0 ? 'Nothing to do: it is so already.' : 'Nothing to do: there is no container.',
          )
        await showErrors(context, problems)
        return exitOf(problems, context.signal.aborted)
      }
      const { exit, errors } = await runPlan(session, plan, ownerFor(wish.request.verb))
      await showErrors(
        context,
        errors.map(error => likeError(error, { output: undefined })),
      )
      return exit
    },
    (session, works) => observeControl(context, session, works, wish),
  )

/** What `-t` says, in whole seconds. A usage error for anything else. */
export function readGrace(text: string | undefined): { graceSeconds?: number } {
  if (text === undefined) return {}
  if (/^\d{1,6}$/.test(text)) return { graceSeconds: Number(text) }
  throw usageError(`--timeout takes whole seconds, not "${text}"`)
}

/** The signal that `-s` names. A usage error for what can be none. */
export function readSignal(text = 'SIGKILL'): string {
  if (/^(?:[A-Za-z][A-Za-z0-9+-]{1,15}|\d{1,2})$/.test(text)) return text.toUpperCase()
  throw usageError(`--signal takes a name as SIGHUP, or a number, not "${text}"`)
}

/** The words that every command of this kind takes. */
export const controlArguments = { services: { text: 'only these services (all without one)', need: 'many' } } as const
