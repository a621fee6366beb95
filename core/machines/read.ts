// `hosts.NAME.machine` in the file: reads what it says, and tells what cannot be.
import { localPath } from '../config/paths.js'
import type { Problems } from '../config/problems.js'
import type { HostEntry } from '../config/schema.js'
import { readSize } from '../containers/schema/quantities.js'
import { messageOf } from '../errors.js'
import { suggestion } from '../language/suggest.js'
import type { Host } from '../project.js'
import type { Raw } from '../raw.js'
import type { MachinePort, MachineWant, SyncedFolder } from './machine.js'

/** What reading a machine needs. */
interface MachineContext {
  /** The project's, from which relative paths start. */
  folder: string
  home: string
  problems: Problems
}

/** Words of a host that is there already. */
const reachWords = [
  'connection',
  'address',
  'user',
  'port',
  'identity',
  'passphrase',
  'password',
  'jump',
  'become',
  'host_key',
] as const

function readPort(text: string): MachinePort | undefined {
  const [, address, outside, inside, protocol = 'tcp'] =
    /^(?:(?:([\d.]+|\[[\da-fA-F:]+\]):)?(\d{1,5})?:)?(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? []
  const good = (port: string | undefined): boolean => port === undefined || (Number(port) > 0 && Number(port) < 65536)
  if (inside === undefined || !good(inside) || !good(outside)) return undefined
  return {
    address: address?.replace(/[[\]]/g, '') ?? '127.0.0.1',
    ...(outside === undefined ? {} : { outside: Number(outside) }),
    inside: Number(inside),
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  }
}

function readPorts(
  name: string,
  entries: readonly (string | number)[],
  part: Raw,
  { problems }: MachineContext,
): MachinePort[] {
  return entries.flatMap((entry, index) => {
    const at = part.where(['machine', 'ports', index])
    const port = readPort(String(entry))
    if (port?.inside === 22 && port.protocol === 'tcp')
      problems.add(`hosts.${name}.machine: port 22 is forwarded anyway; \`longshore port\` tells where to`, at)
    if (port) return port
    problems.add(`hosts.${name}.machine.ports: "${entry}" is no port; write it as 8080:80`, at)
    return []
  })
}

function sizeOf(text: string | number, part: Raw, problems: Problems): number | undefined {
  try {
    return typeof text === 'number' ? text : readSize(text)
  } catch (error) {
    problems.add(messageOf(error), part.where(['machine', 'memory']))
    return undefined
  }
}

/** An image as the maker knows it: the path of an archive is made absolute. */
const imageOf = (text: string, { folder, home }: MachineContext): string =>
  /^[./~]|\.(tar|tar\.gz|tgz)$/.test(text) ? localPath(text, folder, home) : text

function engineOf(text: string): MachineWant['engine'] {
  if (text === 'local') return { kind: 'local' }
  const path = /^unix:\/\/(\/.+)$/.exec(text)?.[1]
  return path === undefined ? { kind: 'host', name: text } : { kind: 'local', socket: path }
}

/** What is said of a host that `up` makes; undefined for all others. Mistakes go to the context's problems. */
export function readMachine(
  name: string,
  entry: HostEntry,
  part: Raw,
  context: MachineContext,
): MachineWant | undefined {
  const { problems } = context
  if (entry.machine === undefined) return undefined
  const words = entry.machine ?? {}
  for (const word of reachWords)
    if (entry[word] !== undefined)
      problems.add(
        `hosts.${name}.${word} has no meaning: the machine ${name} is made, and reached as it is made`,
        part.where([word], 'key'),
      )
  const memory = words.memory === undefined ? undefined : sizeOf(words.memory, part, problems)
  const engine = engineOf(words.engine ?? 'local')
  if (engine.kind === 'host' && (words.synced_folders ?? []).length > 0)
    problems.add(
      `hosts.${name}.machine: folders of this machine are not on ${engine.name}`,
      part.where(['machine', 'synced_folders'], 'key'),
    )
  const folders = (words.synced_folders ?? []).map(
    ({ from, to, read_only: readOnly = false }): SyncedFolder => ({
      from: localPath(from, context.folder, context.home),
      to,
      readOnly,
    }),
  )
  return {
    image: imageOf(words.image ?? 'debian-12', context),
    engine,
    ...(words.cpus === undefined ? {} : { cpus: words.cpus }),
    ...(memory === undefined ? {} : { memory }),
    ports: readPorts(name, words.ports ?? [], part, context),
    folders,
    at: part.where(['machine'], 'key'),
  }
}

/** Adds a mistake for each machine whose engine's host is not one of the file, or is made itself; and for a port that two want. */
export function checkMachines(hosts: readonly Host[], { raw, problems }: { raw: Raw; problems: Problems }): void {
  const taken = new Map<string, string>()
  for (const { name, machine } of hosts) {
    if (machine === undefined) continue
    const { engine } = machine
    const where = engine.kind === 'host' ? engine.name : ''
    for (const { address, outside, protocol } of machine.ports) {
      if (outside === undefined) continue
      const key = `${where} ${address}:${outside}/${protocol}`
      const other = taken.get(key)
      if (other !== undefined)
        problems.add(`port ${outside} is that of ${other} already`, raw.where(['hosts', name, 'machine', 'ports']))
      taken.set(key, name)
    }
    if (engine.kind !== 'host') continue
    const on = hosts.find(host => host.name === engine.name)
    const at = raw.where(['hosts', name, 'machine', 'engine'])
    if (on === undefined) {
      const names = ['local', ...hosts.filter(host => host.machine === undefined).map(host => host.name)]
      problems.add(`there is no host "${engine.name}" to make ${name} on${suggestion(engine.name, names)}`, at)
    } else if (on.machine !== undefined)
      problems.add(`${name} cannot be made on ${on.name}, which is a machine itself`, at)
  }
}
