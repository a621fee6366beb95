// `extends:` of a Compose file's services: a service of this file or of another, with what it says itself laid over it.
import { dirname, resolve } from 'node:path'
import { type At, usageError } from '../errors.js'
import { suggestion } from '../language/suggest.js'
import { mergeService } from './merge.js'
import { childOf, mapOf, type Node, textOf, withChild, withValue } from './node.js'
import { withMovedPaths } from './paths.js'

/** The file whose services are looked at. */
interface Here {
  path: string
  /** Where its relative paths start. */
  folder: string
  readOther(path: string, at: At): Promise<Node>
}

interface Base {
  service: string
  file?: string
  at: At
}

function baseOf(node: Node): Base {
  const text = textOf(node)
  if (text !== undefined) return { service: text, at: node.at }
  const service = textOf(childOf(node, 'service'))
  if (service === undefined)
    throw usageError('extends must be the name of a service, or a map with service and file', { at: node.at })
  for (const [key, child] of mapOf(node) ?? [])
    if (key !== 'service' && key !== 'file')
      throw usageError(`unknown key \`${key}\` in extends${suggestion(key, ['service', 'file'])}`, {
        at: child.key ?? child.at,
      })
  const file = textOf(childOf(node, 'file'))
  return { service, at: childOf(node, 'service')?.at ?? node.at, ...(file === undefined ? {} : { file }) }
}

async function whole(name: string, service: Node, root: Node, here: Here, trail: readonly string[]): Promise<Node> {
  const extend = childOf(service, 'extends')
  if (extend === undefined || extend.tag === 'reset' || extend.value === null)
    return withChild(service, 'extends', undefined)
  const { service: wanted, file, at } = baseOf(extend)
  const path = file === undefined ? here.path : resolve(here.folder, file)
  const mark = `${wanted} in ${path}`
  const steps = [...trail, `${name} in ${here.path}`]
  const start = steps.indexOf(mark)
  if (start >= 0)
    throw usageError(
      `services extend each other: ${[...steps.slice(start), mark].map(step => step.split(' in ')[0]).join(' → ')}`,
      {
        at,
      },
    )
  const other = path === here.path ? root : await here.readOther(path, childOf(extend, 'file')?.at ?? at)
  const services = childOf(other, 'services')
  const base = childOf(services, wanted)
  if (base === undefined)
    throw usageError(
      `there is no service "${wanted}" to extend${file === undefined ? '' : ` in ${path}`}${suggestion(wanted, mapOf(services)?.keys() ?? [], 'services')}`,
      { at },
    )
  const folder = path === here.path ? here.folder : dirname(path)
  const full = await whole(wanted, base, other, { ...here, path, folder }, steps)
  return withChild(mergeService(withMovedPaths(full, folder, here.folder), service), 'extends', undefined)
}

/** A file's tree in which every service has what it extends; `before` are the files that it is laid over. */
export async function extended(file: Node, before: Node | undefined, here: Here): Promise<Node> {
  const services = childOf(file, 'services')
  if (services === undefined || mapOf(services) === undefined) return file
  const all = new Map([...(mapOf(childOf(before, 'services')) ?? []), ...(mapOf(services) ?? [])])
  const known = withChild(file, 'services', withValue(services, all))
  const done = new Map<string, Node>()
  for (const [name, service] of mapOf(services) ?? [])
    done.set(name, mapOf(service) === undefined ? service : await whole(name, service, known, here, []))
  return withChild(file, 'services', withValue(services, done))
}
