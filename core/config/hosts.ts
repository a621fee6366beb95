// The hosts of a file, each with what the project and its groups say already merged in.
import { isContainer } from '../container-hosts/place.js'
import { checkContainerPlaces, readContainerPlace } from '../container-hosts/read.js'
import { shellless } from '../engine-alone/address.js'
import { engineLayersFor, readEngineAddress } from '../engine-alone/read.js'
import { anyEngine, type EngineWant } from '../engine-want.js'
import type { At } from '../errors.js'
import { suggestion } from '../language/suggest.js'
import { checkMachines, readMachine } from '../machines/read.js'
import type { Become, Host, Secrets, Warning } from '../project.js'
import type { Raw, Vars } from '../raw.js'
import { readMemberships } from '../together/membership.js'
import { checkEngineSecrets, type EngineLayer, readEngine } from './engine.js'
import { mergeMaps } from './merge.js'
import { localPath } from './paths.js'
import type { Problems } from './problems.js'
import { partOf } from './raw.js'
import type { HostEntry, ProjectFile } from './schema.js'
import { readSelector, selectHosts } from './selector.js'

export interface HostsContext {
  raw: Raw
  problems: Problems
  secrets: Secrets
  folder: string
  home: string
  /** From the command line; stronger than all others. */
  overrides: Vars
}

interface Merged {
  vars: Vars
  engine: EngineWant
  groups: string[]
}

/** A getter that stays: a secret is read when it is used, not when the file is. */
function lazySecret(target: object, key: string, use: { secret: string } | undefined, at: At, secrets: Secrets): void {
  if (use !== undefined)
    Object.defineProperty(target, key, { enumerable: true, configurable: true, get: () => secrets.get(use.secret, at) })
}

function readBecome(entry: NonNullable<HostEntry['become']>, raw: Raw, secrets: Secrets): Become {
  if (entry === 'sudo') return { method: 'sudo', user: 'root' }
  const become: Become = { method: 'sudo', user: entry.user ?? 'root' }
  lazySecret(become, 'password', entry.password, raw.where(['become', 'password', 'secret']), secrets)
  return become
}

function checkSecretNames(entry: HostEntry, raw: Raw, { secrets, problems }: HostsContext): void {
  const password = typeof entry.become === 'object' ? entry.become.password : undefined
  const uses: [{ secret: string } | undefined, string[]][] = [
    [entry.passphrase, ['passphrase', 'secret']],
    [entry.password, ['password', 'secret']],
    [password, ['become', 'password', 'secret']],
  ]
  for (const [use, path] of uses)
    if (use !== undefined && !secrets.names.includes(use.secret))
      problems.add(`there is no secret "${use.secret}"${suggestion(use.secret, secrets.names)}`, raw.where(path))
}

function readHost(name: string, entry: HostEntry, raw: Raw, context: HostsContext): Host {
  checkSecretNames(entry, raw, context)
  const host: Host = {
    name,
    connection: entry.connection ?? 'ssh',
    address: entry.address ?? name,
    labels: Object.fromEntries(Object.entries(entry.labels ?? {}).map(([key, value]) => [key, String(value)])),
    groups: [],
    vars: entry.vars ?? {},
    engine: anyEngine(),
    at: raw.where([], 'key'),
  }
  const machine = readMachine(name, entry, raw, context)
  if (machine !== undefined) host.machine = machine
  const container = readContainerPlace(name, entry, raw, context)
  if (container !== undefined) host.container = container
  const engineAddress = readEngineAddress(name, entry, raw, context)
  if (engineAddress !== undefined) {
    host.engineAddress = engineAddress
    if (engineAddress.kind === 'tcp') host.address = engineAddress.name
  }
  if (entry.user !== undefined) host.user = entry.user
  if (entry.port !== undefined) host.port = entry.port
  if (entry.identity !== undefined) host.identity = localPath(entry.identity, context.folder, context.home)
  if (entry.jump !== undefined) host.jump = entry.jump
  if (entry.private !== undefined) host.private = entry.private
  if (entry.host_key !== undefined) host.hostKey = entry.host_key
  if (entry.become !== undefined) host.become = readBecome(entry.become, raw, context.secrets)
  lazySecret(host, 'passphrase', entry.passphrase, raw.where(['passphrase', 'secret']), context.secrets)
  lazySecret(host, 'password', entry.password, raw.where(['password', 'secret']), context.secrets)
  return host
}

/** The members of every group; a group's selectors may name groups that stand above it. */
function readGroups(
  file: ProjectFile,
  hosts: readonly Host[],
  { raw, problems }: HostsContext,
): Record<string, { hosts: string[] }> {
  const groups: Record<string, { hosts: string[] }> = {}
  for (const name of Object.keys(file.groups ?? {})) {
    if (hosts.some(host => host.name === name))
      problems.add(`"${name}" is both a host and a group`, raw.where(['groups', name], 'key'))
    const selector = readSelector(partOf(raw, ['groups', name, 'hosts']))
    const members = problems.take(() => selectHosts(selector, { hosts, groups })) ?? []
    groups[name] = { hosts: members.map(host => host.name) }
  }
  return groups
}

function checkJumps(hosts: readonly Host[], { raw, problems }: HostsContext): void {
  const byName = new Map(hosts.map(host => [host.name, host]))
  for (const host of hosts) {
    const seen = new Set([host.name])
    for (let next = host.jump; next !== undefined; next = byName.get(next)?.jump) {
      if (seen.has(next)) {
        problems.add(`the jumps of ${host.name} lead back to ${next}`, raw.where(['hosts', host.name, 'jump']))
        break
      }
      if (byName.get(next)?.connection === 'engine')
        problems.add(`${next} cannot be jumped through: it ${shellless}`, raw.where(['hosts', host.name, 'jump']))
      seen.add(next)
    }
  }
}

function mergedFor(host: Host, entry: HostEntry, file: ProjectFile, groups: string[], context: HostsContext): Merged {
  const { raw, overrides } = context
  const of = groups.map(name => ({ name, group: file.groups?.[name] }))
  const layer = (entry: EngineLayer['entry'], path: string[]): EngineLayer => ({
    entry,
    raw: partOf(raw, path),
    at: raw.where(path, 'key'),
  })
  const layers = [
    layer(file.engine, ['engine']),
    ...of.map(({ name, group }) => layer(group?.engine, ['groups', name, 'engine'])),
    layer(entry.engine, ['hosts', host.name, 'engine']),
  ]
  for (const each of layers) checkEngineSecrets(each, context.secrets, context.problems)
  return {
    groups,
    vars: mergeMaps(file.vars, ...of.map(({ group }) => group?.vars), host.vars, overrides),
    // A container has no engine: what the project says of engines is not for it.
    engine: isContainer(host) ? anyEngine() : readEngine(engineLayersFor(host, layers), context),
  }
}

/** Reads `hosts:` and `groups:`; without hosts, this machine is the one host. Mistakes go to the context's problems. */
export function readHosts(
  file: ProjectFile,
  context: HostsContext,
): { hosts: Host[]; groups: Record<string, { hosts: string[] }>; warnings: Warning[] } {
  const { raw, problems } = context
  const given = Object.entries(file.hosts ?? {})
  const entries: [string, HostEntry][] =
    given.length > 0 ? given.map(([name, entry]) => [name, entry ?? {}]) : [['localhost', { connection: 'local' }]]
  const hosts = entries.map(([name, entry]) => {
    const part: Raw = {
      ...partOf(raw, ['hosts', name]),
      where: (path, what) => raw.where(['hosts', name, ...path], what),
    }
    if (name === 'all') problems.add('a host cannot be named "all": that word means every host', part.where([], 'key'))
    return readHost(name, entry, part, context)
  })
  const groups = readGroups(file, hosts, context)
  if (Object.hasOwn(groups, 'all'))
    problems.add('a group cannot be named "all": that word means every host', raw.where(['groups', 'all'], 'key'))
  checkJumps(hosts, context)
  checkContainerPlaces(hosts, raw, problems)
  checkMachines(hosts, context)
  for (const [index, host] of hosts.entries()) {
    const names = Object.keys(groups).filter(name => groups[name]?.hosts.includes(host.name))
    Object.assign(host, mergedFor(host, entries[index]?.[1] ?? {}, file, names, context))
  }
  return { hosts, groups, warnings: readMemberships(hosts, groups, problems) }
}
