// What registries have to say in a plan: tags that have moved, and images that they do not have yet.
import type { Change } from '../../../core/step.js'
import type { ImageWant } from '../../../core/wanted.js'
import { isForPlatform } from '../images/platform.js'
import type { SeenImage } from '../images/reference.js'
import { registryOf } from '../registries/credentials.js'
import { makeStep } from '../work.js'
import type { DiffContext } from './parts.js'

/** Why a step is planned. */
export interface Told {
  cause: string
  changes?: Change[]
}

const short = (digest: string): string => digest.slice(0, 'sha256:'.length + 12)

const warn = ({ warnings }: DiffContext, text: string): void => {
  if (!warnings.includes(text)) warnings.push(text)
}

const hasDigest = ({ digests, id }: SeenImage, digest: string): boolean =>
  id === digest || digests.some(own => own.endsWith(`@${digest}`))

/** Digests of an image as its own registry gave them; the same image may have others from elsewhere. */
const ownDigests = ({ digests }: SeenImage, ref: string): string[] =>
  digests.flatMap(own => {
    const [name = '', digest = ''] = own.split('@')
    return registryOf(name) === registryOf(ref) ? [digest] : []
  })

/** That a tag leads to another image in its registry than here; undefined where it does not, or where nobody was asked. */
export function movedCause(context: DiffContext, ref: string, found: SeenImage | undefined): Told | undefined {
  const answer = context.seen.registry?.[ref]
  if (answer === undefined || found === undefined) return undefined
  if ('unknown' in answer) {
    warn(context, `image ${ref}: ${registryOf(ref)} does not tell whether its tag has moved: ${answer.unknown}`)
    return undefined
  }
  if ('missing' in answer) {
    warn(context, `image ${ref}: ${registryOf(ref)} does not have it; what is here stays`)
    return undefined
  }
  if (hasDigest(found, answer.digest)) return undefined
  const [before] = ownDigests(found, ref)
  const change = { what: 'digest', from: before ?? 'none', to: answer.digest }
  const from = before === undefined ? 'made elsewhere' : short(before)
  return { cause: `its tag has moved in ${registryOf(ref)}: ${from} → ${short(answer.digest)}`, changes: [change] }
}

/** Why an image must be pulled; undefined where it need not, or must not. */
export function pullCause(
  context: DiffContext,
  want: Extract<ImageWant, { from: 'pull' }>,
  found: SeenImage | undefined,
): Told | undefined {
  const { ref, platform, policy } = want
  if (policy === 'never') {
    if (!found && !context.seen.absent)
      warn(context, `image ${ref} is not there, and \`pull_policy: never\` does not bring it`)
    return undefined
  }
  if (!found) return { cause: 'not there' }
  const own = context.seen.platforms?.[ref]
  if (platform !== undefined && own !== undefined && !isForPlatform(own, platform))
    return { cause: `it is for ${own}`, changes: [{ what: 'platform', from: own, to: platform }] }
  return movedCause(context, ref, found)
}

/** Adds the step that pushes an image, after its making. A registry that cannot be asked is warned of. */
export function diffPush(context: DiffContext, want: ImageWant, found: SeenImage | undefined): void {
  const { scope, wanted, seen, steps } = context
  if (!want.push || want.from === 'host') return
  const registry = registryOf(want.ref)
  const thing = `image ${want.ref} to ${registry}`
  const making = steps.get(`image ${want.ref}`)
  const answer = seen.registry?.[want.ref]
  const cause = (): string | undefined => {
    if (making !== undefined && making.verb !== 'tag') return `${making.verb} image ${want.ref}`
    if (answer === undefined || 'missing' in answer) return 'not there'
    if ('digest' in answer)
      return found && hasDigest(found, answer.digest) ? undefined : `another one is there: ${short(answer.digest)}`
    warn(
      context,
      `image ${want.ref}: ${registry} does not tell whether it has it, so it is not pushed: ${answer.unknown}`,
    )
    return undefined
  }
  const told = cause()
  if (told === undefined) {
    context.unchanged++
    return
  }
  const after = making === undefined ? [] : [making.id]
  const { project, key } = wanted
  steps.set(
    thing,
    makeStep(scope, thing, { verb: 'push', cause: told, after }, { project, key, kind: 'push-image', want }),
  )
}
