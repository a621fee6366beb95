// Whether what a module exports is a provider that we can work with, and with which of its methods. Pure.
import { type AskedSecret, interfaceVersion, type ProviderPlugin } from './interface.js'

/** What every provider has. */
const required = [
  ...['needs', 'scopes', 'detect', 'readDetection', 'open', 'observe', 'diff', 'down', 'apply', 'list'],
] as const

/** What a provider may have: a command that needs one of them says so where it is missing. */
const optional = [
  ...['forgets', 'portRules', 'keeper', 'conclude', 'logs', 'exec', 'attach', 'signal', 'streams', 'control', 'events'],
  ...['top', 'usage', 'inspect', 'wait', 'published', 'pathInfo', 'archiveOf', 'unpackInto', 'images', 'imageHistory'],
  ...['searchImages', 'saveImages', 'loadImages', 'tagImage', 'commitImage', 'prunable', 'imagesInUse', 'keepImages'],
  ...['runOnce', 'details'],
] as const

const asked: readonly AskedSecret[] = ['registries', 'proxy']

/** A module's provider with the names of its methods, or what is wrong with it. */
export type Checked = { plugin: ProviderPlugin; methods: string[] } | { wrong: string; hint?: string }

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Looks at what a module exports. */
export function checkPlugin(exported: Readonly<Record<string, unknown>>): Checked {
  const found = exported.provider
  if (!isMap(found)) {
    const hint = 'it must say `export const provider = { interface: 1, … }`'
    return { wrong: 'exports no `provider`', hint }
  }
  if (found.interface !== interfaceVersion) {
    const said = found.interface === undefined ? 'says no `interface`' : `is for interface ${String(found.interface)}`
    const newer = typeof found.interface === 'number' && found.interface > interfaceVersion
    const hint = newer ? 'update Longshore' : `docs/providers.md tells what \`interface: ${interfaceVersion}\` is`
    return { wrong: `${said}, and this Longshore speaks interface ${interfaceVersion}`, hint }
  }
  const has = (name: string): boolean => typeof found[name] === 'function'
  const missing = required.filter(name => !has(name))
  if (missing.length > 0)
    return { wrong: `lacks ${missing.join(', ')}`, hint: 'docs/providers.md tells what each of them does' }
  const wrongs = optional.filter(name => found[name] !== undefined && !has(name))
  if (wrongs.length > 0) return { wrong: `has ${wrongs.join(', ')}, which must be a function` }
  const asks = found.asks ?? []
  if (!Array.isArray(asks) || asks.some(one => !asked.includes(one as AskedSecret)))
    return { wrong: `asks for secrets that there are not: known are ${asked.join(', ')}` }
  const methods = [...required, ...optional].filter(has)
  return { plugin: found as unknown as ProviderPlugin, methods }
}
