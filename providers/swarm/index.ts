// Docker Swarm: each node an engine of its own for images, volumes and what runs there; services and membership are of all together.
import { type Engine, provider } from '../../core/provider.js'
import { docker } from '../docker/index.js'
import type { Seen } from '../docker/observe/seen.js'
import type { DockerEngine } from '../docker/open.js'
import { diffNode, downNode, listNode, nodeNeeds } from './node.js'
import { together } from './together.js'

/** Core hands each provider only the engines that it has opened. */
const own = (engine: Engine): DockerEngine => engine as DockerEngine

/**
 * A swarm keeps its services running by itself: a container of one is not stopped or started alone, no state is kept on it, and which
 * images are in use is a question to all of them together.
 */
const { control: _control, keeper: _keeper, imagesInUse: _inUse, ...alone } = docker

/** The provider `swarm`. */
export const swarm = provider<Seen>({
  ...alone,
  name: 'swarm',
  needs: nodeNeeds,
  diff: diffNode,
  down: downNode,
  list: (engine, project) => listNode(own(engine), project),
  together: together as NonNullable<ReturnType<typeof provider>['together']>,
})
