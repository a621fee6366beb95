// A run as commands use it: made from the command's context, observed, planned, confirmed, done and closed.
import { join } from 'node:path'
import { loadPlaybook } from '../core/config/index.js'
import { exitCodes, likeError, type UserError } from '../core/errors.js'
import type { HostSummary } from '../core/events.js'
import { doPlayInside } from '../core/images-by-playbook/do-play.js'
import type { Host } from '../core/project.js'
import { closeEngine } from '../core/run/engine-side.js'
import { closeAll, observe } from '../core/run/observe.js'
import { exitOf, runPlan, tellMessages } from '../core/run/run.js'
import { type Extent, publicStep, type RunPlan, type SessionContext, worksInside } from '../core/run/session.js'
import { summarise } from '../core/run/summary.js'
import { connectInside } from '../hosts/index.js'
import { createIssuer } from './certificates/issuer.js'
import type { CommandContext } from './context.js'
import { keepLocally } from './kept/keep-locally.js'
import { noteRetry, retryFile } from './kept/retry.js'
import { ownerFor } from './lock-owner.js'
import { packageRoot } from './package-root.js'
import { planText } from './report/plan.js'

export interface SessionOptions {
  /** Left out: those that `--on` means. */
  hosts?: readonly Host[]
  extent: Extent
  prune: boolean
}

/** A project looked at: its context for `runPlan`, and what is to be done. */
export interface Session {
  context: SessionContext
  plan: RunPlan
}

async function sessionContext(context: CommandContext, options: SessionOptions): Promise<SessionContext> {
  const project = await context.projectWithSecrets()
  const [resources, providers, connect, forks] = await Promise.all([
    context.resources(),
    context.providers(),
    context.connect(),
    context.forks(),
  ])
  const resourceKinds = resources.map(({ kind, schema }) => ({ kind, schema }))
  const session: SessionContext = {
    project,
    hosts: options.hosts ?? (await context.hosts()),
    extent: options.extent,
    connect,
    providers,
    resources,
    builtIn: name =>
      loadPlaybook(join(packageRoot, 'playbooks', `${name}.yaml`), { files: context.files, resourceKinds }),
    files: context.files,
    keep: keepLocally,
    masker: context.masker,
    issuer: createIssuer(project.name, context.masker),
    emit: context.emit,
    signal: context.signal,
    forks,
    prune: options.prune,
    tags: context.options.tags,
    vars: context.options.vars,
    doPlay: task => doPlayInside(session, connectInside, task),
    ...(context.options.verbose && { textDiff: (await import('../resources/_diff.js')).unifiedDiff }),
  }
  return session
}

/** With `-v`: what each host cost, counted at its connection. */
function noteCosts(context: CommandContext, plan: RunPlan): void {
  if (!context.options.verbose) return
  for (const work of plan.works) {
    const stats = work.connection?.stats
    if (stats === undefined) continue
    const opened = plan.sides.find(side => side.work === work)?.opened
    const api =
      opened && 'stats' in opened ? `, ${opened.stats.requests} API requests in ${opened.stats.waves} waves` : ''
    const text = `${stats.connections} connection${stats.connections === 1 ? '' : 's'}, ${stats.execs} exec${stats.execs === 1 ? '' : 's'}, ${stats.dials} dials${api}`
    context.emit({ type: 'note', host: work.host.name, text })
  }
}

/** Opens a session, hands it to `work`, and closes every connection whatever happens. */
export async function withSession<T>(
  context: CommandContext,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
  look: (context: SessionContext, works: RunPlan['works']) => Promise<RunPlan> = observe,
): Promise<T> {
  const session = await sessionContext(context, options)
  const report = await context.report()
  report.start?.(session.hosts.map(host => host.name))
  const works: RunPlan['works'] = []
  const plan: { made?: RunPlan } = {}
  try {
    plan.made = await look(session, works)
    return await work({ context: session, plan: plan.made })
  } finally {
    if (plan.made) noteCosts(context, plan.made)
    for (const side of plan.made?.sides ?? []) closeEngine(side)
    await closeAll(works)
  }
}

/** A session, and where all went well a second one for the hosts that its plan has put off: their containers are there by then. */
export async function withLater(
  context: CommandContext,
  options: SessionOptions,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const put: Host[] = []
  const exit = await withSession(context, options, async session => {
    const { later = [] } = session.plan
    put.push(...session.context.hosts.filter(({ name }) => later.includes(name)))
    return work(session)
  })
  if (put.length === 0 || exit !== exitCodes.done || context.signal.aborted) return exit
  return withSession(context, { ...options, hosts: put }, work)
}

/** The errors of hosts that could not be read. */
export const problemsOf = (plan: RunPlan): UserError[] => plan.works.flatMap(work => work.problem ?? [])

/** Prints the plan on stdout (`plan`, or before a question), or as an event with `--json`; nothing when no host could be read. */
export async function showPlan(context: CommandContext, plan: RunPlan): Promise<void> {
  const works = worksInside(plan)
  if (works.length > 0 && works.every(work => work.problem)) return
  const listed = new Set(plan.steps.map(({ id }) => id))
  const steps = plan.steps.map(step => publicStep(step, listed))
  context.emit({ type: 'plan', steps, unchanged: plan.unchanged })
  if (context.options.json || context.options.report === 'json') return
  const planned = new Set(plan.steps.map(({ host, thing }) => `${host}: ${thing}`))
  const orphans = plan.orphans.map(({ host, thing }) => `${host}: ${thing}`).filter(orphan => !planned.has(orphan))
  context.print(
    planText({ steps: plan.steps, unchanged: plan.unchanged, orphans }, await context.style(), context.options.verbose),
  )
}

/** An error whose step's output the report has already shown, without that output. */
const withoutOutput = (error: UserError): UserError => likeError(error, { output: undefined })

/** Tells errors after the report has told its story. */
export async function showErrors(context: CommandContext, errors: readonly UserError[]): Promise<void> {
  for (const error of errors) await context.tell(error)
}

/** The road of every command that changes something: show the plan, ask, do it. Gives the exit code. */
export async function carryOut(
  context: CommandContext,
  { context: session, plan }: Session,
  reason: string,
): Promise<number> {
  const problems = problemsOf(plan)
  const retry = retryFile(await context.projectFile(), context.env, context.home)
  // Of one host there is nothing to choose.
  const note = async (hosts: readonly HostSummary[]): Promise<void> =>
    session.project.hosts.length > 1
      ? noteRetry(
          retry,
          hosts.filter(({ together }) => !together),
        )
      : undefined
  if (plan.steps.length === 0) {
    await showPlan(context, plan)
    tellMessages(session, plan)
    if (!context.signal.aborted) await note(summarise(plan, new Map(), new Set()))
    if (problems.length === 0 && !context.options.json) context.print('Nothing to do.')
    await showErrors(context, problems)
    return exitOf(problems, context.signal.aborted)
  }
  await showPlan(context, plan)
  const question = `Do ${plan.steps.length === 1 ? 'this step' : `these ${plan.steps.length} steps`}?`
  if (!(await context.confirm(question))) {
    context.emit({ type: 'note', text: 'Nothing was changed.' })
    return exitCodes.failed
  }
  const { exit, errors, hosts } = await runPlan(session, plan, ownerFor(reason))
  await note(hosts)
  await showErrors(context, errors.map(withoutOutput))
  return exit
}
