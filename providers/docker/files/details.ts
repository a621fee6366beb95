// Reads what a host holds of the shipped files that are to change, and tells in the plan how they differ. Nothing secret is read.
import { contentSum, type ShippedEntry, shippedTree } from '../../../core/containers/mounts/shipped.js'
import type { ShippedWant } from '../../../core/containers/mounts/shipped-want.js'
import type { DetailsContext, EngineStep } from '../../../core/provider.js'
import { Secret } from '../../../core/secret.js'
import type { Sh } from '../../../core/sh.js'
import type { Change } from '../../../core/step.js'
import type { Wanted } from '../../../core/wanted.js'
import type { Seen } from '../observe/seen.js'
import type { DockerEngine } from '../open.js'
import type { Work } from '../work.js'
import { pathBefore } from './before.js'
import {
  type Compared,
  type Difference,
  differences,
  isPrivate,
  type OwnEntry,
  type Texts,
  tellDifferences,
} from './differences.js'
import { type HeldEntry, listScript, readLists, readTexts, textScript } from './held.js'

/** Entries of a folder: one with more is told by its size alone. */
const mostEntries = 20_000
/** Bytes of a text: as for the kinds that write files. And of all texts of a host, and how many they are. */
const largestText = 1 << 20
const largestSum = 4 << 20
const mostTexts = 50
/** Milliseconds that the host has for one answer. */
const patience = 30_000

/** One thing whose differences are to be told. */
interface Asked {
  id: string
  want: ShippedWant
  path: string
}

const isShown = (want: ShippedWant): boolean =>
  !want.secret && !('content' in want.from && want.from.content instanceof Secret) && want.entries <= mostEntries

/** The entries here; only of files that may be the same are the bytes read. */
async function ownEntries(tree: readonly ShippedEntry[], held: readonly HeldEntry[]): Promise<OwnEntry[]> {
  const sizes = new Map(held.map(({ path, kind, size }) => [path, kind === 'file' ? size : -1]))
  const own: OwnEntry[] = []
  for (const entry of tree)
    own.push(sizes.get(entry.path) === entry.size && entry.open ? { ...entry, sum: await contentSum(entry) } : entry)
  return own
}

const textOf = (bytes: Uint8Array): string | undefined => {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

async function bytesOf(entry: ShippedEntry | undefined): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of entry?.open?.() ?? []) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** A thing with what was found of it. */
interface Found {
  asked: Asked
  tree: readonly ShippedEntry[]
  compared: Compared & { texts: Map<string, Texts> }
}

async function compare(asked: Asked, held: readonly HeldEntry[], { files }: DetailsContext): Promise<Found> {
  const { want } = asked
  const { entries: tree } = await shippedTree(files, want)
  const own = await ownEntries(tree, held)
  const name = want.thing.replace(/^(?:file|folder) /, '')
  const { kind, uid, gid } = want
  const found = differences(held, own)
  return { asked, tree, compared: { name, kind, owner: `${uid}:${gid}`, held, own, found, texts: new Map() } }
}

/** The files whose texts are to be read, as many as are shown together. */
function readable(found: readonly Found[]): { one: Found; difference: Difference }[] {
  let left = largestSum
  const fits = ({ held, own }: Difference): boolean => {
    const most = Math.max(held?.size ?? 0, own?.size ?? 0)
    if (most > largestText || most > left) return false
    left -= most
    return true
  }
  return found
    .flatMap(one => one.compared.found.map(difference => ({ one, difference })))
    .filter(({ difference }) => difference.isContent && !isPrivate(difference) && fits(difference))
    .slice(0, mostTexts)
}

/** What a script prints; nothing where it fails. */
async function answers(engine: DockerEngine, script: Sh, signal: AbortSignal): Promise<string> {
  const exit = await engine.connection.exec(script, { as: 'best', signal, timeoutMs: patience })
  return exit.code === 0 ? exit.stdout : ''
}

/** Puts the texts of what differs to what was found. */
async function addTexts(
  engine: DockerEngine,
  found: readonly Found[],
  project: string,
  signal: AbortSignal,
): Promise<void> {
  const wanted = readable(found)
  if (wanted.length === 0) return
  const paths = wanted.map(({ one, difference: { path } }) => `${one.asked.path}${path === '' ? '' : `/${path}`}`)
  const read = readTexts(await answers(engine, textScript(project, paths), signal))
  for (const [index, { one, difference }] of wanted.entries()) {
    const bytes = read[index] ?? new Uint8Array()
    // Cut off or unreadable: what is there then says nothing.
    const held = bytes.length === difference.held?.size ? textOf(bytes) : undefined
    const own = textOf(await bytesOf(one.tree.find(({ path }) => path === difference.path)))
    if (held !== undefined && own !== undefined) one.compared.texts.set(difference.path, { held, own })
  }
}

/** The changes of each step, by its id. */
async function changesById(
  engine: DockerEngine,
  asked: readonly Asked[],
  project: string,
  context: DetailsContext,
): Promise<Map<string, Change[]>> {
  const paths = asked.map(({ path }) => path)
  const lists = readLists(await answers(engine, listScript(project, paths), context.signal), paths.length)
  const found: Found[] = []
  for (const [index, one] of asked.entries()) {
    const held = lists[index]
    if (held !== undefined) found.push(await compare(one, held, context))
  }
  await addTexts(engine, found, project, context.signal)
  return new Map(found.map(one => [one.asked.id, tellDifferences(one.compared, context.textDiff)]))
}

/** The steps, with the differences of what is shipped anew; as they are where the host holds nothing to compare with. A UserError where it cannot be asked. */
export async function shippedDetails(
  engine: DockerEngine,
  { steps, wanted, seen }: { steps: readonly EngineStep[]; wanted: Wanted; seen: Seen },
  context: DetailsContext,
): Promise<EngineStep[]> {
  const asked = steps.flatMap(({ id, work }): Asked[] => {
    const { kind } = work as Work
    if (kind !== 'ship-files') return []
    const { want } = work as Work & { kind: 'ship-files' }
    const path = isShown(want) ? pathBefore(wanted, seen, want) : undefined
    return path === undefined ? [] : [{ id, want, path }]
  })
  if (asked.length === 0) return [...steps]
  const told = await changesById(engine, asked, wanted.project, context)
  return steps.map(step => {
    const changes = told.get(step.id)
    return changes === undefined ? step : { ...step, changes: [...(step.changes ?? []), ...changes] }
  })
}
