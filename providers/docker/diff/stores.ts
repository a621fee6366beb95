// Which networks and volumes must be made, and whose those are that are there already.
import type { At } from '../../../core/errors.js'
import type { NetworkWant, VolumeWant } from '../../../core/wanted.js'
import {
  canonicalHash,
  canonicalJson,
  causeOf,
  changesBetween,
  type JsonObject,
  parseSpec,
  present,
} from '../canonical.js'
import { composeLabels, type Labels, labels, labelsVersion, ownerOf } from '../labels.js'
import type { SeenThing } from '../observe/seen.js'
import { makeStep } from '../work.js'
import type { DiffContext } from './parts.js'

const networkSpec = (want: NetworkWant): JsonObject =>
  present({
    driver: want.driver,
    internal: want.internal || undefined,
    options: want.options,
    labels: want.labels,
    attachable: want.attachable,
    enable_ipv6: want.ipv6,
    ipam: want.ipam?.map(({ subnet, gateway, range, taken }) =>
      present({ subnet, gateway, ip_range: range, aux_addresses: taken }),
    ),
    ipam_driver: want.ipamDriver,
    ipam_options: want.ipamOptions,
  })

const volumeSpec = (want: VolumeWant): JsonObject =>
  present({ driver: want.driver, options: want.options, labels: want.labels })

const labelsOf = (project: string, own: Labels, spec: JsonObject): Labels => ({
  ...own,
  [labels.project]: project,
  [labels.version]: labelsVersion,
  [labels.specHash]: canonicalHash(spec),
  [labels.spec]: canonicalJson(spec),
})

type Standing = 'make' | 'ours' | 'leave'

/** How a wanted network or volume stands. Another owner's is a problem; what Compose made for the same project is taken over. */
function standingOf(
  context: DiffContext,
  thing: string,
  want: { key: string; external: boolean; at: At },
  found: SeenThing | undefined,
  composeKey: string,
): Standing {
  const { wanted, seen, warnings, problems } = context
  if (want.external) {
    if (!found && !seen.absent) warnings.push(`${thing} is external and not there yet: somebody must make it first`)
    return 'leave'
  }
  if (!found) return 'make'
  const owner = ownerOf(found.labels, wanted.project)
  if (owner === 'ours') return 'ours'
  const byCompose = found.labels[composeLabels.project] === wanted.project && found.labels[labels.project] === undefined
  if (byCompose && found.labels[composeKey] === want.key) return 'leave'
  problems.push({
    text: `${thing} is there already and belongs to ${owner.other}`,
    hint: 'say `external: true` to use it as it is, or give ours another name',
    at: want.at,
  })
  return 'leave'
}

/** Adds the steps for networks. One that is defined otherwise now is made anew, and what is on it is connected again. */
export function diffNetworks(context: DiffContext): void {
  const { scope, wanted, seen, steps } = context
  for (const want of wanted.networks) {
    const thing = `network ${want.name}`
    const found = seen.networks.find(({ name }) => name === want.name)
    const standing = standingOf(context, thing, want, found, composeLabels.network)
    const spec = networkSpec(want)
    const changes = standing === 'ours' ? changesBetween(parseSpec(found?.labels[labels.spec]), spec) : []
    if (standing !== 'make' && changes.length === 0) {
      context.unchanged++
      continue
    }
    const told =
      standing === 'make'
        ? { verb: 'create', cause: 'not there' }
        : { verb: 'replace', cause: causeOf(changes), changes }
    steps.set(
      thing,
      makeStep(scope, thing, told, {
        project: wanted.project,
        key: wanted.key,
        kind: 'create-network',
        want,
        labels: labelsOf(wanted.project, want.labels, spec),
        ...(standing === 'ours' && found ? { replaces: found.id } : {}),
      }),
    )
  }
}

/** Adds the steps for volumes. A volume is never made anew: its data would be lost; a difference is a warning. */
export function diffVolumes(context: DiffContext): void {
  const { scope, wanted, seen, steps } = context
  for (const want of wanted.volumes) {
    const thing = `volume ${want.name}`
    const found = seen.volumes.find(({ name }) => name === want.name)
    const standing = standingOf(context, thing, want, found, composeLabels.volume)
    const spec = volumeSpec(want)
    if (standing === 'make') {
      const work = { project: wanted.project, key: wanted.key, kind: 'create-volume', want } as const
      const own = labelsOf(wanted.project, want.labels, spec)
      steps.set(thing, makeStep(scope, thing, { verb: 'create', cause: 'not there' }, { ...work, labels: own }))
      continue
    }
    context.unchanged++
    const changes = standing === 'ours' ? changesBetween(parseSpec(found?.labels[labels.spec]), spec) : []
    if (changes.length > 0)
      context.warnings.push(
        `${thing} is kept as it is, because it holds data, though the file differs (${causeOf(changes)})`,
      )
  }
}

/** Warns of things that Compose made and that a new container takes over: said when it happens, not at every plan. */
export function warnOfAdoption(
  context: DiffContext,
  volumesUsed: ReadonlySet<string>,
  networksUsed: ReadonlySet<string>,
): void {
  const { wanted, seen, warnings } = context
  const tell = (
    kind: string,
    found: readonly SeenThing[],
    names: readonly string[],
    used: ReadonlySet<string>,
  ): void => {
    for (const thing of found)
      if (
        names.includes(thing.name) &&
        used.has(thing.name) &&
        thing.labels[labels.project] === undefined &&
        thing.labels[composeLabels.project] === wanted.project
      )
        warnings.push(`${kind} ${thing.name} was made by Docker Compose for this project: it is adopted as it is`)
  }
  tell(
    'volume',
    seen.volumes,
    wanted.volumes.filter(({ external }) => !external).map(({ name }) => name),
    volumesUsed,
  )
  tell(
    'network',
    seen.networks,
    wanted.networks.filter(({ external }) => !external).map(({ name }) => name),
    networksUsed,
  )
}
