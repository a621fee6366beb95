// What a provider does so that a rollback finds the images that it needs; one that lacks it says so by having none of it.
import type { Engine } from '../provider.js'

/** The image that a container of the project was made from. */
export interface ImageInUse {
  container: string
  id: string
  /** "redis@sha256:…", where it came from a registry. */
  digest?: string
}

/** An image that a rollback may need. */
export type KeptImage = { service: string } & Pick<ImageInUse, 'id' | 'digest'>

/** What can be done with the images that an entry of the history needs. */
export interface HistoryAbilities {
  /** What the project's containers on this engine were made from. */
  imagesInUse?(engine: Engine, project: string): Promise<ImageInUse[]>
  /**
   * Gives images that a rollback may need, and that have lost their own names, names of ours, so that no clean-up of unnamed images
   * takes them; takes the names away that are not needed any more.
   */
  keepImages?(engine: Engine, project: string, kept: readonly KeptImage[]): Promise<void>
}
