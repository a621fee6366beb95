// What an observation of an engine comes to, as plain data.
import type { Absent } from '../../../core/provider.js'
import type { HeldFiles } from '../../../core/state.js'
import type { HostConfigShape, PortShape } from '../api/shapes.js'
import type { JsonObject } from '../canonical.js'
import type { SeenDoor } from '../front-door/seen.js'
import type { SeenImage } from '../images/reference.js'
import type { Labels } from '../labels.js'

export interface SeenContainer {
  id: string
  name: string
  labels: Labels
  /** The reference it was made with, or an id where that now leads elsewhere. */
  image: string
  imageId: string
  state: string
  status: string
  health: 'none' | 'starting' | 'healthy' | 'unhealthy'
  /** Of an exited container. */
  exitCode?: number
  ports: PortShape[]
  /** The limits that are in force; only of the project's own. */
  limits?: HostConfigShape
  /** Names of the anonymous volumes it holds. */
  anonymousVolumes: string[]
  /** Why its engine lets no other one run beside it that shall take its place. */
  alone?: string
  /** Paths of the host that it mounts; left out where there are none. */
  binds?: { source: string; target: string }[]
}

export interface SeenThing {
  id: string
  name: string
  labels: Labels
}

/** How a built or imported image is defined on this machine now. */
export interface ImageDefinition {
  spec: JsonObject
  /** References of the images that a build starts from. */
  bases: string[]
}

/** What a registry says of a reference: where it leads now, that it has none, or why that is not known. */
export type RegistryAnswer = { digest: string } | { missing: true } | { unknown: string }

export interface Seen {
  /** Why there is no engine; then everything else is empty but the definitions. */
  absent?: Absent
  /** The API version that is spoken with the engine. */
  api?: string
  /** Set where no limit of a container can be changed without a new one. */
  fixedLimits?: true
  /** Of all projects: names and ports are shared by all. */
  containers: SeenContainer[]
  networks: SeenThing[]
  volumes: SeenThing[]
  images: SeenImage[]
  /** By reference as the file has it. */
  definitions: Record<string, ImageDefinition>
  /** What the front door was told; only where one is wanted. */
  door?: SeenDoor
  /** Files of this machine that the host holds. */
  shipped?: HeldFiles
  /** Of images whose registry was asked, by reference as the file has it. */
  registry?: Readonly<Record<string, RegistryAnswer>>
  /** "linux/amd64", of images that must be for a platform, by reference as the file has it. */
  platforms?: Readonly<Record<string, string>>
}
