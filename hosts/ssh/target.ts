// Where exactly an ssh connection goes and what it may use: our file first, then ssh's configuration, then ssh's defaults.
import { userInfo } from 'node:os'
import { UserError, usageError } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import type { ReadSettings } from './config.js'
import { knownName } from './known-hosts.js'
import type { SshSettings } from './settings.js'

/** What must be known of a host, or of a jump host that is not in the file, to connect to it. */
export type Reach = Pick<
  Host,
  'name' | 'address' | 'user' | 'port' | 'identity' | 'passphrase' | 'password' | 'jump' | 'hostKey'
> & {
  /** Not a host of the file, but a destination as ssh takes it. */
  destination?: true
}

/** Where the user sets something of a host, for hints. */
export const settingOf = ({ name, destination }: Reach, key: string): string =>
  destination === true ? `${key} of ${name} in ~/.ssh/config` : `hosts.${name}.${key}`

export interface Target {
  reach: Reach
  hostname: string
  port: number
  user: string
  /** Private keys to try besides `reach.identity`, absolute paths. */
  identityFiles: string[]
  /** The agent's keys are tried only if they are among the identities. */
  identitiesOnly: boolean
  agentSocket?: string
  jump?: string
  /** Its name in known_hosts. */
  knownName: string
  knownHostsFiles: string[]
  acceptNewHostKeys: boolean
}

export interface TargetOptions {
  home: string
  env: Record<string, string | undefined>
  knownHostsFiles?: string[]
  acceptNewHostKeys: boolean
  settings: ReadSettings
}

// In the order of ssh's preference; ssh tries RSA first, modern keys save an attempt.
const defaultKeys = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa']
const defaultKnownHosts = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']
const systemKnownHosts = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']

/** Resolves a host. UserError where ssh's configuration asks for what we cannot do. */
export async function resolveTarget(reach: Reach, options: TargetOptions): Promise<Target> {
  const explicit =
    reach.user !== undefined && reach.port !== undefined && (reach.identity ?? reach.password) !== undefined
  const settings = explicit ? {} : await options.settings(questionOf(reach))
  const one = (keyword: string): string | undefined => settings[keyword]?.[0]
  const localUser = userInfo().username
  const hostname = (one('hostname') ?? reach.address).replaceAll('%h', reach.address).replace(/^\[(.*)\]$/, '$1')
  const port = reach.port ?? Number(one('port') ?? 22)
  const user = reach.user ?? one('user') ?? localUser
  const tokens = { d: options.home, h: hostname, n: reach.address, p: String(port), r: user, u: localUser, '%': '%' }
  const expand = (path: string): string =>
    path
      .replace(/^~(?=\/|$)/, options.home)
      .replace(/%([%dhnpru])/g, (_all, token: keyof typeof tokens) => tokens[token])
  const keep = (value: string | undefined): string | undefined => (value === 'none' ? undefined : value)
  const jump = reach.jump ?? keep(one('proxyjump'))
  if (jump === undefined && keep(one('proxycommand')) !== undefined)
    throw new UserError(`ssh's configuration has a ProxyCommand for ${reach.address}, which is not supported`, {
      where: reach.name,
      hint: `use ProxyJump there, or say hosts.${reach.name}.jump`,
    })
  const agentSocket = agentOf(keep(one('identityagent')), one('identityagent') === 'none', options.env, expand)
  const strict = one('stricthostkeychecking')
  const files = [
    ...filesOf(settings, 'userknownhostsfile', defaultKnownHosts),
    ...filesOf(settings, 'globalknownhostsfile', systemKnownHosts),
  ]
  return {
    reach,
    hostname,
    port,
    user,
    identityFiles: (settings.identityfile ?? defaultKeys).filter(path => path !== 'none').map(expand),
    identitiesOnly: one('identitiesonly') === 'yes',
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...(jump === undefined ? {} : { jump }),
    knownName: one('hostkeyalias') ?? knownName(hostname, port),
    knownHostsFiles: options.knownHostsFiles ?? files.map(expand),
    acceptNewHostKeys: options.acceptNewHostKeys || ['no', 'off', 'false', 'accept-new'].includes(strict ?? ''),
  }
}

function questionOf(reach: Reach): { alias: string; user?: string; port?: number } {
  if (reach.address.startsWith('-'))
    throw usageError(`"${reach.address}" is no address`, {
      where: reach.name,
      hint: 'an address cannot start with "-"',
    })
  return {
    alias: reach.address,
    ...(reach.user === undefined ? {} : { user: reach.user }),
    ...(reach.port === undefined ? {} : { port: reach.port }),
  }
}

const filesOf = (settings: SshSettings, keyword: string, otherwise: string[]): string[] =>
  settings[keyword]?.flatMap(value => value.split(/\s+/)).filter(path => path !== 'none') ?? otherwise.map(path => path)

function agentOf(
  configured: string | undefined,
  off: boolean,
  env: Record<string, string | undefined>,
  expand: (path: string) => string,
): string | undefined {
  if (off) return undefined
  if (configured === undefined || configured === 'SSH_AUTH_SOCK') return env.SSH_AUTH_SOCK || undefined
  return configured.startsWith('$') ? env[configured.slice(1)] : expand(configured)
}

/** Reads "[user@]host[:port]" or "ssh://…", as ssh's -J takes it; an IPv6 address with a port stands in brackets. */
export function parseDestination(text: string): Reach {
  const plain = text.replace(/^ssh:\/\//, '').replace(/\/$/, '')
  const at = plain.lastIndexOf('@')
  const place = plain.slice(at + 1)
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(place)
  const named = /^([^:]+)(?::(\d+))?$/.exec(place)
  const [, address = place, port] = bracketed ?? named ?? []
  return {
    name: text,
    destination: true,
    address,
    ...(at > 0 ? { user: plain.slice(0, at) } : {}),
    ...(port === undefined ? {} : { port: Number(port) }),
  }
}
