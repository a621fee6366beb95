// What stood at an entry, as it is wanted again: with the images and files of that time, and the secrets of today.
import type { At } from '../errors.js'
import type { SessionContext } from '../run/session.js'
import { Secret } from '../secret.js'
import type { ContainerWant, MountWant, NetworkWant, VolumeWant } from '../wanted.js'
import type { Stand } from './choose.js'
import { mountsFiles, withFiles } from './files.js'
import { restore } from './keep.js'

/** What must be known of the engine that it stood on. */
export interface ThenContext {
  context: SessionContext
  /** The number of the entry, and the name of whose it is. */
  number: number
  name: string
  /** With which secrets are told apart; undefined where it is gone, and nobody can tell. */
  key: Uint8Array | undefined
  /** What the file wants there today, where that is needed. */
  today: readonly ContainerWant[]
  /** True for a file that is still held there. */
  isHeld(want: ContainerWant, mount: MountWant): boolean
}

/** Finds secrets that the file knows by name, or at the place where they stood: those that Compose files bring have no other name. */
function secretFinder({ project }: SessionContext, at: At, today: () => ContainerWant | undefined) {
  return (name: string, path: readonly (string | number)[]): Secret | undefined => {
    if (project.secrets.names.includes(name)) return project.secrets.get(name, at)
    let place: unknown = today()
    for (const key of path) place = (place as Record<string | number, unknown> | null | undefined)?.[key]
    return place instanceof Secret ? place : undefined
  }
}

/** True where what the file wants today must be known: for secrets that can be found by their places alone, and for files. */
export function needsToday(stand: Stand, names: readonly string[]): boolean {
  const all = [...stand.services.values()].flatMap(({ containers }) => containers)
  if (all.some(mountsFiles)) return true
  const texts = JSON.stringify(all)
  return [...texts.matchAll(/"longshore\.secret":("(?:[^"\\]|\\.)*")/g)].some(
    ([, name = '""']) => !names.includes(JSON.parse(name) as string),
  )
}

/** The containers as they stood. Tells of secrets that are others by now; a UserError where one, or a file, is gone. */
export function containersThen(stand: Stand, { context, number, name: host, ...then }: ThenContext): ContainerWant[] {
  const { project, emit } = context
  const told = new Set<string>()
  const { key = new Uint8Array() } = then
  const containers = [...stand.services.values()].flatMap(({ containers: own, images }) =>
    own.map((container): ContainerWant => {
      const at = project.services.find(({ name }) => name === container.service)?.raw.at ?? container.at
      const restored = restore(container, {
        key,
        secret: secretFinder(context, at, () => then.today.find(({ name }) => name === container.name)),
        changed: name => void (then.key && told.add(name)),
      })
      const image = images.find(image => image.container === container.name)
      const pinned = {
        ...(image === undefined ? {} : { imageId: image.id }),
        ...(image?.digest === undefined ? {} : { imageDigest: image.digest }),
      }
      const whole = withFiles(restored, then.today, mount => then.isHeld(restored, mount))
      return { ...whole, at, ...pinned }
    }),
  )
  for (const name of told)
    emit({ type: 'warning', host, text: `the secret ${name} is another one than at entry ${number}: today's is used` })
  return containers
}

/** The networks and volumes of that time that these containers use. */
export function thingsThen(
  stand: Stand,
  containers: readonly ContainerWant[],
): { networks: NetworkWant[]; volumes: VolumeWant[] } {
  const networks = new Set(containers.flatMap(({ config }) => config.networks.map(({ name }) => name)))
  const volumes = new Set(containers.flatMap(({ config }) => config.mounts.flatMap(({ source }) => source ?? [])))
  return {
    networks: stand.networks.filter(({ name }) => networks.has(name)),
    volumes: stand.volumes.filter(({ name }) => volumes.has(name)),
  }
}

/** What runs now and was not there then stays: nobody loses a service by going back in another. */
export function tellNewer(host: string, orphans: readonly string[], number: number, { emit }: SessionContext): void {
  const newer = orphans.flatMap(thing => /^(?:container|service) (.+)$/.exec(thing)?.[1] ?? [])
  if (newer.length > 0)
    emit({ type: 'note', host, text: `not there at entry ${number}, and left alone: ${newer.join(', ')}` })
}
