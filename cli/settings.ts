// What a user always wants, in a file of their own: hosts at a time, colour, report. Never anything about a project.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, usageError } from '../core/errors.js'
import { suggestion } from '../core/language/suggest.js'

export interface UserSettings {
  /** Hosts at a time. */
  forks: number
  colour: 'auto' | 'always' | 'never'
  report: 'auto' | 'tree' | 'plain'
}

/** What counts where the user has set nothing. */
export const defaultSettings: UserSettings = { forks: 50, colour: 'auto', report: 'auto' }

/** Each setting: what it is for, and which values it takes, as JSON Schema. */
const shapes = {
  forks: { type: 'integer', minimum: 1, maximum: 1000 },
  colour: { type: 'string', enum: ['auto', 'always', 'never'] },
  report: { type: 'string', enum: ['auto', 'tree', 'plain'] },
} as const

export type SettingName = keyof UserSettings

/** The settings' names, in the order they are listed. */
export const settingNames = Object.keys(shapes) as SettingName[]

/** A setting's name as typed. A usage error with the nearest name when there is none such. */
export function settingName(text: string): SettingName {
  const name = settingNames.find(known => known === text)
  if (!name) throw usageError(`there is no setting "${text}"${suggestion(text, settingNames)}`)
  return name
}

/** A value as typed, checked for its setting. */
export function settingValue(name: SettingName, text: string): string | number {
  const shape = shapes[name]
  if (shape.type === 'integer') {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= shape.minimum && number <= shape.maximum) return number
    throw usageError(`${name} must be a whole number from ${shape.minimum} to ${shape.maximum}, not "${text}"`)
  }
  if (shape.enum.some(word => word === text)) return text
  throw usageError(`${name} must be ${shape.enum.join(' or ')}, not "${text}"`)
}

/** Where the settings live: the XDG base directory specification's folder for configuration. */
export const settingsFolder = (env: Readonly<Record<string, string | undefined>>, home: string): string =>
  join(env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(home, '.config'), 'longshore')

/** The user's own settings, to read and to change. */
export interface SettingsStore {
  readonly path: string
  readonly set: Partial<UserSettings>
  put(name: SettingName, value: string | number): void
  remove(name: SettingName): void
}

/** Opens the file (0600; made by the first change). A file that cannot be understood is a usage error. */
export async function openSettings(folder: string): Promise<SettingsStore> {
  // Loaded when needed: it takes longer to load than most commands take to run.
  const { default: Conf } = await import('conf')
  const path = join(folder, 'config.json')
  try {
    const conf = new Conf<Partial<UserSettings>>({
      cwd: folder,
      projectSuffix: '',
      configFileMode: 0o600,
      schema: shapes,
      rootSchema: { additionalProperties: false },
    })
    return {
      path: conf.path,
      set: { ...conf.store },
      put: (name, value) => conf.set(name, value),
      remove: name => conf.delete(name),
    }
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not valid JSON' : messageOf(error)
    throw usageError(`cannot understand the settings file ${path}: ${why}`, {
      hint: 'correct it, or delete it to start again with the defaults',
      cause: error,
    })
  }
}

/** The settings that count: the defaults, and what the user has set. Does not load the library where there is no file. */
export async function readSettings(folder: string): Promise<UserSettings> {
  if (!existsSync(join(folder, 'config.json'))) return defaultSettings
  return { ...defaultSettings, ...(await openSettings(folder)).set }
}
