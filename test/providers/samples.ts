// Wanted things and seen things for the tests of providers: the least that is valid, with what a test is about put in.
import type { At } from '../../core/errors.js'
import type { ContainerConfig, ContainerWant, NetworkWant, VolumeWant, Wanted } from '../../core/wanted.js'
import { containerLabels } from '../../providers/docker/containers/body.js'
import { diff } from '../../providers/docker/diff/index.js'
import type { Seen, SeenContainer } from '../../providers/docker/observe/seen.js'

export const at: At = { file: 'longshore.yaml', line: 3, column: 5 }
export const key = new Uint8Array(32).fill(7)
export const scope = { name: 'web1', hosts: ['web1'] }

const config = (part: Partial<ContainerConfig> = {}): ContainerConfig => ({
  image: 'redis:7',
  environment: {},
  labels: {},
  ports: [],
  mounts: [],
  networks: [],
  links: [],
  extraHosts: [],
  ...part,
})

export const container = (
  service: string,
  part: Partial<ContainerConfig> = {},
  more: Partial<ContainerWant> = {},
): ContainerWant => ({
  service,
  number: 1,
  name: `shop-${service}-1`,
  config: config(part),
  dependsOn: [],
  at,
  ...more,
})

export const network = (name: string, part: Partial<NetworkWant> = {}): NetworkWant => ({
  key: name.replace(/^[^_]*_/, ''),
  name,
  external: false,
  internal: false,
  options: {},
  labels: {},
  at,
  ...part,
})

export const volume = (name: string, part: Partial<VolumeWant> = {}): VolumeWant => ({
  key: name.replace(/^[^_]*_/, ''),
  name,
  external: false,
  options: {},
  labels: {},
  at,
  ...part,
})

export const wanted = (part: Partial<Wanted> = {}): Wanted => ({
  project: 'shop',
  key,
  images: [],
  networks: [],
  volumes: [],
  containers: [],
  ...part,
})

export const seen = (part: Partial<Seen> = {}): Seen => ({
  containers: [],
  networks: [],
  volumes: [],
  images: [],
  definitions: {},
  ...part,
})

const redisId = `sha256:${'a'.repeat(64)}`
export const redisImage = { id: redisId, tags: ['redis:7'], digests: [], labels: {} }

/** A container that runs just as wanted, but for what a test changes. */
export const running = (want: ContainerWant, part: Partial<SeenContainer> = {}): SeenContainer => ({
  id: Buffer.from(want.name).toString('hex').padEnd(64, '0').slice(0, 64),
  name: want.name,
  labels: containerLabels('shop', want, key),
  image: want.config.image,
  imageId: redisId,
  state: 'running',
  status: 'Up 2 minutes',
  health: 'none',
  ports: [],
  anonymousVolumes: [],
  ...part,
})

/** A plan as text: verb, thing, cause and what it waits for. */
export const planOf = (want: Wanted, found: Seen, prune = false): string[] =>
  diff(scope, want, found, { prune }).steps.map(
    ({ verb, thing, cause, after }) =>
      `${verb} ${thing}: ${cause}${after.length > 0 ? ` < ${after.map(id => id.replace('web1/', '')).join(', ')}` : ''}`,
  )
