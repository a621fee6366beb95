// Helpers that ask the world: a file of this machine, its environment, a secret of the project. What they ask is the scope's.
import { isAbsolute, join } from 'node:path'
import { usageError } from '../../errors.js'
import type { LocalFiles } from '../../files.js'
import type { Secret } from '../../secret.js'
import { type Helper, HelperError, type Lookups, text } from './helper.js'

const asking = (run: (name: string, lookups: Lookups) => unknown): Helper => ({
  least: 1,
  most: 1,
  reveals: false,
  run: ([name], lookups) => run(text(name), lookups),
})

/** Helpers for lookups. */
export const lookupHelpers: Record<string, Helper> = {
  file: asking((path, lookups) => lookups.file(path)),
  env: asking((name, lookups) => {
    const value = lookups.env(name)
    if (value === undefined) throw new HelperError(`finds no variable ${name} in this machine's environment`, true)
    return value
  }),
  secret: asking((name, lookups) => lookups.secret(name)),
}

/** What lookups are made of. */
export interface LookupParts {
  files: Pick<LocalFiles, 'textNow'>
  /** Folders in which a relative path is looked for, in this order; absolute paths. */
  folders: readonly string[]
  environment: Readonly<Record<string, string | undefined>>
}

/** Lookups over this machine's files and environment. Secrets are the scope's own. */
export const lookupsOver = ({ files, folders, environment }: LookupParts): Omit<Lookups, 'secret'> => ({
  file(path) {
    const places = isAbsolute(path) ? [path] : [...new Set(folders.map(folder => join(folder, path)))]
    for (const place of places) {
      const found = files.textNow(place)
      if (found !== undefined) return found
    }
    throw new HelperError(`finds no file ${path} (looked for ${places.join(' and ')})`, true)
  },
  env: name => (Object.hasOwn(environment, name) ? environment[name] : undefined),
})

/** Lookups of a scope whose maker gave none: there are no files and no environment. */
export const noLookups: Lookups = {
  file(path) {
    throw usageError(`the file ${path} cannot be read here`)
  },
  env: () => undefined,
  secret(name) {
    throw usageError(`there is no secret "${name}"`)
  },
}

/** All lookups of a scope. */
export const withSecrets = (own: Omit<Lookups, 'secret'>, secret: (name: string) => Secret): Lookups => ({
  ...own,
  secret,
})
