// The commands that begin a project or tell of the language.
import type { CommandEntry } from '../../command.js'

const group = 'Start'

export const startCommands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a first longshore.yaml into this folder',
    group,
    load: async () => (await import('./init.js')).init,
  },
  {
    name: 'validate',
    summary: 'check the file without touching a host',
    group,
    load: async () => (await import('./validate.js')).validate,
  },
  {
    name: 'schema',
    summary: 'print the JSON Schema of longshore.yaml or of a playbook, for editors',
    group,
    load: async () => (await import('./schema.js')).schema,
  },
  {
    name: 'settings',
    summary: 'show or change your own settings: forks, colour, report',
    group,
    load: async () => (await import('./settings.js')).settings,
  },
  {
    name: 'docs',
    summary: 'list the kinds of tasks, or show the fields of one with an example',
    group,
    load: async () => (await import('./docs.js')).docs,
  },
]
