// What differs between the registries that are wanted and what a host has; what of it is ours, and what is others'.

import { X509Certificate } from 'node:crypto'
import { UserError } from '../../core/errors.js'
import { reveal, type Secret } from '../../core/secret.js'
import type { Change } from '../../core/step.js'
import { sumOf } from '../_sum.js'
import type { RegistryMemory, RegistrySeen } from './registry-seen.js'

/** What is wanted: nothing else of this project's stays. */
export interface RegistriesWant {
  /** Whose it is. */
  project?: string | undefined
  /** PEM texts by host and port. */
  certificates: Record<string, string>
  /** By address, as the docker command has it. */
  logins: Record<string, { username: string; password: Secret }>
}

/** A login as the docker command keeps it. */
export const authOf = ({ username, password }: RegistriesWant['logins'][string]): string =>
  Buffer.from(`${username}:${reveal(password)}`).toString('base64')

/** The logins of the file on the host, by address. */
function authsIn({ config, configPath }: RegistrySeen): Record<string, { auth?: unknown } | null> {
  try {
    const { auths } = JSON.parse(config?.text?.trim() || '{}') as { auths?: Record<string, { auth?: unknown } | null> }
    return auths ?? {}
  } catch {
    throw new UserError(`${configPath} on the host is no JSON`, { hint: 'Mend it, or move it away.' })
  }
}

/** What has to be done, and what is ours then. */
export interface RegistriesDecision {
  /** Registries whose certificate is written. */
  certificates: string[]
  /** Registries whose certificate was ours and goes. */
  gone: string[]
  /** Addresses whose login is written. */
  logins: string[]
  /** Addresses whose login was ours and goes. */
  forgotten: string[]
  isOpen: boolean
  /** What another project of ours has brought, and this one needs from now on, as people call it. */
  shared: string[]
  memory: RegistryMemory
}

/** What is to be done. A UserError where the host's file of logins cannot be read. */
export function decideRegistries(want: RegistriesWant, seen: RegistrySeen): RegistriesDecision {
  const { memory, others } = seen
  const auths = authsIn(seen)
  const certificates = Object.keys(want.certificates).filter(
    name => seen.certificates[name] !== sumOf(want.certificates[name] ?? ''),
  )
  const logins = Object.entries(want.logins).flatMap(([address, login]) =>
    auths[address]?.auth === authOf(login) ? [] : [address],
  )
  // What another project of ours brought is needed by both from now on: it goes with the last of them.
  const wasOurs = (name: string): boolean =>
    Object.hasOwn(memory.certificates, name) || Object.hasOwn(others.certificates, name)
  const shared = [
    ...Object.keys(want.certificates).flatMap(name =>
      Object.hasOwn(others.certificates, name) &&
      !Object.hasOwn(memory.certificates, name) &&
      !certificates.includes(name)
        ? [`authority of ${name}`]
        : [],
    ),
    ...Object.keys(want.logins).flatMap(address =>
      others.logins.includes(address) && !memory.logins.includes(address) && !logins.includes(address)
        ? [`login at ${address}`]
        : [],
    ),
  ]
  const ours = Object.keys(want.certificates).filter(name => certificates.includes(name) || wasOurs(name))
  return {
    certificates,
    logins,
    // One that others have changed since is theirs.
    gone: Object.entries(memory.certificates).flatMap(([name, sum]) =>
      !Object.hasOwn(want.certificates, name) &&
      !Object.hasOwn(others.certificates, name) &&
      seen.certificates[name] === sum
        ? [name]
        : [],
    ),
    forgotten: memory.logins.filter(
      address =>
        !Object.hasOwn(want.logins, address) && !others.logins.includes(address) && Object.hasOwn(auths, address),
    ),
    shared,
    isOpen: Object.keys(want.logins).length > 0 && seen.config?.kind === 'file' && seen.config.mode !== '0600',
    memory: {
      certificates: Object.fromEntries(ours.map(name => [name, sumOf(want.certificates[name] ?? '')])),
      logins: Object.keys(want.logins).filter(address =>
        [logins, memory.logins, others.logins].some(some => some.includes(address)),
      ),
    },
  }
}

/** The same as a plan shows it, without what is secret. */
export function changesOf(want: RegistriesWant, seen: RegistrySeen): Change[] {
  const decision = decideRegistries(want, seen)
  const there = (isThere: boolean): string => (isThere ? 'another one' : 'absent')
  return [
    ...decision.certificates.map(name => ({
      what: `authority of ${name}`,
      from: there(Object.hasOwn(seen.certificates, name)),
      to: new X509Certificate(want.certificates[name] ?? '').subject.replaceAll('\n', ', '),
    })),
    ...decision.gone.map(name => ({ what: `authority of ${name}`, from: 'ours', to: 'absent' })),
    ...decision.logins.map(address => ({
      what: `login at ${address}`,
      from: there(Object.hasOwn(authsIn(seen), address)),
      to: want.logins[address]?.username ?? '',
    })),
    ...decision.forgotten.map(address => ({ what: `login at ${address}`, from: 'ours', to: 'absent' })),
    ...decision.shared.map(what => ({ what, from: "another project's", to: "this one's, too" })),
    ...(decision.isOpen ? [{ what: seen.configPath, from: `mode ${seen.config?.mode}`, to: 'mode 0600' }] : []),
  ]
}
