// Compose files as parts of a project: what `compose:` names is read, and comes as the same raw services that `containers:` gives.
import { dirname, resolve } from 'node:path'
import type { Problems } from '../config/problems.js'
import { partOf } from '../config/raw.js'
import { readSelector } from '../config/selector.js'
import type { At } from '../errors.js'
import type { LocalFiles } from '../files.js'
import { suggestion } from '../language/suggest.js'
import type { RawService, Warning } from '../project.js'
import type { Raw, Selector } from '../raw.js'
import { type Variables, variablesOf } from './environment.js'
import { ownServiceKeys } from './keys/service.js'
import { loadModel } from './load.js'
import { settled } from './merge.js'
import type { Model } from './model.js'
import { childOf, itemsOf, mapEntries, mapOf, type Node, rawOf, textOf, withChild } from './node.js'
import { withMovedDevices, withMovedFiles } from './paths.js'
import { activeProfiles, withoutProvided } from './profiles.js'

/** What reading Compose files needs. */
export interface ComposeContext {
  files: LocalFiles
  problems: Problems
  /** The project's name and folder. */
  project: string
  folder: string
  /** The process's own variables, and those of the project's `.env`, which a Compose file's own goes before. */
  outside: Variables
  environment: Variables
}

/** What Compose files add to a project. */
export interface ComposeParts {
  services: RawService[]
  networks: Record<string, Raw>
  volumes: Record<string, Raw>
  configs: Record<string, Raw>
  secretFiles: Record<string, Raw>
  inactive: Record<string, string[]>
  warnings: Warning[]
}

/** An entry of `compose:`, as the schema of the file lets it through. */
type Entry = string | { file: string | string[]; on?: unknown; profiles?: string[] | undefined }

const filesOf = (raw: Raw, entry: Entry): { path: string; at: At }[] => {
  if (typeof entry === 'string') return [{ path: entry, at: raw.at }]
  const { file } = entry
  return typeof file === 'string'
    ? [{ path: file, at: raw.where(['file']) }]
    : file.map((path, index) => ({ path, at: raw.where(['file', index]) }))
}

/** A service with what it says under `x-longshore` in its place. */
function withOwn(name: string, service: Node, problems: Problems): Node {
  for (const [key, child] of mapOf(service) ?? [])
    if (Object.hasOwn(ownServiceKeys, key))
      problems.add(`${name}: \`${key}\` is not Compose's: say it under x-longshore`, child.key ?? child.at)
  let result = withChild(service, 'x-longshore', undefined)
  const own = childOf(service, 'x-longshore')
  if (own !== undefined && own.value !== null && mapOf(own) === undefined)
    problems.add(`${name}: x-longshore must be a map`, own.at)
  for (const [key, child] of mapOf(own) ?? []) {
    if (!Object.hasOwn(ownServiceKeys, key))
      problems.add(
        `${name}.x-longshore: unknown key \`${key}\`${suggestion(key, Object.keys(ownServiceKeys))}`,
        child.key ?? child.at,
      )
    else result = withChild(result, key, child)
  }
  return result
}

const selectorOf = (service: Raw): Selector | undefined => {
  const { value } = service
  const on = value !== null && typeof value === 'object' && 'on' in value ? value.on : undefined
  return on === undefined || on === null ? undefined : readSelector(partOf(service, ['on']))
}

/** Reads one entry. Mistakes go to the problems. */
async function readEntry(raw: Raw, entry: Entry, context: ComposeContext, parts: ComposeParts): Promise<void> {
  const { files } = context
  const sources = filesOf(raw, entry).map(({ path, at }) => ({ path: resolve(context.folder, path), at }))
  const folder = dirname(sources[0]?.path ?? context.folder)
  const warn = (text: string, at: At): void => {
    const isTold = parts.warnings.some(
      other =>
        other.text === text && other.at.line === at.line && other.at.column === at.column && other.at.file === at.file,
    )
    if (!isTold) parts.warnings.push({ text, at })
  }
  const stronger = { ...context.outside, COMPOSE_PROJECT_NAME: context.project }
  const own = await variablesOf(files, folder, [], stronger)
  const variables = { ...context.environment, ...own }
  const source = { files: sources, folder, variables, trail: [] }
  const unset = (name: string, at: At): void => warn(`the variable ${name} is not set, it is empty`, at)
  const model = await loadModel(source, { files, warn, unset })
  const name = textOf(model.name)
  if (model.name !== undefined && name !== undefined && name !== context.project)
    warn(`name: ${name} is not taken: the project is ${context.project}`, model.name.at)
  addServices(model, entry, { raw, folder, variables, warn }, context, parts)
  addOthers(model, variables, folder, context, parts)
}

function addServices(
  model: Model,
  entry: Entry,
  from: { raw: Raw; folder: string; variables: Variables; warn: (text: string, at: At) => void },
  { problems }: ComposeContext,
  parts: ComposeParts,
): void {
  const { raw, folder, variables, warn } = from
  const given = typeof entry === 'string' ? undefined : entry.profiles
  const isActive = activeProfiles(given, variables.COMPOSE_PROFILES)
  const on = typeof entry === 'string' || entry.on === undefined ? undefined : readSelector(partOf(raw, ['on']))
  const { services, provided } = withoutProvided(childOf(model.root, 'services'))
  for (const node of provided)
    warn('`provider` has no effect: what another program provides is not made here; the service is left out', node.at)
  for (const [name, node] of services) {
    if (name.startsWith('x-') || node.tag === 'reset') continue
    const profiles = itemsOf(childOf(node, 'profiles')).map(item => textOf(item) ?? '')
    if (!isActive(profiles)) {
      parts.inactive[name] = profiles
      continue
    }
    const whole = settled(withOwn(name, withChild(node, 'profiles', undefined), problems))
    // Also what was included takes values that it does not say itself from here, as with Compose.
    const service = rawOf(whole, variables)
    const where = problems.take(() => selectorOf(service)) ?? on
    parts.services.push({ name, raw: service, folder, ...(where === undefined ? {} : { on: where }) })
  }
}

/** Their relative paths start from the project's folder. */
const movers = { volumes: withMovedDevices, configs: withMovedFiles, secrets: withMovedFiles } as const

function addOthers(
  { root }: Model,
  variables: Variables,
  folder: string,
  { problems, folder: projectFolder }: ComposeContext,
  parts: ComposeParts,
): void {
  for (const [section, found] of [
    ['networks', parts.networks],
    ['volumes', parts.volumes],
    ['configs', parts.configs],
    ['secrets', parts.secretFiles],
  ] as const) {
    const node = childOf(root, section)
    if (node === undefined || mapOf(node) === undefined) continue
    const moved = section === 'networks' ? node : movers[section](node, folder, projectFolder)
    for (const [name, entry] of mapOf(mapEntries(moved, child => settled(child))) ?? [])
      if (!name.startsWith('x-') && entry.tag !== 'reset')
        addOnce(found, section.slice(0, -1), name, rawOf(entry, variables), problems)
  }
}

const placeText = ({ file, line }: At): string => `${file}:${line}`

/** Adds an entry under its name; the same name twice is a mistake that names both places, unless both say the same. */
function addOnce(found: Record<string, Raw>, kind: string, name: string, raw: Raw, problems: Problems): void {
  const before = found[name]
  if (before === undefined) found[name] = raw
  else if (JSON.stringify(before.value) !== JSON.stringify(raw.value))
    problems.add(
      `${kind} ${name} is declared at ${placeText(before.where([], 'key'))} already, and differs there`,
      raw.where([], 'key'),
    )
}

/** Reads what `compose:` names. Mistakes go to the problems, with their places. */
export async function readCompose(raw: Raw, entries: readonly Entry[], context: ComposeContext): Promise<ComposeParts> {
  const parts: ComposeParts = {
    services: [],
    networks: {},
    volumes: {},
    configs: {},
    secretFiles: {},
    inactive: {},
    warnings: [],
  }
  for (const [index, entry] of entries.entries())
    try {
      await readEntry(partOf(raw, [index]), entry, context, parts)
    } catch (error) {
      context.problems.take(() => {
        throw error
      })
    }
  return parts
}

interface Joined {
  services: RawService[]
  networks: Record<string, Raw>
  volumes: Record<string, Raw>
}

/** Puts the project's own parts and those of its Compose files together; the same name twice is a mistake that names both places. */
export function joinCompose(own: Joined, parts: ComposeParts, problems: Problems): Joined {
  const services: RawService[] = []
  for (const service of [...own.services, ...parts.services]) {
    const before = services.find(({ name }) => name === service.name)
    if (before === undefined) services.push(service)
    else
      problems.add(
        `service ${service.name} is declared at ${placeText(before.raw.where([], 'key'))} already`,
        service.raw.where([], 'key'),
      )
  }
  const [networks, volumes] = [{ ...own.networks }, { ...own.volumes }]
  for (const [name, raw] of Object.entries(parts.networks)) addOnce(networks, 'network', name, raw, problems)
  for (const [name, raw] of Object.entries(parts.volumes)) addOnce(volumes, 'volume', name, raw, problems)
  return { services, networks, volumes }
}
