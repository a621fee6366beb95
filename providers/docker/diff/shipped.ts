// Which files of this machine must be brought to the host, which containers must be told of new content, and what may go.
import { shippedHash } from '../../../core/containers/mounts/shipped.js'
import type { OnChange, ShippedWant } from '../../../core/containers/mounts/shipped-want.js'
import type { EngineStep, Scope } from '../../../core/provider.js'
import type { Change } from '../../../core/step.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { notSet } from '../canonical.js'
import { nameOf } from '../files/clean.js'
import { liveMounts, livePath, shippedMounts } from '../files/place.js'
import { liveFolder } from '../files/scripts.js'
import { sizeText } from '../files/ship.js'
import { isOurContainer } from '../labels.js'
import type { Seen, SeenContainer } from '../observe/seen.js'
import { makeStep, type Origin } from '../work.js'
import { type DiffContext, stepIds } from './parts.js'

/** Things by the hash of their content: two that are called the same get a part of it to their names. */
function things({ wanted }: DiffContext): Map<string, string> {
  const named = new Map<string, string>()
  for (const { shipped } of wanted.containers.flatMap(shippedMounts)) {
    const hash = shippedHash(shipped, wanted.key)
    const isTaken = [...named].some(([other, thing]) => thing === shipped.thing && other !== hash)
    if (!named.has(hash)) named.set(hash, isTaken ? `${shipped.thing} (${hash.slice(0, 8)})` : shipped.thing)
  }
  return named
}

/** The things whose steps must be done before a container is. */
export function shippedThings(context: DiffContext, want: ContainerWant): string[] {
  const named = things(context)
  return shippedMounts(want).flatMap(({ shipped }) => named.get(shippedHash(shipped, context.wanted.key)) ?? [])
}

/** How much it is; of a secret nobody learns how long it is. */
function extentOf({ kind, entries, bytes, secret }: ShippedWant): string {
  if (secret) return ''
  const inside = entries - 1
  const count = kind === 'directory' ? `${inside} ${inside === 1 ? 'entry' : 'entries'}, ` : ''
  return `, ${count}${sizeText(bytes)}`
}

/** Adds the steps that bring to the host what it does not hold. */
export function diffShipped(context: DiffContext): void {
  const { scope, wanted, seen, steps } = context
  const named = things(context)
  const isKnown = (thing: string): boolean =>
    seen.containers.some(found => isOurContainer(found.labels, wanted.project) && mentions(found, thing))
  for (const { shipped } of wanted.containers.flatMap(shippedMounts)) {
    const hash = shippedHash(shipped, wanted.key)
    const thing = named.get(hash) ?? shipped.thing
    if (steps.has(thing)) continue
    if (seen.shipped?.held.includes(hash)) {
      context.unchanged++
      continue
    }
    const cause = `${isKnown(shipped.thing) ? 'changed' : 'not there'}${extentOf(shipped)}`
    const work = { project: wanted.project, key: wanted.key, kind: 'ship-files', want: shipped } as const
    steps.set(thing, makeStep(scope, thing, { verb: 'ship', cause }, work))
  }
}

const mentions = ({ labels: found }: SeenContainer, thing: string): boolean =>
  (found['longshore.spec'] ?? '').includes(`${JSON.stringify(thing)}:`)

/** What stands in a container's spec for its shipped files, in the words of a plan: what is said of contents has the thing's name alone. */
export function tellShipped(changes: readonly Change[]): Change[] {
  const prefix = 'shipped.'
  const way = (text: string): string => (text === 'live' ? 'in place' : 'recreate')
  const short = (text: string): string => (text === notSet ? text : text.slice(0, 12))
  return changes.map(change => {
    if (!change.what.startsWith(prefix)) return change
    const thing = change.what.slice(prefix.length)
    const { from, to } = change
    if (![from, to].includes(notSet) && [from, to].includes('live'))
      return { what: `on_change of ${thing}`, from: way(from), to: way(to) }
    return { what: thing, from: short(from), to: short(to) }
  })
}

const rank = (onChange: OnChange): number => (onChange === 'restart' ? 2 : typeof onChange === 'object' ? 1 : 0)
const verbs = ['update', 'signal', 'restart'] as const

/** The verb and the cause for a container that was not told of the content of its live copies; undefined if it was. */
function reasonToUpdate(
  { wanted, seen }: DiffContext,
  want: ContainerWant,
  found: SeenContainer,
): { verb: string; cause: string } | undefined {
  const stale = liveMounts(want).filter(({ target, shipped }) => {
    const source = found.binds?.find(bind => bind.target === target)?.source ?? ''
    const path = livePath(wanted.project, source)
    return path !== undefined && seen.shipped?.live[path] !== shippedHash(shipped, wanted.key)
  })
  if (stale.length === 0) return undefined
  const strongest = Math.max(...stale.map(({ shipped }) => rank(shipped.onChange)))
  const texts = [...new Set(stale.map(({ shipped }) => `${shipped.thing} changed`))]
  return { verb: verbs[strongest] ?? 'update', cause: texts.join(', ') }
}

/** Restarts of the service that come before: its containers are not all away at the same time. */
const restartsBefore = ({ steps }: DiffContext, service: string): string[] =>
  [...steps.values()].flatMap(({ id, verb, work }) => {
    const { kind, want } = work as { kind: string; want?: { service?: string } }
    return kind === 'update-files' && verb === 'restart' && want?.service === service ? [id] : []
  })

/** Adds the step that tells a container of the content of its live copies; false where there is nothing to tell. */
export function addFileUpdate(
  context: DiffContext,
  want: ContainerWant,
  found: SeenContainer,
  { thing, after }: { thing: string; after: readonly string[] },
): boolean {
  const { scope, wanted, steps } = context
  const reason = reasonToUpdate(context, want, found)
  if (reason === undefined) return false
  const before = [
    ...after,
    ...stepIds(context, ...shippedThings(context, want)),
    ...(reason.verb === 'restart' ? restartsBefore(context, want.service) : []),
  ]
  const work = { project: wanted.project, key: wanted.key, kind: 'update-files', want, id: found.id } as const
  steps.set(thing, makeStep(scope, thing, { ...reason, after: [...new Set(before)] }, work))
  return true
}

const removal = (scope: Scope, origin: Origin, names: string[], told: { cause: string; after: string[] }): EngineStep =>
  makeStep(scope, 'shipped files', { verb: 'remove', ...told }, { ...origin, kind: 'remove-files', names })

/** All names of what the host holds: hashes, and folders of live copies. */
const heldNames = ({ shipped }: Seen): string[] => [
  ...(shipped?.held ?? []),
  ...new Set(Object.keys(shipped?.live ?? {}).map(path => `${liveFolder}/${path.slice(0, path.indexOf('/'))}`)),
]

/** Adds the step that removes what nothing will mount any more when the others are done. */
export function diffUnusedFiles(context: DiffContext): void {
  const { scope, wanted, seen, steps } = context
  const needed = new Set(
    wanted.containers.flatMap(shippedMounts).map(({ shipped }) => shippedHash(shipped, wanted.key)),
  )
  const goes = (found: SeenContainer): boolean =>
    ['replace', 'remove'].includes(steps.get(`container ${found.name}`)?.verb ?? '')
  for (const found of seen.containers)
    if (!goes(found)) for (const { source } of found.binds ?? []) needed.add(nameOf(wanted.project, source) ?? '')
  for (const name of seen.shipped?.kept ?? []) needed.add(name)
  const names = heldNames(seen).filter(name => !needed.has(name))
  if (names.length === 0) return
  const after = [...steps.values()].filter(({ thing }) => /^(container|files of) /.test(thing)).map(({ id }) => id)
  const told = { cause: 'no container mounts them any more', after }
  steps.set('shipped files', removal(scope, { project: wanted.project, key: wanted.key }, names, told))
}

/** The step of `down` that removes all of them. */
export function downFiles(scope: Scope, origin: Origin, seen: Seen, after: string[]): EngineStep[] {
  const names = heldNames(seen)
  return names.length === 0 ? [] : [removal(scope, origin, names, { cause: 'down', after })]
}
