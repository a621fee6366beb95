// What Compose files are read from, and what they come to.
import type { At } from '../errors.js'
import type { LocalFiles } from '../files.js'
import type { Variables } from './environment.js'
import type { Node } from './node.js'

/** What reading Compose files needs of this machine, and whom it tells. */
export interface LoadContext {
  files: LocalFiles
  warn(text: string, at: At): void
  unset(name: string, at: At): void
}

/** The files of one Compose project: relative paths in them start from `folder`. */
export interface Source {
  files: readonly { path: string; at: At }[]
  folder: string
  variables: Variables
  /** Files that led here by `include`, so that a circle is seen. */
  trail: readonly string[]
}

/** What Compose files come to. */
export interface Model {
  root: Node
  /** `name:` of the files, the last one. */
  name?: Node
}
