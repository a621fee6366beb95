// Gives every engine of the run what the file wants of it: services rendered per host, placed and linked.
import { randomBytes } from 'node:crypto'
import { selectHosts } from '../config/index.js'
import { withEngines } from '../container-hosts/place.js'
import { wantedByHost } from '../containers/index.js'
import { hasShell, shellless } from '../engine-alone/address.js'
import { type At, unreachableError, usageError } from '../errors.js'
import { interpolateValue, references, renderValue } from '../language/index.js'
import type { HostWork } from '../plan/host-work.js'
import { hostScope } from '../plan/scope.js'
import type { Host } from '../project.js'
import type { Raw } from '../raw.js'
import type { Wanted } from '../wanted.js'
import { type EngineSide, noteFolders } from './engine-side.js'
import type { SessionContext } from './session.js'

/** How other hosts reach it: as the file says, else the source address of its default route (without a shell: where its engine is); undefined when it could not be asked. */
const privateAddress = (host: Host, works: readonly HostWork[]): string | undefined => {
  if (host.private === undefined && host.engineAddress?.kind === 'tcp') return host.engineAddress.name
  const facts = works.find(work => work.host === host)?.facts
  return host.private ?? (facts?.address === '' ? undefined : facts?.address)
}

/** Compose's interpolation, then Handlebars with the host's variables; the engine's own templates (`{{.X}}`) pass through. */
const preparer = (context: SessionContext, works: readonly HostWork[]) => {
  const told = new Set<string>()
  const unset = (name: string, at: At): void => {
    const key = `${name} ${at.file}:${at.line}:${at.column}`
    if (!told.has(key)) context.emit({ type: 'warning', text: `the variable ${name} is not set, it is empty`, at })
    told.add(key)
  }
  return (raw: Raw, host: Host): unknown => {
    if (!hasShell(host) && references(raw.value, host.vars).has('facts'))
      throw usageError(`the facts of ${host.name} cannot be read: it ${shellless}`, { at: raw.at })
    // Without its facts a host's services cannot be rendered, but those of the others can.
    const work = works.find(one => one.host === host)
    if ((work?.facts === undefined || work.problem) && references(raw.value, host.vars).has('facts'))
      throw unreachableError(host.name, 'its facts are not known, because it could not be read')
    const interpolated = interpolateValue(raw.value, raw, context.project.environment, unset)
    return renderValue(interpolated, raw, hostScope(host, works, context, raw.at), { engineTemplates: true })
  }
}

/** Sets `wanted` on every side; hosts whose services cannot be decided get a problem. Gives what is wanted on all hosts of the file. */
export async function wantEngines(
  context: SessionContext,
  works: readonly HostWork[],
  sides: readonly EngineSide[],
): Promise<Map<string, Wanted>> {
  const spare = randomBytes(32)
  const { wanted, problems, warnings } = await wantedByHost(context.project, {
    prepare: preparer(context, works),
    select: selector => withEngines(selectHosts(selector, context.project)),
    privateAddress: host => privateAddress(host, works),
    firewallOf: host => works.find(work => work.host === host)?.detection?.firewall,
    factsOf: host => works.find(work => work.host === host)?.facts,
    files: context.files,
    resourceKinds: context.resources,
    overrides: context.vars,
    keyOf: host => works.find(work => work.host === host)?.state.key ?? spare,
    environment: context.project.environment,
  })
  for (const { text, at } of warnings) context.emit({ type: 'warning', text, at })
  for (const { host, error } of problems) {
    const work = works.find(one => one.host.name === host)
    if (work === undefined || work.problem) continue
    work.problem = error
    context.emit({ type: 'host', host, state: 'failed', text: error.message })
  }
  for (const side of sides) {
    const want = wanted.get(side.scope.name)
    if (want === undefined) continue
    noteFolders(want.images, side.work.detection)
    if (side.work.state.shipped !== undefined) want.shipped = side.work.state.shipped
    side.wanted = want
  }
  return wanted
}
