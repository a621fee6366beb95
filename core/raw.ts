// What stands in the user's YAML before it is understood: values with the way to their places, selectors, variables.
import type { At } from './errors.js'

/** Variables, as YAML gives them. */
export type Vars = Record<string, unknown>

/** A YAML value as it stands in a file, before interpolation and templates, with the way to its positions. */
export interface Raw {
  value: unknown
  at: At
  /** Position of something inside: `where(['ports', 0])`; of the nearest parent when the path does not exist. */
  where(path: readonly (string | number)[], what?: 'key' | 'value'): At
  /** Set for what stands in a Compose file: its variables are in it already (these ones), and it holds no templates of ours. */
  composed?: { environment: Readonly<Record<string, string>> }
}

/** Which hosts, as the user wrote it; undefined where nothing was said. */
export interface Selector {
  text: string
  at: At
}
