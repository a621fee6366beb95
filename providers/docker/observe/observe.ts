// Reads an engine: four lists and the wanted containers at the same time, as labels carry the rest; then registries, where they are to be asked.
import type { LocalFiles } from '../../../core/files.js'
import { type Absent, isAbsent } from '../../../core/provider.js'
import type { Wanted } from '../../../core/wanted.js'
import type { ContainerSummary, ImageSummary, NetworkSummary, VolumeSummary } from '../api/shapes.js'
import type { JsonObject } from '../canonical.js'
import { seeDoor } from '../front-door/seen.js'
import { standings } from '../images/by-playbook/layers.js'
import { defineImage } from '../images/definition.js'
import { familiarReference, type SeenImage } from '../images/reference.js'
import { askAbout } from '../images/registry.js'
import type { DockerEngine } from '../open.js'
import { wantedDetails, withLimits } from './limits.js'
import type { ImageDefinition, Seen, SeenContainer } from './seen.js'

/** A container's own name: the one without a second slash (the others are those of old-style links). */
const ownName = (names: readonly string[]): string =>
  (names.find(name => name.lastIndexOf('/') === 0) ?? names[0] ?? '').slice(1)

/** The engine names anonymous volumes by 64 hex digits. */
const anonymousName = /^[0-9a-f]{64}$/

const healthOf = (status: string): SeenContainer['health'] => {
  const told = /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(status)?.[1]
  return told === 'starting' || told === 'healthy' || told === 'unhealthy' ? told : 'none'
}

/** A listed container as data. */
function containerFrom(found: ContainerSummary): SeenContainer {
  const binds = (found.Mounts ?? []).flatMap(({ Type, Source = '', Destination }) =>
    Type === 'bind' ? [{ source: Source, target: Destination }] : [],
  )
  const exit = /^Exited \((-?\d+)\)/.exec(found.Status)?.[1]
  return {
    id: found.Id,
    name: ownName(found.Names),
    labels: found.Labels ?? {},
    image: found.Image,
    imageId: found.ImageID,
    state: found.State,
    status: found.Status,
    health: healthOf(found.Status),
    ...(exit === undefined ? {} : { exitCode: Number(exit) }),
    ...(binds.length === 0 ? {} : { binds }),
    ports: found.Ports ?? [],
    anonymousVolumes: (found.Mounts ?? []).flatMap(({ Type, Name = '' }) =>
      Type === 'volume' && anonymousName.test(Name) ? [Name] : [],
    ),
  }
}

const imageFrom = (found: ImageSummary): SeenImage => ({
  id: found.Id,
  // Podman writes Docker Hub's own prefixes out.
  tags: (found.RepoTags ?? []).filter(tag => tag !== '<none>:<none>').map(familiarReference),
  digests: (found.RepoDigests ?? []).map(familiarReference),
  labels: found.Labels ?? {},
})

/** The engine lists in an order of its own, which changes: the same things must give the same plan. */
const inOrder = <Thing>(things: readonly Thing[], nameOf: (thing: Thing) => string): Thing[] =>
  [...things].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))

/** All containers of an engine, by name. */
export const listContainers = async (engine: DockerEngine, signal?: AbortSignal): Promise<SeenContainer[]> => {
  const listed = await engine.api.json<ContainerSummary[]>({ path: '/containers/json', query: { all: true }, signal })
  const found = listed.map(containerFrom).map(container => ({ ...container, ...engine.dialect.container?.(container) }))
  return inOrder(found, ({ name }) => name)
}

/** All tagged images of an engine, and untagged ones that nothing is built upon, by id. */
export const listImages = async (engine: DockerEngine, signal?: AbortSignal): Promise<SeenImage[]> =>
  inOrder((await engine.api.json<ImageSummary[]>({ path: '/images/json', signal })).map(imageFrom), ({ id }) => id)

async function defineAll(wanted: Wanted, files: LocalFiles): Promise<Record<string, ImageDefinition>> {
  const definitions: Record<string, ImageDefinition> = {}
  for (const want of wanted.images) {
    const definition = await defineImage(want, files, wanted.key)
    if (definition) definitions[want.ref] = definition
  }
  return definitions
}

const withStandings = (
  definitions: Record<string, ImageDefinition>,
  made: Readonly<Record<string, JsonObject>>,
): Record<string, ImageDefinition> =>
  Object.fromEntries(
    Object.entries(definitions).map(([ref, one]) => [ref, made[ref] ? { ...one, spec: made[ref] } : one]),
  )

/** Observes an engine; without one, only what lies on this machine is read. Throws a UserError where a build context is missing. */
export async function observe(
  engine: DockerEngine | Absent,
  wanted: Wanted,
  files: LocalFiles,
  signal?: AbortSignal,
): Promise<Seen> {
  const held = wanted.shipped === undefined ? {} : { shipped: wanted.shipped }
  if (isAbsent(engine))
    return {
      ...held,
      absent: engine,
      containers: [],
      networks: [],
      volumes: [],
      images: [],
      definitions: await defineAll(wanted, files),
    }
  const [containers, networks, volumes, images, definitions, door, details] = await Promise.all([
    listContainers(engine, signal),
    engine.api.json<NetworkSummary[]>({ path: '/networks', signal }),
    engine.api.json<{ Volumes: VolumeSummary[] | null }>({ path: '/volumes', signal }),
    listImages(engine, signal),
    defineAll(wanted, files),
    seeDoor(engine, wanted, signal),
    wantedDetails(engine, wanted, signal),
  ])
  const [asked, limited, made] = await Promise.all([
    askAbout(engine, wanted, { images, definitions }, signal),
    withLimits(engine, containers, details, wanted, signal),
    standings(engine, wanted, images, signal),
  ])
  return {
    ...held,
    api: engine.api.version,
    ...(engine.dialect.updates ? {} : { fixedLimits: true as const }),
    containers: limited,
    networks: inOrder(
      networks.map(({ Id, Name, Labels }) => ({ id: Id, name: Name, labels: Labels ?? {} })),
      ({ name, id }) => `${name} ${id}`,
    ),
    volumes: inOrder(
      (volumes.Volumes ?? []).map(({ Name, Labels }) => ({ id: Name, name: Name, labels: Labels ?? {} })),
      ({ name }) => name,
    ),
    images,
    definitions: withStandings(definitions, made),
    ...(door === undefined ? {} : { door }),
    ...asked,
  }
}
