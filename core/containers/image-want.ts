// What the file wants of one image on one engine: where it comes from, and how it is made.
import type { At } from '../errors.js'
import type { ImageRecipe } from '../images-by-playbook/recipe.js'
import type { Value } from '../secret.js'

/** When the registry is asked about an image; left out where it is pulled only when it is not there. `everyMs`: not until it is so old. */
export type PullPolicy = 'always' | 'never' | { everyMs: number }

/** A further context of a build: a folder of this machine, or an image. */
export type BuildSource = { folder: string } | { image: string }

/** What a build may be told besides; each absent key means the builder's default. */
export interface BuildSettings {
  /** The Dockerfile's text, in place of a file. */
  inline?: string
  labels?: Record<string, string>
  /** More references for the image. */
  tags?: string[]
  /** Images whose layers are taken over where nothing has changed. */
  cacheFrom?: string[]
  /** By the name that `FROM` and `COPY --from` call them. */
  contexts?: Record<string, BuildSource>
  /** "name:address" lines for /etc/hosts. */
  extraHosts?: string[]
  /** Network of RUN instructions: host, none, or a network's name. */
  network?: string
  /** Bytes. */
  shmSize?: number
  ulimits?: Record<string, { soft: number; hard: number }>
  /** "linux/arm64". */
  platform?: string
  /** Base images are pulled again when their tags have moved. */
  pull?: true
  noCache?: true
  /** It is built also where nothing has changed: somebody asked for just that. */
  anew?: true
}

/** An image that containers (or other images) here need. `push`: its registry shall have it, too. */
export type ImageWant = { ref: string; at: At; push?: true } & (
  | { from: 'pull'; platform?: string; policy?: PullPolicy }
  /** A context on this machine; `dockerfile` is relative to it. `once`: one host builds it for all, and which one. */
  | {
      from: 'build'
      context: string
      dockerfile: string
      args: Record<string, Value>
      target?: string
      once?: 'first' | 'here'
      settings?: BuildSettings
    }
  /** Made by the plays of a playbook upon another image, a layer each. */
  | { from: 'playbook'; base: string; recipe: ImageRecipe; once?: 'first' | 'here' }
  /** Brought from the engine of another host, which builds it; `others` is how many hosts besides this one receive it. */
  | { from: 'host'; host: string; others: number }
  /**
   * A root file system: a folder, or with `archive` a tar archive, on the engine's host or on this machine. `content`: what the host's
   * shell told of it.
   */
  | { from: 'import'; dir: string; where: 'host' | 'here'; archive?: true; content?: string; once?: 'first' }
  /** An archive on this machine that an engine has saved. */
  | { from: 'load'; file: string; once?: 'first' }
)
