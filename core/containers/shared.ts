// What a service shares with another one, or with a container: its network, its namespaces, its volumes.
import type { Read } from './read.js'
import type { Service } from './schema/service.js'

/** A service that another one shares something with, and the place that says so. */
export interface Owner {
  service: string
  path: (string | number)[]
}

const modes = ['network_mode', 'ipc', 'pid'] as const

const prefix = 'service:'

/** The service that a mode names (`service:NAME`). */
const serviceIn = (mode: string | undefined): string | undefined =>
  mode?.startsWith(prefix) ? mode.slice(prefix.length) : undefined

/** The services whose network, namespaces or volumes a service shares. */
export function ownersOf(service: Service): Owner[] {
  const byMode = modes.flatMap((key): Owner[] => {
    const owner = serviceIn(service[key])
    return owner === undefined ? [] : [{ service: owner, path: [key] }]
  })
  const byVolumes = (service.volumes_from ?? []).flatMap(({ name, isService }, index): Owner[] =>
    isService ? [{ service: name, path: ['volumes_from', index] }] : [],
  )
  return [...byMode, ...byVolumes]
}

/** What is shared, in the engine's words. */
export interface Shared {
  networkMode?: string
  ipc?: string
  pid?: string
  volumesFrom?: string[]
}

/**
 * Puts containers in the place of services. `container` gives the name of the one that is meant; undefined where there is none, and it
 * has told so.
 */
export function sharedBy({ value: service }: Read<Service>, container: (owner: Owner) => string | undefined): Shared {
  const mode = (key: (typeof modes)[number]): string | undefined => {
    const owner = serviceIn(service[key])
    if (owner === undefined) return service[key]
    const name = container({ service: owner, path: [key] })
    return name === undefined ? undefined : `container:${name}`
  }
  const from = (service.volumes_from ?? []).flatMap(({ name, isService, readOnly }, index) => {
    const found = isService ? container({ service: name, path: ['volumes_from', index] }) : name
    return found === undefined ? [] : [readOnly ? `${found}:ro` : found]
  })
  const [networkMode, ipc, pid] = [mode('network_mode'), mode('ipc'), mode('pid')]
  return {
    ...(networkMode === undefined ? {} : { networkMode }),
    ...(ipc === undefined ? {} : { ipc }),
    ...(pid === undefined ? {} : { pid }),
    ...(from.length === 0 ? {} : { volumesFrom: from }),
  }
}
