// What templates and conditions can see: top-level names, each made when it is first read.
import type { At } from '../errors.js'
import type { Vars } from '../raw.js'
import type { Masker, Secret } from '../secret.js'
import type { Lookups } from './helpers/helper.js'

/** The names a template or a condition sees, for one host and one task. */
export interface Scope {
  /** All top-level names: vars, facts, host, hosts, groups, secrets, item, registers, and every variable by its own name. Values are made on reading. */
  readonly names: Record<string, unknown>
  /** The merged variables, unrendered; `references` follows them. */
  readonly vars: Vars
  readonly masker: Masker
  /** What helpers may ask of the world: files of this machine, its environment, secrets. */
  readonly lookups: Lookups
  /** A secret of the project; a usage error when there is none of that name or it cannot be fetched. */
  getSecret(name: string, at: At | undefined): Secret
}

/** A map whose entries are made when first read; `make` is called once an entry. */
export function lazyMap(entries: Record<string, () => unknown>): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  for (const [name, make] of Object.entries(entries)) {
    let made: { value: unknown } | undefined
    Object.defineProperty(map, name, {
      enumerable: true,
      configurable: true,
      get: () => {
        made ??= { value: make() }
        return made.value
      },
    })
  }
  return map
}
