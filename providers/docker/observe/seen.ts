// What an observation of an engine comes to, as plain data.
import type { Absent } from '../../../core/provider.js'
import type { PortShape } from '../api/shapes.js'
import type { JsonObject } from '../canonical.js'
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
  /** Names of the anonymous volumes it holds. */
  anonymousVolumes: string[]
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

export interface Seen {
  /** Why there is no engine; then everything else is empty but the definitions. */
  absent?: Absent
  /** The API version that is spoken with the engine. */
  api?: string
  /** Of all projects: names and ports are shared by all. */
  containers: SeenContainer[]
  networks: SeenThing[]
  volumes: SeenThing[]
  images: SeenImage[]
  /** By reference as the file has it. */
  definitions: Record<string, ImageDefinition>
}
