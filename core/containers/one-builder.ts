// Images that one host builds for all: which host that is, and what the others receive from it instead of building.
import type { Problems } from '../config/problems.js'
import type { Host } from '../project.js'
import type { ImageWant } from '../wanted.js'

/** What one host would want of images, if it made them all itself. */
export interface HostShare {
  host: Host
  wants: readonly ImageWant[]
  /** References that its containers are made from; the others are there to build upon. */
  used: ReadonlySet<string>
}

const plain = (ref: string): string => ref.replace(/:latest$/, '')

/** True for an image that is made upon others. */
export const isMade = (want: ImageWant): want is Extract<ImageWant, { from: 'build' | 'playbook' }> =>
  want.from === 'build' || want.from === 'playbook'

const isOnce = (want: ImageWant): want is Extract<ImageWant, { from: 'build' | 'playbook' | 'import' | 'load' }> =>
  (isMade(want) || want.from === 'import' || want.from === 'load') && want.once !== undefined

const isUsed = ({ used }: HostShare, { ref }: ImageWant): boolean => [...used].some(one => plain(one) === plain(ref))

/** The host that builds each image which is built once: the first that needs it, or this machine's own. */
function buildersOf(shares: readonly HostShare[], mistakes: Problems): Map<string, Host> {
  const here = shares.find(({ host }) => host.connection === 'local')?.host
  const builders = new Map<string, Host>()
  for (const { host, wants } of shares)
    for (const want of wants.filter(isOnce)) {
      if (builders.has(want.ref)) continue
      const builder = want.once === 'here' ? here : host
      if (builder) builders.set(want.ref, builder)
      else
        mistakes.add(
          `the image ${want.ref} is built here, and no host is this machine: name it, as in \`hosts: { here: { connection: local } }\``,
          want.at,
        )
    }
  return builders
}

/** Images by host name, where those that are built once are built on one host, and received by the others. */
export function oneBuilder(shares: readonly HostShare[], mistakes: Problems): Map<string, ImageWant[]> {
  const builders = buildersOf(shares, mistakes)
  const isElsewhere = ({ host }: HostShare, want: ImageWant): boolean => isOnce(want) && builders.get(want.ref) !== host
  const needs = (share: HostShare): ImageWant[] => {
    const { wants } = share
    if (!wants.some(want => isElsewhere(share, want))) return [...wants]
    // What is only there to be built upon goes where the building goes.
    const builds = wants.some(want => isMade(want) && !isElsewhere(share, want))
    return wants.filter(want => builds || isUsed(share, want))
  }
  const needed = new Map(shares.map(share => [share, needs(share)]))
  const receivers = (ref: string): number =>
    shares.filter(share => needed.get(share)?.some(want => want.ref === ref && isElsewhere(share, want))).length

  const result = new Map<string, ImageWant[]>()
  for (const share of shares) {
    const own = (needed.get(share) ?? []).map((want): ImageWant => {
      const { ref, at } = want
      const builder = isElsewhere(share, want) ? builders.get(ref) : undefined
      return builder ? { ref, at, from: 'host', host: builder.name, others: receivers(ref) - 1 } : want
    })
    // A builder that runs none of it needs all that a host which does would need to build it.
    for (const [ref, builder] of builders) {
      if (builder !== share.host || own.some(want => want.ref === ref)) continue
      const needer = shares.find(({ wants }) => wants.some(want => want.ref === ref))
      for (const want of needer?.wants ?? [])
        if (needer && !own.some(other => other.ref === want.ref) && (want.ref === ref || !isUsed(needer, want)))
          own.push(want)
    }
    result.set(share.host.name, own)
  }
  return result
}
