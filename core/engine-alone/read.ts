// Hosts that are reached by their engine alone: what the file says of them, and what may not be asked of them.
import type { EngineLayer } from '../config/engine.js'
import { localPath } from '../config/paths.js'
import type { Problems } from '../config/problems.js'
import type { HostEntry } from '../config/schema.js'
import { selectHosts } from '../config/selector.js'
import { insideText } from '../language/position.js'
import { suggestion } from '../language/suggest.js'
import type { Host, Project, Secrets } from '../project.js'
import type { Raw, Selector } from '../raw.js'
import { type EngineAddress, type EngineTls, hasShell, shellless } from './address.js'

/** Words that a host without a shell has no use for. */
const shellWords = [
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

/** Keys of `engine:` that hold for an engine whose host nothing is written to. */
const engineWords = new Set(['provider', 'registries'])

const isLoopback = (name: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(name)

/** Docker's own ports, with certificates and without. */
const usualPort = (withTls: boolean): number => (withTls ? 2376 : 2375)

type Where = { kind: 'unix'; path: string } | { kind: 'tcp'; name: string; port?: number }

/** Takes a URL apart; undefined when it is none that we know. */
function readUrl(text: string): Where | undefined {
  const path = /^unix:\/\/(\/.+)$/.exec(text)?.[1]
  if (path !== undefined) return { kind: 'unix', path }
  const [, v6, plain, port] = /^tcp:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?\/?$/.exec(text) ?? []
  const name = v6 ?? plain
  if (name === undefined || (port !== undefined && !(Number(port) > 0 && Number(port) < 65536))) return undefined
  return { kind: 'tcp', name, ...(port === undefined ? {} : { port: Number(port) }) }
}

/** What reading the address of an engine needs. */
interface AddressContext {
  /** The project's, from which relative paths start. */
  folder: string
  home: string
  secrets: Secrets
  problems: Problems
}

function readTls(entry: NonNullable<HostEntry['tls']>, raw: Raw, context: AddressContext): EngineTls {
  const { folder, home, secrets, problems } = context
  const path = (text: string): string => localPath(text, folder, home)
  const at = raw.where(['tls'])
  if (typeof entry === 'string') {
    const own = path(entry)
    return { folder: own, ca: `${own}/ca.pem`, cert: `${own}/cert.pem`, key: `${own}/key.pem`, at }
  }
  const { ca, cert, key } = entry
  if ((cert === undefined) !== (key === undefined))
    problems.add('a certificate and its key go together: say both `cert` and `key`, or none', at)
  const tls: EngineTls = {
    at,
    ...(ca === undefined ? {} : { ca: path(ca) }),
    ...(cert === undefined ? {} : { cert: path(cert) }),
  }
  if (typeof key === 'string') return { ...tls, key: path(key) }
  if (key === undefined) return tls
  const place = raw.where(['tls', 'key', 'secret'])
  if (!secrets.names.includes(key.secret))
    problems.add(`there is no secret "${key.secret}"${suggestion(key.secret, secrets.names)}`, place)
  // A secret is fetched when it is used, not when the file is read.
  return Object.defineProperty(tls, 'key', {
    enumerable: true,
    configurable: true,
    get: () => secrets.get(key.secret, place),
  })
}

/** Mistakes in the words of a host that has another connection. */
function refuseElsewhere(name: string, entry: HostEntry, raw: Raw, problems: Problems): void {
  for (const word of ['url', 'tls', 'insecure'] as const)
    if (entry[word] !== undefined)
      problems.add(`hosts.${name}.${word} is for \`connection: engine\` alone`, raw.where([word], 'key'))
}

function refuseShellWords(name: string, entry: HostEntry, raw: Raw, problems: Problems): void {
  for (const word of shellWords)
    if (entry[word] !== undefined)
      problems.add(`hosts.${name}.${word} has no meaning: ${name} ${shellless}`, raw.where([word], 'key'))
  for (const key of Object.keys(entry.engine ?? {}))
    if (!engineWords.has(key))
      problems.add(`engine.${key} cannot hold for ${name}: it ${shellless}`, raw.where(['engine', key], 'key'))
}

/** The engine's address of a host with `connection: engine`; undefined for all others, and where there are mistakes (the context has them). */
export function readEngineAddress(
  name: string,
  entry: HostEntry,
  raw: Raw,
  context: AddressContext,
): EngineAddress | undefined {
  const { problems } = context
  if (entry.connection !== 'engine') {
    refuseElsewhere(name, entry, raw, problems)
    return undefined
  }
  refuseShellWords(name, entry, raw, problems)
  if (entry.url === undefined) {
    problems.add(`hosts.${name} needs \`url\`, as in url: tcp://${name}:2376`, raw.where(['connection']))
    return undefined
  }
  const at = raw.where(['url'])
  const where = readUrl(entry.url)
  if (where === undefined) {
    problems.add(`hosts.${name}.url must be tcp://HOST:PORT or unix:///PATH`, at)
    return undefined
  }
  if (where.kind === 'unix') {
    if (entry.tls !== undefined) problems.add('a unix socket has no certificates', raw.where(['tls'], 'key'))
    return { ...where, url: entry.url, at, leftOut: [] }
  }
  if (entry.tls === undefined && entry.insecure !== true && !isLoopback(where.name))
    problems.add(
      `${entry.url} without certificates: whoever reaches it is root there; say \`tls:\`, or \`insecure: true\``,
      at,
    )
  const port = where.port ?? usualPort(entry.tls !== undefined)
  const shown = where.name.includes(':') ? `[${where.name}]` : where.name
  const address: EngineAddress = { kind: 'tcp', name: where.name, port, url: `tcp://${shown}:${port}`, at, leftOut: [] }
  if (entry.tls !== undefined) address.tls = readTls(entry.tls, raw, context)
  return address
}

/** The `engine:` blocks as far as they hold for a host without a shell; the keys left out are noted in its address. */
export function engineLayersFor(host: Host, layers: readonly EngineLayer[]): EngineLayer[] {
  const { engineAddress: address } = host
  if (hasShell(host) || address === undefined) return [...layers]
  return layers.map(layer => {
    if (layer.entry === undefined) return layer
    const keys = Object.entries(layer.entry)
    address.leftOut.push(
      ...keys.flatMap(([key]) => (engineWords.has(key) || address.leftOut.includes(key) ? [] : [key])),
    )
    const kept = keys.filter(([key]) => engineWords.has(key))
    return { ...layer, entry: kept.length === 0 ? undefined : (Object.fromEntries(kept) as EngineLayer['entry']) }
  })
}

function refuseSelector(selector: Selector, project: Project, problems: Problems): void {
  const without = project.hosts.filter(host => !hasShell(host))
  let offset = 0
  let named = false
  for (const part of selector.text.split(',')) {
    const start = offset + (part.length - part.trimStart().length)
    offset += part.length + 1
    const host = without.find(({ name }) => name === part.trim())
    if (host === undefined) continue
    named = true
    problems.add(`no play can run on ${host.name}: it ${shellless}`, insideText(selector.at, start))
  }
  if (named || selector.text.trim() === 'all') return
  const meant = problems.take(() => selectHosts(selector, project)) ?? []
  if (meant.length > 0 && meant.every(host => !hasShell(host)))
    problems.add(`no play can run there: every host that "${selector.text}" means ${shellless}`, selector.at)
}

/** Adds a mistake for each play that names a host without a shell, or means such hosts alone. */
export function checkPlaysReach(project: Project, problems: Problems): void {
  if (project.hosts.every(hasShell)) return
  for (const use of project.playbooks)
    for (const selector of [use.on, ...use.plays.map(play => play.hosts)])
      if (selector !== undefined) refuseSelector(selector, project, problems)
}
