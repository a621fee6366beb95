// Where a host holds what a shipped thing was before: told by the containers that mount it.
import type { ShippedWant } from '../../../core/containers/mounts/shipped-want.js'
import type { Wanted } from '../../../core/wanted.js'
import { parseSpec } from '../canonical.js'
import { isOurContainer, labels } from '../labels.js'
import type { Seen, SeenContainer } from '../observe/seen.js'
import { belowFiles, type ShippedMount, shippedMounts } from './place.js'

/** Where shipped things and live copies lie below the folder of shipped files. */
const heldPath = /^(?:[0-9a-f]{64}\/content|live\/\w[\w.-]*\/[0-9a-f]{16})$/

/** True where the container was made with just this thing at this place: what lies there by another name may be a secret. */
function hasSame(found: SeenContainer, { source = '', target, shipped }: ShippedMount): boolean {
  const { shipped: things, volumes } = parseSpec(found.labels[labels.spec])
  const isThere = typeof things === 'object' && things !== null && shipped.thing in things
  const mount = `${source}:${target}`
  return isThere && Array.isArray(volumes) && volumes.some(text => `${text}:`.startsWith(`${mount}:`))
}

/** A path below the host's folder of shipped files; undefined where no container tells. */
export function pathBefore(wanted: Wanted, seen: Seen, want: ShippedWant): string | undefined {
  for (const { name, config } of wanted.containers) {
    const found = seen.containers.find(one => one.name === name && isOurContainer(one.labels, wanted.project))
    for (const mount of found ? shippedMounts({ config }) : []) {
      const isIt = mount.shipped.thing === want.thing && mount.shipped.sum === want.sum
      if (!isIt || !found || !hasSame(found, mount)) continue
      const source = found.binds?.find(({ target }) => target === mount.target)?.source ?? ''
      const path = belowFiles(wanted.project, source)
      if (path !== undefined && heldPath.test(path)) return path
    }
  }
  return undefined
}
