// The list of container engines that we know.
import type { AnyProvider } from '../core/provider.js'
import { docker } from './docker/index.js'
import { podman } from './podman/index.js'
import { swarm } from './swarm/index.js'

/** Every provider, by the name that `engine.provider` says. */
export const providers: readonly AnyProvider[] = [docker as AnyProvider, podman as AnyProvider, swarm as AnyProvider]
