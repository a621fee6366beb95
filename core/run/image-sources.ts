// Images that one engine receives from another: decided when both were seen, because the one's plan depends on the other's.
import type { ImageSource } from '../provider.js'
import type { EngineSide } from './engine-side.js'

/** Hosts that an engine receives images from. */
const sourceHosts = ({ wanted }: EngineSide): string[] =>
  (wanted?.images ?? []).flatMap(image => (image.from === 'host' ? [image.host] : []))

/** Plans a side anew by what its sources are and will be; leaves it as it is where it receives nothing. */
export function planReceiver(side: EngineSide, sides: readonly EngineSide[]): void {
  const hosts = new Set(sourceHosts(side))
  if (hosts.size === 0 || side.again === undefined) return
  const sources = new Map<string, ImageSource>()
  for (const source of sides) {
    const { scope, provider, seen, planned } = source
    if (!hosts.has(scope.name) || provider !== side.provider || planned === undefined) continue
    sources.set(scope.name, { seen, steps: new Set(planned.steps.map(step => step.id)) })
  }
  side.sources = sources
  const planned = side.again()
  const apart = sides.filter(({ work, scope }) => work.apart && hosts.has(scope.name)).map(({ scope }) => scope.name)
  const told = apart.map(
    name => `${name} builds images for this host and is outside of --on: it does not build them anew`,
  )
  side.planned = { ...planned, warnings: [...planned.warnings, ...told] }
}
