// Whether a host needs an engine, what brings it there, and where it must be said that none will come.
import { selectHosts } from '../config/index.js'
import { withEngines } from '../container-hosts/place.js'
import { UserError, type UserErrorDetails, usageError } from '../errors.js'
import { planHost } from '../plan/host-steps.js'
import { type HostWork, type PlayUse, runsOf } from '../plan/host-work.js'
import type { Play } from '../playbook.js'
import type { Host } from '../project.js'
import { type Absent, type AnyProvider, type Engine, isAbsent, type Use } from '../provider.js'
import type { Raw } from '../raw.js'
import { builderOf } from './image-builders.js'
import type { SessionContext } from './session.js'

/** Name of the built-in play that brings the rules for published ports: it needs an engine and brings none. */
export const portRulesPlay = 'docker port rules'

/** The provider of a host's engine. A usage error when there is none of that name. */
export const providerOf = (host: Host, context: SessionContext): AnyProvider => {
  const found = context.providers.find(one => one.name === host.engine.provider)
  if (found === undefined)
    throw usageError(`there is no provider "${host.engine.provider}"`, {
      at: host.engine.at ?? host.at,
      hint: `known: ${context.providers.map(one => one.name).join(', ')}`,
    })
  return found
}

/** Hosts that some service runs on, or is built on for others: only they need an engine when the file says nothing of one. */
export function hostsWithContainers({ project }: SessionContext): Set<string> {
  const able = withEngines(project.hosts)
  if (able.length === 1) return new Set(project.services.length > 0 ? [able[0]?.name ?? ''] : [])
  return new Set(
    project.services.flatMap(service => {
      const runsOn = service.on ? withEngines(selectHosts(service.on, project)) : []
      return [...runsOn, builderOf(project, service)].flatMap(host => host?.name ?? [])
    }),
  )
}

/** Puts the engine's own tasks between the plays before and those after it. */
export async function addEngineRuns(
  work: HostWork,
  source: 'distro' | 'docker-ce' | 'none',
  context: SessionContext,
): Promise<void> {
  await addUses(work, providerOf(work.host, context).needs({ ...work.host.engine, source }), context)
}

/** Takes away what an earlier run has configured, where the file says nothing of it any more and no task of a playbook has taken it over. */
export async function addForgotten(work: HostWork, context: SessionContext): Promise<void> {
  const { host, state, runs } = work
  const forgotten = (state.engineKinds ?? []).filter(name => !runs.some(({ kind }) => kind.kind === name))
  const provider = providerOf(host, context)
  await addUses(
    work,
    forgotten.flatMap(kind => provider.forgets?.(host.engine, kind) ?? []),
    context,
  )
}

/** The play with what the user's file says in place of `{{ settings }}`. */
const withSettings = (play: Play, settings: Raw | undefined): Play =>
  settings === undefined
    ? play
    : {
        ...play,
        tasks: play.tasks.map(task =>
          task.args.value === '{{ settings }}' ? { ...task, args: settings, at: settings.at } : task,
        ),
      }

/** A host's engine has one configuration, and whoever writes it takes away what is not its own any more. */
const configKind = 'engine_config'

async function addUses(work: HostWork, uses: readonly Use[], context: SessionContext): Promise<void> {
  const { host } = work
  const names = [host.name, host.address, ...(host.private === undefined ? [] : [host.private])]
  const about = { project: context.project.name, host_names: names }
  const loaded = await Promise.all(
    uses.map(async ({ playbook, vars, settings }) =>
      (await context.builtIn(playbook)).map(
        (play): PlayUse => ({
          play: withSettings(play, settings),
          stage: 'before-engine',
          vars: { ...about, ...vars },
          label: '',
        }),
      ),
    ),
  )
  const kinds = new Map(context.resources.map(kind => [kind.kind, kind]))
  const taken = new Set(work.runs.map(run => run.id))
  const runs = loaded.flat().flatMap(use => runsOf(host.name, use, kinds, context.tags, taken))
  for (const { kind } of runs)
    for (const { task } of kind.kind === configKind ? work.runs.filter(run => run.kind.kind === configKind) : [])
      context.emit({
        type: 'warning',
        host: host.name,
        text: `this task and the file's \`engine:\` block both configure the engine: each takes away what only the other says; say all of it in one place`,
        at: task.at,
      })
  const at = work.runs.findIndex(run => run.stage !== 'before-engine')
  work.runs.splice(at < 0 ? work.runs.length : at, 0, ...runs)
}

/** What the file's `engine.source` comes to for an engine that another source has brought: a UserError, or nothing where it may be exchanged. */
function refuseExchange({ host, detection }: HostWork): void {
  const { source, replace, version, places } = host.engine
  const origin = detection?.origin
  if (origin === undefined || source === 'none' || source === origin) return
  if (source === undefined) {
    if (version === undefined || origin === 'distro') return
    throw new UserError(
      `the engine there is from ${origin}, and \`engine.version\` is for a package of a known source`,
      {
        where: host.name,
        at: places(['version']),
        hint: origin === 'elsewhere' ? 'leave `version` out' : `say \`source: ${origin}\`, too`,
      },
    )
  }
  if (origin !== 'elsewhere' && replace) return
  const named = detection?.version === undefined ? origin : `${origin} (${detection.version})`
  throw new UserError(`the engine there is from ${named}, and \`engine.source\` says ${source}`, {
    where: host.name,
    at: places(['source']),
    hint:
      origin === 'elsewhere'
        ? 'leave `source` out to keep that engine, or remove it from the host first: it came without a package'
        : 'leave `source` out to keep that engine, or say `replace: true`: its containers stop, its data stays',
  })
}

/**
 * Where the file leaves the source open, an engine that is there is left alone (but for a `version` that it must have, or had), and a missing
 * one is the distribution's. A UserError where the file asks for another one than is there, and does not say that it may be exchanged.
 */
export async function needEngine(
  work: HostWork,
  opened: Engine | Absent | undefined,
  context: SessionContext,
  withContainers: ReadonlySet<string>,
): Promise<void> {
  const { host, detection } = work
  refuseExchange(work)
  if (host.engine.source !== undefined) return
  const answers = opened !== undefined && !isAbsent(opened)
  const isOurs = (host.engine.version !== undefined || detection?.held) && detection?.origin === 'distro'
  const isForeign = detection?.origin !== undefined && detection.origin !== 'distro'
  const there = answers || detection?.state === 'answers' || detection?.state === 'denied' || isForeign
  if (!there && host.engine.at === undefined && !withContainers.has(host.name)) return
  await addEngineRuns(work, there && !isOurs ? 'none' : 'distro', context)
}

/** The way out where an engine is there and closed to us. */
const deniedHint = ({ name }: Host, { hint }: Absent): string => hint ?? `give hosts.${name}.become`

/** An engine that is there and closed to us is this host's trouble, if it is needed at all. */
export function refuseDenied(
  { host, detection, facts }: HostWork,
  opened: Engine | Absent | undefined,
  withContainers: ReadonlySet<string>,
): void {
  if (opened === undefined || !isAbsent(opened) || opened.absent !== 'denied' || !withContainers.has(host.name)) return
  // Root may, and this run lets our login in: it is asked again then.
  if (detection?.state === 'answers' && host.engine.users.includes(host.user ?? facts?.user ?? '')) return
  throw new UserError(opened.text, { where: host.name, hint: deniedHint(host, opened) })
}

/** Where containers are to run, no engine answers, and no step before them could change that, it is said now and not half way. */
export function refuseMissing(
  work: HostWork,
  opened: Engine | Absent | undefined,
  { extent, tags }: SessionContext,
  withContainers: ReadonlySet<string>,
): void {
  const { host } = work
  if (extent !== 'all' || opened === undefined || !isAbsent(opened) || !withContainers.has(host.name)) return
  if (planHost(work).before.some(({ instance }) => instance.run.play.name !== portRulesPlay)) return
  const isNone = host.engine.source === 'none'
  const details: UserErrorDetails = {
    where: host.name,
    at: isNone ? host.engine.at : undefined,
    hint:
      opened.hint ??
      (tags.length > 0
        ? 'leave out --tags, so that the engine is looked after too'
        : isNone
          ? opened.absent === 'not-installed'
            ? 'leave out `source: none`, or let a playbook install and start it'
            : 'start it on the host, leave out `source: none` so that this run does, or let a playbook do so'
          : 'start it on the host, or let a playbook do so'),
  }
  throw new UserError(`${opened.text}, and nothing in this run would change that`, details)
}

/** An engine that may hold things of the project, and that we cannot ask to remove them. */
export function refuseUnasked({ host }: HostWork, absent: Absent): void {
  if (absent.absent === 'not-installed') return
  throw new UserError(`${absent.text}, so that nothing can be removed from it`, {
    where: host.name,
    hint:
      absent.absent === 'denied'
        ? deniedHint(host, absent)
        : (absent.hint ?? 'start it on the host, then run this again'),
  })
}
