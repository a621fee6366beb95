// Which of two containers runs first when one takes the place of the other, and what stands against starting the new one first. Pure.
import type { ContainerWant, MountWant, ReplaceOrder } from '../../../core/wanted.js'
import type { SeenContainer } from '../observe/seen.js'

/** The order, why it is not start-first, and what to say where the file asked for what cannot be. */
export interface OrderOfTwo {
  order: ReplaceOrder
  why?: string
  warning?: string
}

/** What this machine's files are the source of is no data, and a socket has no content that two could write. */
const isWritten = ({ type, source = '', readOnly, shipped }: MountWant): boolean =>
  type !== 'tmpfs' && !readOnly && shipped === undefined && !source.endsWith('.sock')

/** Why both cannot run at once, whatever the file says; undefined where they can. */
function obstacle({ config }: ContainerWant, found: SeenContainer): string | undefined {
  if (found.alone !== undefined) return found.alone
  const { ports, networks, networkMode } = config
  const held = ports.find(
    ({ published, protocol }) =>
      published !== undefined && found.ports.some(port => port.PublicPort === published && port.Type === protocol),
  )
  if (held) return `the old one holds port ${held.published}`
  if (networkMode === 'host') return "it uses the host's network"
  if (networkMode?.startsWith('container:')) return 'it shares the network of another container'
  const fixed = networks.flatMap(({ address, address6 }) => address ?? address6 ?? [])[0]
  if (fixed !== undefined) return `its address ${fixed} is fixed`
  const mac = config.macAddress ?? networks.flatMap(({ macAddress }) => macAddress ?? [])[0]
  return mac === undefined ? undefined : `its MAC address ${mac} is fixed`
}

/** What both would write; undefined where there is nothing of the kind. */
function sharedData({ config }: ContainerWant, found: SeenContainer): string | undefined {
  const mount = config.mounts.find(isWritten)
  if (mount) {
    const { type, source, target } = mount
    if (source === undefined) return found.anonymousVolumes.length > 0 ? `both would write ${target}` : undefined
    return `both would write ${type === 'volume' ? 'volume ' : ''}${source}`
  }
  const [from] = (config.volumesFrom ?? []).filter(name => !name.endsWith(':ro'))
  if (from !== undefined) return `both would write the volumes of ${from.replace(/:rw$/, '')}`
  return found.anonymousVolumes.length > 0 ? 'both would write its unnamed volume' : undefined
}

/**
 * The order of a replacement: start-first where nothing stands against it, or where the file asks for it and only data does.
 * Undefined where the old one does not run.
 */
export function orderOfTwo(want: ContainerWant, found: SeenContainer): OrderOfTwo | undefined {
  if (found.state !== 'running') return undefined
  const asked = want.rollout?.order
  if (asked === 'stop-first') return { order: 'stop-first', why: 'as the file says' }
  const why = obstacle(want, found)
  if (why !== undefined)
    return {
      order: 'stop-first',
      why,
      ...(asked === undefined
        ? {}
        : { warning: `container ${want.name} is replaced stop-first, though the file says start-first: ${why}` }),
    }
  const data = asked === 'start-first' ? undefined : sharedData(want, found)
  return data === undefined ? { order: 'start-first' } : { order: 'stop-first', why: data }
}

/** How a plan tells it, after the cause. */
export const orderText = ({ order, why }: OrderOfTwo): string => (why === undefined ? order : `${order}: ${why}`)
