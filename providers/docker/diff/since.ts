// What an engine is too old for: told before it is asked for, because an engine takes no notice of what it does not know.
import type { ContainerConfig } from '../../../core/wanted.js'
import { compareVersions } from '../api/version.js'
import type { DiffContext } from './parts.js'

interface Since {
  /** The API version that has it, and the engine of that version. */
  api: string
  engine: string
  what: string
  isAsked(config: ContainerConfig): boolean
  /** True where the container would not be what the file says: an error, not a warning. */
  isVital?: boolean
}

const since: readonly Since[] = [
  { api: '1.43', engine: '24', what: 'annotations', isAsked: config => config.annotations !== undefined },
  {
    api: '1.44',
    engine: '25',
    what: 'healthcheck.start_interval',
    isAsked: config => config.healthcheck?.startIntervalMs !== undefined,
  },
  {
    api: '1.44',
    engine: '25',
    what: 'a mac_address on a network that is not the main one',
    isAsked: config => config.networks.slice(1).some(({ macAddress }) => macAddress !== undefined),
  },
  {
    api: '1.45',
    engine: '26',
    what: 'a volume with a subpath',
    isAsked: config => config.mounts.some(({ settings }) => settings?.subpath !== undefined),
    isVital: true,
  },
]

/** Adds what is to be said of settings that the engine is too old for; nothing where there is no engine yet. */
export function tellTooOld({ wanted, seen, warnings, problems }: DiffContext): void {
  const { api } = seen
  if (api === undefined) return
  for (const { config, name, at } of wanted.containers)
    for (const each of since) {
      if (!each.isAsked(config) || compareVersions(api, each.api) >= 0) continue
      const text = `container ${name}: ${each.what} needs engine ${each.engine} (API ${each.api}), and this one speaks ${api}`
      if (each.isVital) problems.push({ text, hint: 'leave it out, or update the engine', at })
      else warnings.push(`${text}: it has no effect`)
    }
}
