// Which images nobody needs any more, and how much room they take.
import type { EngineStep, StepResult } from '../../../core/provider.js'
import type { PruneRule } from '../../../core/provider-abilities.js'
import type { ImageSummary } from '../api/shapes.js'
import { compareVersions } from '../api/version.js'
import type { Job } from '../apply/job.js'
import { labels } from '../labels.js'
import { listContainers } from '../observe/observe.js'
import type { DockerEngine } from '../open.js'
import { carrierLabel } from '../ship/holdings.js'
import { sizeText } from '../ship/load.js'
import { makeStep } from '../work.js'
import { isKeptName } from './keep.js'
import { familiarReference } from './reference.js'

/** What an engine's images take; `SharedSize` is what other images take, too. */
interface DiskUse {
  Images: (ImageSummary & { SharedSize: number })[] | null
  BuildCache: { Size: number; Shared: boolean; InUse: boolean }[] | null
}

/** An image as the rule sees it. */
export interface PruneCandidate {
  id: string
  tags: string[]
  digests: string[]
  labels: Readonly<Record<string, string>>
  created: number
  /** Bytes that no other image takes. */
  own: number
}

/** Why an image goes. */
interface Verdict {
  image: PruneCandidate
  cause: string
}

const isNamed = (ref: string, { tags, digests, id }: PruneCandidate): boolean => {
  const name = familiarReference(ref)
  return tags.includes(name) || digests.includes(name) || id === name
}

/** The images that the rule does not keep, with the reason for each. `used` are ids of images that containers are made from. Pure. */
export function judgeImages(
  images: readonly PruneCandidate[],
  used: ReadonlySet<string>,
  { project, keep, all, wanted, kept }: PruneRule,
): Verdict[] {
  const isFree = (image: PruneCandidate): boolean =>
    !used.has(image.id) &&
    !kept.has(image.id) &&
    !image.digests.some(digest => kept.has(digest)) &&
    !image.tags.some(tag => isKeptName(project, tag)) &&
    !wanted.some(ref => isNamed(ref, image)) &&
    // What another project has made is for its own operators to judge.
    (image.labels[labels.project] === undefined || image.labels[labels.project] === project)
  const isWanted = (ref: string): boolean => wanted.some(one => familiarReference(one) === ref)
  const versions = new Map<string, number>()
  const verdicts: Verdict[] = []
  for (const image of [...images].sort((one, other) => other.created - one.created)) {
    const ships = image.labels[carrierLabel]
    const made = image.labels[labels.image]
    const isOwn = made !== undefined && image.labels[labels.project] === project
    if (ships !== undefined) {
      if (all && isFree(image) && !isWanted(ships))
        verdicts.push({ image, cause: `keeps layers of ${ships}, which is not wanted` })
      continue
    }
    if (!isFree(image)) continue
    if (isOwn && isWanted(made)) {
      // A build that lost its name to a newer one.
      const number = (versions.get(made) ?? 0) + 1
      versions.set(made, number)
      if (image.tags.length === 0 && number > keep) verdicts.push({ image, cause: `an older build of ${made}` })
      else if (image.tags.length > 0 && all) verdicts.push({ image, cause: 'no container is made from it' })
      continue
    }
    if (isOwn) verdicts.push({ image, cause: `a build of ${made}, which the file does not name any more` })
    else if (image.tags.length === 0)
      verdicts.push({ image, cause: 'it has no name, and no container is made from it' })
    else if (all) verdicts.push({ image, cause: 'no container is made from it' })
  }
  return verdicts
}

const candidate = ({
  Id,
  RepoTags,
  RepoDigests,
  Labels,
  Created,
  Size,
  SharedSize,
}: ImageSummary & { SharedSize: number }): PruneCandidate => ({
  id: Id,
  tags: (RepoTags ?? []).filter(tag => tag !== '<none>:<none>'),
  digests: (RepoDigests ?? []).filter(digest => digest !== '<none>@<none>'),
  labels: Labels ?? {},
  created: Created,
  own: Math.max(0, Size - Math.max(SharedSize, 0)),
})

/** The steps that remove what the rule does not keep, the newest images first. */
export async function prunable(engine: DockerEngine, rule: PruneRule): Promise<EngineStep[]> {
  const { api, scope } = engine
  // Before API 1.42 the engine measures volumes and containers, too, whether or not anybody asks.
  const types = compareVersions(api.version, '1.42') < 0 ? {} : { repeated: { type: ['image', 'build-cache'] } }
  const [use, containers] = await Promise.all([
    api.json<DiskUse>({ path: '/system/df', ...types }),
    listContainers(engine),
  ])
  const used = new Set(containers.map(({ imageId }) => imageId))
  const origin = { project: rule.project, key: new Uint8Array() }
  const steps = judgeImages((use.Images ?? []).map(candidate), used, rule).map(({ image, cause }) => {
    const name = image.tags[0] ?? image.id.replace('sha256:', '').slice(0, 12)
    const told = { verb: 'remove', cause: `${cause}; frees ${sizeText(image.own)}` }
    const refs = image.tags.length > 0 ? image.tags : [image.id]
    return makeStep(scope, `image ${name}`, told, { ...origin, kind: 'remove-image', refs })
  })
  const cache = (use.BuildCache ?? []).filter(({ Shared, InUse }) => !Shared && !InUse)
  const bytes = cache.reduce((sum, { Size }) => sum + Size, 0)
  if (!rule.all || cache.length === 0) return steps
  const told = { verb: 'remove', cause: `builds without it take longer; frees ${sizeText(bytes)}` }
  return [...steps, makeStep(scope, 'build cache', told, { ...origin, kind: 'prune-cache' })]
}

/** Empties BuildKit's cache. */
export async function pruneCache({ engine, signal }: Job): Promise<StepResult> {
  const request = { method: 'POST', path: '/build/prune', query: { all: true }, signal } as const
  const { SpaceReclaimed = 0 } = (await engine.api.json<{ SpaceReclaimed?: number } | undefined>(request)) ?? {}
  return { state: 'done', text: `${sizeText(SpaceReclaimed)} freed` }
}
