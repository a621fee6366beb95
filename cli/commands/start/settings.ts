// `longshore settings`: shows and changes what the user always wants.
import { exitCodes, usageError } from '../../../core/errors.js'
import { command } from '../../command.js'
import { table } from '../../report/table.js'
import {
  defaultSettings,
  openSettings,
  type SettingsStore,
  settingName,
  settingNames,
  settingsFolder,
  settingValue,
} from '../../settings.js'

const listed = (store: SettingsStore): string[][] =>
  settingNames.map(name => [
    name,
    String(store.set[name] ?? defaultSettings[name]),
    name in store.set ? 'set' : 'default',
  ])

export const settings = command({
  name: 'settings',
  summary: 'show or change your own settings: forks, colour, report',
  arguments: {
    key: { text: 'the setting (all if left out)', need: 'maybe' },
    value: { text: 'its new value', need: 'maybe' },
  },
  options: { unset: { flags: '--unset', text: 'go back to the default', kind: 'flag' } },
  async run(context, { key, value, unset }) {
    const store = await openSettings(settingsFolder(context.env, context.home))
    const { json } = context.options
    if (key === undefined) {
      if (unset) throw usageError('--unset needs the name of a setting')
      if (json) context.printJson({ type: 'settings', path: store.path, ...defaultSettings, ...store.set })
      else for (const line of table(['SETTING', 'VALUE', 'FROM'], listed(store))) context.print(line)
      return exitCodes.done
    }
    const name = settingName(key)
    if (unset && value !== undefined) throw usageError('give a value or --unset, not both')
    if (unset) store.remove(name)
    else if (value !== undefined) store.put(name, settingValue(name, value))
    else if (json) context.printJson({ type: 'settings', [name]: store.set[name] ?? defaultSettings[name] })
    else context.print(String(store.set[name] ?? defaultSettings[name]))
    return exitCodes.done
  },
})
