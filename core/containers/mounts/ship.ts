// Decides what of this machine a service's mounts and files need on a host, and tells why something cannot be had there.
import { hasShell } from '../../engine-alone/address.js'
import { type At, UserError } from '../../errors.js'
import type { Host } from '../../project.js'
import type { Value } from '../../secret.js'
import { pathHere, type Run, warn } from '../run.js'
import { shippedTree, sumOf } from './shipped.js'
import type { OnChange, ShippedWant } from './shipped-want.js'

/** What is asked for: a path as it was written and the folder that it starts from, or a content. */
export interface Shipment {
  /** The service that asks. */
  service: string
  host: Host
  from: { path: string; folder: string } | { content: Value }
  /** What people call it, where it is not its path ("secret TOKEN"). */
  name?: string
  uid?: number
  gid?: number
  mode?: number
  secret?: boolean
  onChange?: OnChange | undefined
  at: At
}

/** Everything that was read for one run, by what it was read for: hosts share it. */
const known = new WeakMap<Run, Map<string, Promise<Omit<ShippedWant, 'onChange'> | undefined>>>()

async function readShipment(run: Run, shipment: Shipment): Promise<Omit<ShippedWant, 'onChange'> | undefined> {
  const { service, host, from, name, uid = 0, gid = 0, mode, secret = false, at } = shipment
  const { files } = run.context
  const path = 'path' in from ? pathHere(run, from.path, from.folder) : undefined
  const found = path === undefined ? undefined : await files.stat(path)
  const refuse = (text: string): undefined => void run.mistakes.add(`${service}: ${text}`, at)
  if (path !== undefined && found === undefined)
    return refuse(
      `there is no ${path} to bring to ${host.name}; for a folder of the host use its absolute path, for data a volume`,
    )
  if (found?.special) return refuse(`${path} is no file and no folder, and cannot be brought to ${host.name}`)
  const kind = found?.kind === 'directory' ? 'directory' : 'file'
  const word = kind === 'directory' ? 'folder' : 'file'
  const source = {
    from: 'path' in from ? { path: path ?? '' } : from,
    kind,
    uid,
    gid,
    ...(mode === undefined ? {} : { mode }),
  } as const
  try {
    const { entries, leftOut } = await shippedTree(files, source)
    for (const one of leftOut)
      warn(run, `${service}: ${one} in ${path} is a socket, a device or a pipe, and is left out`, at)
    return {
      thing: name ?? `${word} ${'path' in from ? from.path : ''}`,
      ...source,
      sum: await sumOf(entries, source),
      bytes: entries.reduce((total, { size }) => total + size, 0),
      entries: entries.length,
      secret,
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return refuse(error.message)
  }
}

/** What is to be brought to the host; undefined, with a mistake noted, where that cannot be. */
export async function shippedOf(run: Run, shipment: Shipment): Promise<ShippedWant | undefined> {
  const { service, host, from, name, uid, gid, mode, onChange = 'recreate', at } = shipment
  const what = name ?? ('path' in from ? from.path : '')
  if (!hasShell(host)) {
    run.mistakes.add(
      `${service}: ${what} lies on this machine, and ${host.name} has only an engine (connection: engine): use a volume, build it into the image, or say it as \`configs\` or \`secrets\` without on_change`,
      at,
    )
    return undefined
  }
  const asked = known.get(run) ?? new Map()
  known.set(run, asked)
  const key = JSON.stringify([
    service,
    from,
    name,
    uid,
    gid,
    mode,
    'content' in from ? host.name : '',
    at.line,
    at.column,
  ])
  const answer = asked.get(key) ?? readShipment(run, shipment)
  asked.set(key, answer)
  const shipped = await answer
  return shipped && { ...shipped, onChange }
}
