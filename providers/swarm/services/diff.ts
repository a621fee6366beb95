// What must be done with a project's services, networks, secrets and configs on a swarm, and why. Pure.
import { UserError } from '../../../core/errors.js'
import type { EngineStep, Scope } from '../../../core/provider.js'
import type { Change } from '../../../core/step.js'
import type { Member, WantedTogether } from '../../../core/together/ability.js'
import { servicesOf } from '../../../core/together/services.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { canonicalHash, causeOf, changesBetween, parseSpec } from '../../docker/canonical.js'
import { labels } from '../../docker/labels.js'
import type { SeenCluster } from '../seen.js'
import type { ServiceShape } from '../shapes.js'
import { swarmStep } from '../work.js'
import { serviceName } from './body.js'
import { isCurrent, isMadeAnew, isThatOfThen, thenOf } from './image.js'
import { aliasesOf, aliasesToCompare } from './links.js'
import { diffNetworks } from './networks.js'
import { endingOf, keptEnding, type ObjectWant, objectsOf } from './objects.js'
import { serviceSpec } from './spec.js'
import { standingOf } from './standing.js'

export interface ServicesPlan {
  steps: EngineStep[]
  orphans: string[]
  unchanged: number
  warnings: string[]
}

/** What the parts of this diff hand to each other. */
export interface ServicesContext {
  scope: Scope
  members: readonly Member[]
  wanted: WantedTogether
  /** Left out where there is no swarm yet. */
  cluster: SeenCluster | undefined
  key: Uint8Array
  plan: ServicesPlan
}

/** Services in an order in which each comes after those that it waits for. */
function inOrder(services: readonly ContainerWant[]): ContainerWant[] {
  const ordered: ContainerWant[] = []
  const visited = new Set<string>()
  const visit = (want: ContainerWant): void => {
    if (visited.has(want.service)) return
    visited.add(want.service)
    for (const other of services) if (want.dependsOn.some(({ service }) => service === other.service)) visit(other)
    ordered.push(want)
  }
  services.forEach(visit)
  return ordered
}

const replicasOf = ({ Spec: { Mode } }: ServiceShape): number | undefined => Mode.Replicated?.Replicas

const kindOf = ({ Spec: { Mode } }: ServiceShape): string =>
  Mode.Replicated ? 'replicated' : Mode.Global ? 'global' : Mode.ReplicatedJob ? 'replicated-job' : 'global-job'

/** Says what a swarm does not do as an engine alone does it. */
function warnOf({ plan }: ServicesContext, { service, config, portRules }: ContainerWant): void {
  const bound = config.ports.filter(({ ip }) => ip !== undefined)
  if (bound.length > 0)
    plan.warnings.push(
      `${service}: on a swarm a port is published on all addresses, not on ${bound.map(({ ip }) => ip).join(', ')} alone`,
    )
  if (portRules !== undefined && config.ports.some(({ mode }) => mode !== 'host'))
    plan.warnings.push(`${service}: \`allow\` holds for ports with \`mode: host\`, not for those of the whole swarm`)
  if (config.networks.some(({ address, address6 }) => address !== undefined || address6 !== undefined))
    plan.warnings.push(`${service}: a fixed address has no effect on a swarm`)
}

function diffService(context: ServicesContext, want: ContainerWant, after: string[], linked: string[]): void {
  const { scope, members, wanted, cluster, key, plan } = context
  const { service, config, spread } = want
  const thing = `service ${service}`
  const { project } = wanted
  const hosts = members.map(({ host }) => host.name)
  const own = spread?.hosts ?? hosts
  const found = cluster?.services.find(({ Spec }) => Spec.Name === serviceName(project, service))
  const newImage = isMadeAnew(members, wanted, own, config.image)
  const specWith = (aliases: readonly string[]) => serviceSpec(want, { key, hosts, aliases })
  const aliases = aliasesToCompare(found?.Spec.Labels ?? {}, linked, specWith)
  const work = { kind: 'service', project, want, aliases, newImage } as const
  const add = (verb: string, cause: string, changes: Change[] = []): void =>
    void plan.steps.push(swarmStep(scope, thing, { verb, cause, after, changes }, work))
  warnOf(context, want)
  if (found === undefined) return add('create', 'not there')
  const theirs = found.Spec.Labels ?? {}
  if (theirs[labels.project] !== project)
    throw new UserError(`the service ${found.Spec.Name} is there already, and is not ours`, {
      where: scope.name,
      at: want.at,
      hint: 'remove it, or give the project another name',
    })
  if (spread !== undefined && kindOf(found) !== spread.mode)
    return add('replace', `mode: ${kindOf(found)} → ${spread.mode}`)
  const spec = specWith(aliases)
  const isSame = theirs[labels.specHash] === canonicalHash(spec)
  const changes = isSame ? [] : changesBetween(parseSpec(theirs[labels.spec]), spec)
  const causes = isSame ? [] : [changes.length > 0 ? causeOf(changes) : 'settings differ']
  if (newImage) causes.push('image is made anew')
  else {
    const used = String(found.Spec.TaskTemplate.ContainerSpec?.Image ?? '')
    const then = thenOf(want)
    const image =
      then === undefined
        ? isCurrent(members, wanted, { hosts: own, ref: config.image, used })
        : { current: isThatOfThen(members, then, used), id: then.id }
    if (isSame && image?.current === false) {
      causes.push(`image ${config.image} ${then === undefined ? 'is another one now' : 'was another one'}`)
      changes.push({ what: 'image id', from: used.slice(7, 19), to: image.id.slice(7, 19) })
    }
  }
  if (found.UpdateStatus?.State === 'paused' || found.UpdateStatus?.State === 'rollback_paused')
    causes.push('its last update stopped half way')
  const now = replicasOf(found)
  const isScaled = now !== undefined && spread?.replicas !== undefined && now !== spread.replicas
  if (isScaled) {
    causes.push(`replicas: ${now} → ${spread.replicas}`)
    changes.push({ what: 'replicas', from: String(now), to: String(spread.replicas) })
  }
  if (causes.length > 0) return add(isScaled && causes.length === 1 ? 'scale' : 'update', causes.join(', '), changes)
  const isLasting = found.Spec.Mode.Replicated !== undefined || found.Spec.Mode.Global !== undefined
  if (cluster !== undefined && isLasting) {
    const { up, wanted: all, isComing, why } = standingOf(cluster, found)
    const text = `${up} of ${all} run`
    const joining = plan.steps.flatMap(({ verb, host }) => (verb === 'join' && own.includes(host) ? [host] : []))
    const isJoined = found.Spec.Mode.Global !== undefined && joining.length > 0
    // As after a start of its nodes: the swarm does it by itself, and who waits for the run to end wants it to be up by then.
    if (isJoined || (up < all && isComing)) {
      const told = { verb: 'await', cause: isJoined ? `${joining.join(', ')} joins` : text, after }
      return void plan.steps.push(swarmStep(scope, thing, told, { kind: 'await', want, id: found.ID, isJoined }))
    }
    if (up < all) plan.warnings.push(`service ${service}: ${text}${why === undefined ? '' : ` (${why})`}`)
  }
  plan.unchanged++
}

/** What people call it: its name on the swarm is not known before the swarm has its key. */
const thingOf = ({ service }: ContainerWant, { kind, target }: ObjectWant): string => `${kind} ${target} of ${service}`

/** Adds the steps that put secrets and configs into the swarm; gives all that is wanted. */
function diffObjects(
  { scope, cluster, key, plan, wanted: { project } }: ServicesContext,
  services: readonly ContainerWant[],
) {
  const byService = new Map<string, ObjectWant[]>()
  const seen = new Set<string>()
  for (const want of services) {
    const objects = objectsOf(project, want, key)
    byService.set(want.service, objects)
    for (const object of objects) {
      if (seen.has(object.name)) continue
      seen.add(object.name)
      const there = cluster?.[object.kind === 'secret' ? 'secrets' : 'configs'].some(
        ({ Spec }) => Spec.Name === object.name,
      )
      if (there) {
        plan.unchanged++
        continue
      }
      const told = { verb: 'create', cause: 'not there' }
      plan.steps.push(
        swarmStep(scope, thingOf(want, object), told, { kind: 'object', project, want, target: object.target }),
      )
    }
  }
  return byService
}

/** What of the project is not declared any more, and secrets and configs that nothing mounts. */
function diffOrphans(
  context: ServicesContext,
  services: readonly ContainerWant[],
  objects: ReadonlySet<string>,
  prune: boolean,
): void {
  const { scope, cluster, plan, wanted } = context
  if (cluster === undefined) return
  const removed: string[] = []
  for (const { ID, Spec } of cluster.services) {
    if (Spec.Labels?.[labels.project] !== wanted.project) continue
    const name = Spec.Labels[labels.service] ?? Spec.Name
    if (services.some(({ service }) => service === name)) continue
    const step = swarmStep(
      scope,
      `service ${name}`,
      { verb: 'remove', cause: 'no longer declared' },
      { kind: 'remove', what: 'services', id: ID },
    )
    plan.orphans.push(step.thing)
    removed.push(step.id)
    if (prune) plan.steps.push(step)
  }
  // What a service ran with before may be needed to go back to that.
  const used = JSON.stringify(
    cluster.services.map(({ Spec, PreviousSpec }) => [Spec.TaskTemplate, PreviousSpec?.TaskTemplate]),
  )
  // So may what an entry of the history mounts.
  const kept = new Set([...wanted.byHost.values()].flatMap(({ shipped }) => shipped?.kept ?? []).map(keptEnding))
  const after = plan.steps.filter(({ thing }) => thing.startsWith('service ')).map(({ id }) => id)
  // They go with the next change: a run after which nothing differs leaves nothing to do.
  const isChange = prune || after.length > 0
  for (const what of isChange ? (['secrets', 'configs'] as const) : [])
    for (const { ID, Spec } of cluster[what]) {
      if (Spec.Labels?.[labels.project] !== wanted.project || objects.has(Spec.Name) || used.includes(ID)) continue
      if (what === 'configs' && kept.has(endingOf(Spec.Name))) continue
      const told = { verb: 'remove', cause: 'nothing mounts it any more', after }
      plan.steps.push(swarmStep(scope, `${what.slice(0, -1)} ${Spec.Name}`, told, { kind: 'remove', what, id: ID }))
    }
  for (const { Id, Name, Labels, Scope } of cluster.networks) {
    if (Scope !== 'swarm' || Labels?.[labels.project] !== wanted.project) continue
    if ([...wanted.byHost.values()].some(({ networks }) => networks.some(({ name }) => name === Name))) continue
    const told = { verb: 'remove', cause: 'no longer declared', after: removed }
    const step = swarmStep(scope, `network ${Name}`, told, { kind: 'remove', what: 'networks', id: Id })
    plan.orphans.push(step.thing)
    if (prune) plan.steps.push(step)
  }
}

/** Compares the project's services with those of the swarm. */
export function diffServices(context: ServicesContext, prune: boolean): void {
  const { plan, wanted } = context
  const all = inOrder(servicesOf(wanted.byHost))
  const services = all.filter(({ service }) => wanted.only?.includes(service) ?? true)
  const networks = diffNetworks(context)
  const objects = diffObjects(context, services)
  const aliases = aliasesOf(all, wanted.project)
  const idOf = (thing: string): string[] => plan.steps.flatMap(step => (step.thing === thing ? [step.id] : []))
  for (const want of services) {
    const after = [
      ...want.config.networks.flatMap(({ name }) => (networks.has(name) ? idOf(`network ${name}`) : [])),
      ...(objects.get(want.service) ?? []).flatMap(object => idOf(thingOf(want, object))),
      ...want.dependsOn.flatMap(({ service }) => idOf(`service ${service}`)),
    ]
    diffService(context, want, [...new Set(after)], aliases.get(want.service) ?? [])
  }
  const names = new Set([...objects.values()].flat().map(({ name }) => name))
  diffOrphans(context, services, names, prune)
}
