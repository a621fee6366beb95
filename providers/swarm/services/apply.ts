// Makes services, networks, secrets and configs of a swarm as they are wanted, and waits for them. Each step looks first.
import { messageOf, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import type { ContainerWant, NetworkWant } from '../../../core/wanted.js'
import type { Api } from '../../docker/api/client.js'
import { hasStatus, pause, unlessMissing } from '../../docker/apply/job.js'
import { labels } from '../../docker/labels.js'
import { authHeader, credentialsFor } from '../../docker/registries/credentials.js'
import type { SwarmJob } from '../job.js'
import type { NetworkShape, ObjectShape, ServiceShape, ServiceSpec } from '../shapes.js'
import type { ServiceWork, SwarmWork } from '../work.js'
import { serviceBody, serviceName } from './body.js'
import { converge } from './converge.js'
import { waitUntilGone } from './gone.js'
import { resolveImage, thenOf } from './image.js'
import { keyOf } from './key.js'
import { networkBody } from './networks.js'
import { dataOf, type ObjectWant, objectsOf } from './objects.js'

/** Makes a network, if nobody has by now. */
export async function makeNetwork(job: SwarmJob, want: NetworkWant, own: Record<string, string>): Promise<StepResult> {
  return job.ask(async api => {
    const there = await api.json<NetworkShape[]>({ path: '/networks', query: { filters: { name: [want.name] } } })
    if (there.some(({ Name, Scope }) => Name === want.name && Scope === 'swarm')) return { state: 'already' }
    await api.json({ method: 'POST', path: '/networks/create', body: networkBody(want, own) })
    return { state: 'done' }
  })
}

const pathOf = ({ kind }: ObjectWant): string => `/${kind}s`

async function findObject(api: Api, want: ObjectWant): Promise<ObjectShape | undefined> {
  const all = await api.json<ObjectShape[] | null>({ path: pathOf(want), query: { filters: { name: [want.name] } } })
  return all?.find(({ Spec }) => Spec.Name === want.name)
}

async function ensureObject(
  job: SwarmJob,
  api: Api,
  project: string,
  want: ObjectWant,
): Promise<{ id: string; made: boolean }> {
  const found = await findObject(api, want)
  if (found) return { id: found.ID, made: false }
  const body = {
    Name: want.name,
    Labels: { [labels.project]: project, [labels.version]: '1' },
    Data: await dataOf(want, job.context.files),
  }
  const made = await api
    .json<{ ID: string }>({ method: 'POST', path: `${pathOf(want)}/create`, body })
    .catch(async (error: unknown) => {
      if (hasStatus(error, 409)) return findObject(api, want)
      throw error
    })
  if (made === undefined) throw new UserError(`the swarm does not keep ${want.kind} ${want.name}`, { where: job.where })
  return { id: made.ID, made: true }
}

/** Puts a secret or config into the swarm. Its name is told by its content under the swarm's key, which may be made only now. */
export async function makeObject(
  job: SwarmJob,
  { project, want, target }: { project: string; want: ContainerWant; target: string },
): Promise<StepResult> {
  return job.ask(async api => {
    const key = await keyOf(api, job.context.mask)
    const object = objectsOf(project, want, key).find(one => one.target === target)
    if (object === undefined) throw new Error(`${want.service} mounts nothing at ${target}`)
    const { made } = await ensureObject(job, api, project, object)
    return { state: made ? 'done' : 'already' }
  })
}

/** The service as it is now. */
const findService = async (api: Api, name: string): Promise<ServiceShape | undefined> =>
  unlessMissing(
    api.json<ServiceShape>({ path: `/services/${encodeURIComponent(name)}`, query: { insertDefaults: false } }),
  )

/** What is sent about a service: what an update must not change by itself is taken over from what is there. */
async function bodyFor(
  job: SwarmJob,
  api: Api,
  work: ServiceWork,
  found: ServiceShape | undefined,
): Promise<ServiceSpec> {
  const { project, want, aliases, newImage } = work
  const key = await keyOf(api, job.context.mask)
  const objects = await Promise.all(
    objectsOf(project, want, key).map(async object => ({
      want: object,
      id: (await ensureObject(job, api, project, object)).id,
    })),
  )
  const before = found?.Spec.TaskTemplate.ContainerSpec?.Image
  const isSameRef = found?.Spec.Labels?.[labels.image] === want.config.image
  const image = await resolveImage(job, want.config.image, thenOf(want))
  // A reference that leads nowhere on our nodes tells nothing: what is resolved already stays.
  const isUnresolved = image === want.config.image && want.imageId === undefined
  return serviceBody(want, {
    project,
    key,
    hosts: job.context.members.map(({ host }) => host.name),
    aliases,
    image: isUnresolved && isSameRef && before !== undefined && !newImage ? before : image,
    objects,
    forceUpdate: found?.Spec.TaskTemplate.ForceUpdate ?? 0,
  })
}

/** The same text for what an update would not change. */
const told = ({ Labels, TaskTemplate, Mode }: ServiceSpec): string =>
  JSON.stringify([Labels?.[labels.specHash], TaskTemplate.ContainerSpec?.Image, Mode])

/** Makes or changes a service, and waits until it is as it shall be. */
export async function makeService(job: SwarmJob, work: ServiceWork): Promise<StepResult> {
  const { project, want } = work
  const name = serviceName(project, want.service)
  const scopeRegistries = job.context.members[0]?.host.engine.registries
  const headers = authHeader(credentialsFor(scopeRegistries, want.config.image))
  const sent = await job.ask(async (api): Promise<{ id: string; since: number; isNew: boolean; changed: boolean }> => {
    const known = await findService(api, name)
    const found = known !== undefined && sameKind(known, work) ? known : undefined
    if (known !== undefined && found === undefined) await api.json({ method: 'DELETE', path: `/services/${known.ID}` })
    const body = await bodyFor(job, api, work, found)
    if (found === undefined) {
      const made = await api.json<{ ID: string }>({ method: 'POST', path: '/services/create', body, headers })
      return { id: made.ID, since: 0, isNew: true, changed: true }
    }
    const isPaused = /paused/.test(found.UpdateStatus?.State ?? '')
    // Begun again with another manager after the first one had taken it: what is there by now is to be waited for.
    if (told(found.Spec) === told(body) && !isPaused) return { id: found.ID, since: 0, isNew: false, changed: false }
    await update(api, found, body, headers)
    return { id: found.ID, since: found.Version.Index, isNew: false, changed: true }
  })
  const undo = (): Promise<void> =>
    job.ask(async api => {
      const now = await findService(api, sent.id)
      if (now?.PreviousSpec) await update(api, now, undefined, {})
    })
  const isUndone = sent.changed && !sent.isNew && (want.rollout?.failureAction ?? 'rollback') === 'rollback'
  await converge(job, want, isUndone ? { ...sent, undo } : sent)
  return { state: 'done' }
}

const sameKind = ({ Spec: { Mode } }: ServiceShape, { want }: ServiceWork): boolean => {
  const wanted = Object.keys(serviceModeOf(want))[0]
  return wanted !== undefined && Object.hasOwn(Mode, wanted)
}

const serviceModeOf = ({ spread }: ServiceWork['want']): ServiceSpec['Mode'] =>
  ({
    replicated: { Replicated: {} },
    global: { Global: {} },
    'replicated-job': { ReplicatedJob: {} },
    'global-job': { GlobalJob: {} },
  })[spread?.mode ?? 'replicated']

/** Sends a changed spec against whoever else changes it. */
async function update(
  api: Api,
  found: ServiceShape,
  body: ServiceSpec | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  let { Version } = found
  for (let tries = 0; ; tries++) {
    try {
      const query = { version: Version.Index, ...(body === undefined ? { rollback: 'previous' } : {}) }
      const auth = body === undefined ? { registryAuthFrom: 'previous-spec' } : {}
      await api.json({
        method: 'POST',
        path: `/services/${found.ID}/update`,
        query: { ...query, ...auth },
        body: body ?? found.Spec,
        headers,
      })
      return
    } catch (error) {
      if (tries >= 5 || !/out of sequence/.test(messageOf(error))) throw error
      Version = (await api.json<ServiceShape>({ path: `/services/${found.ID}` })).Version
    }
  }
}

/** Waits for what the swarm does by itself: after a start of its nodes, or in an update that somebody else began. */
export async function awaitService(
  job: SwarmJob,
  { want, id, isJoined }: Extract<SwarmWork, { kind: 'await' }>,
): Promise<StepResult> {
  const { Version } = await job.ask(api => api.json<ServiceShape>({ path: `/services/${id}` }))
  await converge(job, want, {
    id,
    since: Version.Index,
    isNew: false,
    changed: false,
    awaits: isJoined ? 'nodes' : 'containers',
  })
  return { state: 'done' }
}

/** Removes a thing of the swarm's; what is not there any more is gone already. */
export async function removeThing(
  job: SwarmJob,
  { what, id }: Extract<SwarmWork, { kind: 'remove' }>,
): Promise<StepResult> {
  const end = performance.now() + 60_000
  for (;;) {
    try {
      const result = await job.ask(async api => {
        const gone = await unlessMissing(api.json({ method: 'DELETE', path: `/${what}/${id}` }).then(() => true))
        return { state: gone === undefined ? 'already' : 'done' } as const
      })
      if (what === 'services') await waitUntilGone(job, id)
      return result
    } catch (error) {
      // Containers of a service that is gone may still be ending.
      if (!/in use|active endpoints/i.test(messageOf(error)) || performance.now() > end) throw error
      await pause(500, job.signal)
    }
  }
}
