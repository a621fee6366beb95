// Finds and loads the module of a provider: a path, or a package beside the project's file.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type At, messageOf, type UserError, usageError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import { suggestion } from '../../core/language/index.js'
import { checkPlugin } from '../../core/plugin/check.js'
import type { AnyProvider } from '../../core/provider.js'
import { guarded } from './guard.js'

/** Where it is asked for, and what else could be meant. */
export interface PluginPlace {
  /** Absolute: paths and packages are looked for from here. */
  folder: string
  at?: At | undefined
  builtIn: readonly string[]
}

const isPath = (given: string): boolean => /^(\.{0,2}\/|~\/)|\.[cm]?js$/.test(given)

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code

/** The file of a package that offers itself to `import` alone, which `require` does not find. */
function importFile(name: string, find: NodeJS.Require): string | undefined {
  for (const folder of find.resolve.paths(name) ?? []) {
    try {
      const told = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { exports?: unknown }
      const entry = (value: unknown): string | undefined => {
        if (typeof value === 'string') return value
        if (typeof value !== 'object' || value === null) return undefined
        const map = value as Record<string, unknown>
        return entry(map['.'] ?? map.node ?? map.import ?? map.default)
      }
      const file = entry(told.exports)
      if (file !== undefined) return join(folder, name, file)
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

/** The file of a package; undefined where there is none. */
function packageFile(name: string, folder: string): string | undefined {
  const find = createRequire(join(folder, 'package.json'))
  try {
    return find.resolve(name)
  } catch (error) {
    return codeOf(error) === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? importFile(name, find) : undefined
  }
}

function missing(given: string, { folder, at, builtIn }: PluginPlace): UserError {
  if (isPath(given)) return usageError(`there is no provider at ${resolve(folder, given)}`, { at })
  return usageError(`there is no provider "${given}"${suggestion(given, builtIn)}`, {
    at,
    hint: `built in are ${builtIn.join(', ')}; else it is a package installed in ${folder}, or a path such as ./${given}.mjs`,
  })
}

/** Loads a provider. A usage error where there is none, where it cannot be loaded, or where it is none for this Longshore. */
export async function loadProvider(given: string, place: PluginPlace): Promise<AnyProvider> {
  const { folder, at } = place
  const file = isPath(given) ? resolve(folder, given) : packageFile(given, folder)
  if (file === undefined) throw missing(given, place)
  const url = pathToFileURL(file).href
  const exported = await import(url).catch((error: unknown) => {
    const isItself = codeOf(error) === 'ERR_MODULE_NOT_FOUND' && (error as { url?: string }).url === url
    if (isItself) throw missing(given, place)
    const [line = ''] = messageOf(error).split('\n')
    throw usageError(`the provider ${given} cannot be loaded: ${cleanLine(line, 500)}`, {
      at,
      hint: `node ${file} shows all of it`,
    })
  })
  const checked = checkPlugin(exported as Record<string, unknown>)
  if ('wrong' in checked) throw usageError(`the provider ${given} ${checked.wrong}`, { at, hint: checked.hint })
  return guarded(checked.plugin, checked.methods, given)
}
