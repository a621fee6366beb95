// What a host must have had before its engine is used: built-in playbooks, with what the `engine:` block gives them.
import type { EngineWant } from '../../core/engine-want.js'
import { usageError } from '../../core/errors.js'
import type { Use } from '../../core/provider.js'
import { configUse, forgetConfig } from './config.js'
import { registryName, serverAddress } from './registries/credentials.js'

/** What host and port of a registry are written with; the engine makes a folder's name of them. */
const named = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$|^\[[0-9a-f:.]+\](?::\d{1,5})?$/

/** A usage error for a registry that no image could name, or for half a login. */
function checkRegistries({ registries, places }: EngineWant): void {
  const seen = new Map<string, string>()
  for (const [given, want] of Object.entries(registries)) {
    const at = places(['registries', given])
    const name = registryName(given)
    if (!named.test(name))
      throw usageError(`"${given}" is no registry`, {
        at,
        hint: 'write host and port as image names have them: registry.example:5000',
      })
    const other = seen.get(name)
    if (other !== undefined) throw usageError(`"${given}" is the same registry as "${other}"`, { at })
    seen.set(name, given)
    // The password itself may not be known yet, and is not asked for.
    const hasPassword = Object.hasOwn(want, 'password')
    if ((want.username !== undefined) !== hasPassword)
      throw usageError(
        `registry ${given} has a ${hasPassword ? 'password and no username' : 'username and no password'}`,
        {
          at,
          hint: 'a login is both: username: NAME, password: { secret: NAME }',
        },
      )
    if (want.login && !hasPassword)
      throw usageError(`registry ${given} says login, and has no username and password to keep`, { at })
  }
}

/** Certificates and kept logins, as the playbook takes them. Where the file says nothing of them, it takes away what it brought: `wanted` is false. */
export function registryUse({ registries }: EngineWant): Use {
  const certificates: Record<string, string> = {}
  const logins: Record<string, { username: string; password: unknown }> = {}
  for (const [given, want] of Object.entries(registries)) {
    const name = registryName(given)
    if (want.ca !== undefined) certificates[name] = want.ca
    if (want.login && want.username !== undefined)
      logins[serverAddress(name)] = { username: want.username, password: want.password }
  }
  const wanted = Object.keys({ ...certificates, ...logins }).length > 0
  return { playbook: 'docker-registries', vars: { certificates, logins, wanted } }
}

/** The playbook that installs the engine and starts it, with only what the file says of it. */
function packageUse({ source, version, replace, repository = {} }: EngineWant): Use[] {
  if (source === 'none') return []
  const vars = { ...(version === undefined ? {} : { version }), ...(replace ? { replace } : {}) }
  if (source !== 'docker-ce') return [{ playbook: 'docker', vars }]
  const { url, suite, component, key } = repository
  const from = Object.entries({ url: url?.replace(/\/+$/, ''), suite, component }).filter(
    ([, said]) => said !== undefined,
  )
  const signed = key === undefined ? undefined : key.includes('://') ? { url: key } : key
  const keys = signed === undefined ? {} : { key: signed, rpm_key: signed }
  return [{ playbook: 'docker-ce', vars: { ...vars, ...Object.fromEntries(from), ...keys } }]
}

/** Paths of certificates and keys, as the file names them for the engine, besides those that are always looked after. */
function tlsPaths({ daemon }: EngineWant): { certificates: string[]; keys: string[] } {
  const paths = (...names: string[]): string[] =>
    names.flatMap(name => (typeof daemon[name] === 'string' ? [daemon[name]] : []))
  return { certificates: paths('tlscacert', 'tlscert'), keys: paths('tlskey') }
}

/** Audit rules, owners and modes of the engine's files. */
const hardenUse = (engine: EngineWant): Use => {
  const { group } = engine.daemon
  return {
    playbook: 'docker-harden',
    vars: { ...tlsPaths(engine), group: typeof group === 'string' ? group : 'docker' },
  }
}

/** The playbooks for an `engine:` block, in order. A usage error for registries that cannot be. */
export function needs(engine: EngineWant): Use[] {
  const { users } = engine
  checkRegistries(engine)
  const registries = registryUse(engine)
  return [
    ...packageUse(engine),
    ...configUse(engine),
    ...(registries.vars.wanted ? [registries] : []),
    ...(engine.harden ? [hardenUse(engine)] : []),
    ...(users.length === 0 ? [] : [{ playbook: 'docker-users', vars: { users } }]),
  ]
}

/** The playbooks that take away what a kind did in an earlier run. Without an `engine:` block no registry was ever asked for. */
export function forgets(engine: EngineWant, kind: string): Use[] {
  if (kind === 'engine_config') return [forgetConfig(engine)]
  if (kind === 'engine_audit') return [{ playbook: 'docker-harden-gone', vars: {} }]
  return kind === 'engine_registries' && engine.at !== undefined ? [registryUse(engine)] : []
}
