// Checks the containers of a project without any host: what `validate` can know.
import { imageKeys } from '../compose/keys/build.js'
import type { Keys } from '../compose/keys/key.js'
import { configKeys, networkKeys, secretKeys, volumeKeys } from '../compose/keys/others.js'
import { allServiceKeys, composedServiceKeys } from '../compose/keys/service.js'
import { onSwarm } from '../compose/keys/swarm.js'
import { collectProblems, type Problems } from '../config/problems.js'
import { selectHosts } from '../config/selector.js'
import { withEngines } from '../container-hosts/place.js'
import type { At } from '../errors.js'
import type { Host, Project, Warning } from '../project.js'
import type { Raw } from '../raw.js'
import type { Schema } from '../schema.js'
import { isSwarm } from '../together/membership.js'
import { checkDomains, sureHostsOf } from './front-door/claims.js'
import { foretellMounts } from './mounts/mount-wants.js'
import { type Read, readEntry } from './read.js'
import { checkCycles, checkLinkNetworks, checkReferences } from './references.js'
import { configSchema, secretFileSchema } from './schema/files.js'
import { imageSchema } from './schema/image.js'
import { networkSchema, volumeSchema } from './schema/network-volume.js'
import { serviceSchema } from './schema/service.js'

/** Gives a raw value with interpolation and templates rendered, for one host; without a host, texts that need one stay as they are. */
export type Prepare<For extends Host | undefined> = (raw: Raw, host: For) => unknown

type Warn = (text: string, at: At) => void

/** With several hosts a service must say where it runs, and mean one of them; with one it runs there, whatever it says. */
export function checkPlacement(project: Project, problems: Problems, warn: Warn): void {
  const able = withEngines(project.hosts)
  const [only] = able
  for (const { name, on, raw, builtIn } of project.services) {
    if (builtIn || only === undefined) continue
    const isOneOf = (host: Host): boolean => able.includes(host)
    const meant = on && problems.take(() => selectHosts(on, project).filter(isOneOf))
    if (able.length > 1 && on === undefined)
      problems.add(
        `${name}: the project has ${able.length} hosts, and the service does not say where it runs: say \`on: all\`, or which`,
        raw.where([], 'key'),
      )
    if (on === undefined || meant?.length !== 0) continue
    if (able.length > 1) problems.add(`${name}: \`on: ${on.text}\` matches no host`, on.at)
    else
      warn(`${name}: \`on: ${on.text}\` does not match ${only.name}; with one host it runs there all the same`, on.at)
  }
}

/**
 * Checks everything about `containers:`, `images:`, `networks:` and `volumes:` that needs no host. Throws one usage error that lists all
 * mistakes with their places; gives what is worth a warning. What still depends on a host's variables or facts is left to `wantedByHost`.
 */
export function checkContainers(project: Project, prepare: Prepare<Host | undefined>): Warning[] {
  const problems = collectProblems()
  const warnings: Warning[] = [...project.warnings]
  const warn: Warn = (text, at) => void warnings.push({ text, at })
  const read = <T>(schema: Schema<T>, keys: Keys | undefined, name: string, raw: Raw): Read<T> | undefined => {
    const isComposed = raw.composed !== undefined
    const prepared = problems.take(() => ({ value: isComposed ? raw.value : prepare(raw, undefined) }))
    const options = { name, raw, problems, templatesRemain: !isComposed, ...(keys === undefined ? {} : { keys, warn }) }
    return prepared && readEntry(schema, prepared.value, options)
  }
  checkPlacement(project, problems, warn)
  const isOfSwarm = project.hosts.length > 0 && project.hosts.every(isSwarm)
  const services = project.services.flatMap(({ name, raw }) => {
    const keys = raw.composed === undefined ? allServiceKeys : composedServiceKeys
    return read(serviceSchema, isOfSwarm ? onSwarm(keys) : keys, name, raw) ?? []
  })
  const told = { mistake: (text: string, at: At): void => problems.add(text, at), warn }
  for (const service of services) {
    const from = project.services.find(({ name }) => name === service.name)
    if (from !== undefined) foretellMounts(service, sureHostsOf(from, project, problems), told)
  }
  for (const service of services) checkReferences(service, project, problems)
  checkCycles(services, problems)
  checkDomains(project, problems)
  if (withEngines(project.hosts).length < 2)
    for (const service of services)
      checkLinkNetworks(service, name => services.find(each => each.name === name)?.value, problems)
  for (const [kind, schema, keys, entries] of [
    ['image', imageSchema, imageKeys, project.images],
    ['network', networkSchema, networkKeys, project.networks],
    ['volume', volumeSchema, volumeKeys, project.volumes],
    ['config', configSchema, configKeys, project.configs],
    ['secret', secretFileSchema, secretKeys, project.secretFiles],
  ] as const)
    for (const [name, raw] of Object.entries(entries)) read<unknown>(schema, keys, `${kind} ${name}`, raw)
  problems.throwIfAny()
  return warnings
}
