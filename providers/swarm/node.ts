// What is one node's own business on a swarm: its images, its volumes, and the containers that run there.

import type { EngineWant } from '../../core/engine-want.js'
import { usageError } from '../../core/errors.js'
import type { DiffOptions, DownOptions, EngineStep, Scope, Use } from '../../core/provider.js'
import type { ContainerState } from '../../core/provider-abilities.js'
import type { Wanted } from '../../core/wanted.js'
import { type Difference, diff as diffEngine } from '../docker/diff/index.js'
import { downSteps } from '../docker/diff/removal.js'
import { isOurContainer, labels } from '../docker/labels.js'
import { portTexts } from '../docker/list.js'
import { needs as engineNeeds } from '../docker/needs.js'
import { listContainers } from '../docker/observe/observe.js'
import type { Seen, SeenContainer } from '../docker/observe/seen.js'
import type { DockerEngine } from '../docker/open.js'
import { refLabel } from './services/body.js'

/** Name of a task, as the swarm labels its container: "shop_web.2.o0u1…"; of a global service the node's id stands for the number. */
const taskLabel = 'com.docker.swarm.task.name'

/** The playbooks for the engine itself. A usage error for settings that no member of a swarm can have. */
export function nodeNeeds(engine: EngineWant): Use[] {
  if (engine.daemon['firewall-backend'] === 'nftables')
    throw usageError('a swarm needs the iptables backend of the engine', {
      at: engine.places(['daemon', 'firewall-backend']),
    })
  return engineNeeds(engine)
}

/** Containers are the swarm's to make and to remove, except those that `run` made. */
const withoutTasks = (seen: Seen): Seen => ({
  ...seen,
  containers: seen.containers.filter(({ labels: found }) => found[taskLabel] === undefined),
})

/** Steps of one node: images and volumes. What the services need besides is decided for all of them together. */
export function diffNode(scope: Scope, wanted: Wanted, seen: Seen, options: DiffOptions): Difference {
  const found = diffEngine(scope, { ...wanted, networks: [], containers: [] }, withoutTasks(seen), options)
  return {
    ...found,
    orphans: found.orphans.filter(thing => !thing.startsWith('network ')),
    steps: found.steps.filter(({ thing }) => !/^(network|shipped files)/.test(thing)),
  }
}

/** What `down` takes away on one node: volumes and images, and what `run` left there. */
export const downNode = (scope: Scope, project: string, seen: Seen, options: DownOptions): EngineStep[] =>
  downSteps(scope, project, { ...withoutTasks(seen), networks: [] }, options)

/** A task that has been stopped or moved leaves its container behind: the swarm's history, and nothing that runs. One that failed is shown where none runs in its place. */
function isPast({ state, exitCode, labels: found }: SeenContainer, all: readonly SeenContainer[]): boolean {
  if (found[taskLabel] === undefined || state === 'running') return false
  if (state === 'exited' && [undefined, 0, 137, 143].includes(exitCode)) return true
  return all.some(
    other =>
      other.state === 'running' &&
      other.labels[labels.project] === found[labels.project] &&
      other.labels[labels.service] === found[labels.service],
  )
}

/** The project's containers on this node. */
export async function listNode(engine: DockerEngine, project: string): Promise<ContainerState[]> {
  const all = await listContainers(engine)
  return all
    .filter(found => isOurContainer(found.labels, project) && !isPast(found, all))
    .map(found => {
      const [, slot = ''] = /^[^.]+\.(\d+)\./.exec(found.labels[taskLabel] ?? '') ?? []
      return {
        host: engine.scope.name,
        service: found.labels[labels.service] ?? '',
        number: Number(slot === '' ? (found.labels[labels.number] ?? 1) : slot),
        name: found.name,
        id: found.id,
        image: found.labels[refLabel] ?? found.image,
        state: found.state,
        status: found.status,
        ports: portTexts(found.ports),
        orphan: false,
        ...(found.labels[labels.oneOff] === undefined ? {} : { oneOff: true as const }),
      }
    })
}
