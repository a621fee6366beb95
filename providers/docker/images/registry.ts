// Asks registries, through the engine and without a change, which image a tag leads to now.
import { messageOf } from '../../../core/errors.js'
import type { ImageWant, Wanted } from '../../../core/wanted.js'
import type { ImageDetails } from '../api/shapes.js'
import { hasStatus, unlessMissing } from '../apply/job.js'
import type { ImageDefinition, RegistryAnswer } from '../observe/seen.js'
import type { DockerEngine } from '../open.js'
import { authHeader } from '../registries/credentials.js'
import { lendLogin } from '../registries/lend.js'
import { explainPull } from '../registries/refusal.js'
import { platformOf } from './platform.js'
import { digestIn, familiarReference, findImage, type SeenImage } from './reference.js'

/** Milliseconds that a registry has to answer: a plan shall not wait for one that is gone. */
const patience = 15_000

const unknownThere =
  /manifest unknown|not found|name unknown|repository name not known|no such manifest|does not exist/i

/** Which image a reference leads to in its registry. The login goes along with this one request. */
export async function askRegistry(engine: DockerEngine, ref: string, signal: AbortSignal): Promise<RegistryAnswer> {
  const limit = AbortSignal.timeout(patience)
  const either = AbortSignal.any([signal, limit])
  const { login, keptFrom } = await lendLogin({ engine, signal }, ref)
  try {
    const request = { path: `/distribution/${familiarReference(ref)}/json`, headers: authHeader(login), signal: either }
    const { Descriptor } = await engine.api.json<{ Descriptor: { digest: string } }>(request)
    return { digest: Descriptor.digest }
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted) return { unknown: `it did not answer within ${patience / 1000} seconds` }
    if (!hasStatus(error, 400, 401, 403, 404, 500, 503)) throw error
    const said = messageOf(error)
    if (unknownThere.test(said)) return { missing: true }
    return { unknown: explainPull({ ref, registries: engine.scope.registries, keptFrom }, said).text }
  }
}

/** References whose tags may have moved: what is pulled by a policy, what builds start from with `pull`, and what is to be pushed. */
function toAsk(wanted: Wanted, definitions: Readonly<Record<string, ImageDefinition>>): Map<string, ImageWant> {
  const refs = new Map<string, ImageWant>()
  for (const want of wanted.images) {
    if (want.push && want.from !== 'host') refs.set(want.ref, want)
    if (want.from === 'pull' && want.policy !== undefined && want.policy !== 'never') refs.set(want.ref, want)
    if (want.from === 'build' && want.settings?.pull)
      for (const base of definitions[want.ref]?.bases ?? [])
        if (!wanted.images.some(({ ref }) => familiarReference(ref) === familiarReference(base))) refs.set(base, want)
  }
  return refs
}

const isYoung = (details: ImageDetails | undefined, ms: number, now: number): boolean => {
  const since = Date.parse(details?.Metadata?.LastTagTime ?? '')
  return !Number.isNaN(since) && now - since < ms
}

/** What registries say of images that are there, by reference as the file has it; and for which platform those are that must be for one. */
export async function askAbout(
  engine: DockerEngine,
  wanted: Wanted,
  { images, definitions }: { images: readonly SeenImage[]; definitions: Readonly<Record<string, ImageDefinition>> },
  signal: AbortSignal = new AbortController().signal,
): Promise<{ registry: Record<string, RegistryAnswer>; platforms: Record<string, string> }> {
  const registry: Record<string, RegistryAnswer> = {}
  const platforms: Record<string, string> = {}
  const inspect = (ref: string): Promise<ImageDetails | undefined> =>
    unlessMissing(engine.api.json<ImageDetails>({ path: `/images/${ref}/json`, signal }))
  const ask = async (ref: string, want: ImageWant): Promise<void> => {
    // A digest cannot move, and what is not there is pulled anyway.
    if (digestIn(ref) !== undefined || (!want.push && !findImage(images, ref))) return
    const policy = want.from === 'pull' ? want.policy : undefined
    if (typeof policy === 'object' && isYoung(await inspect(ref), policy.everyMs, Date.now())) return
    registry[ref] = await askRegistry(engine, ref, signal)
  }
  const readPlatform = async (ref: string): Promise<void> => {
    const found = await inspect(ref)
    const platform = found && platformOf(found)
    if (platform !== undefined) platforms[ref] = platform
  }
  await Promise.all([
    ...[...toAsk(wanted, definitions)].map(([ref, want]) => ask(ref, want)),
    ...wanted.images.flatMap(want =>
      want.from === 'pull' && want.platform !== undefined && findImage(images, want.ref)
        ? [readPlatform(want.ref)]
        : [],
    ),
  ])
  return { registry, platforms }
}
