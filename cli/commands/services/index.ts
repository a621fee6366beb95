// The commands for a project's services.
import type { CommandEntry } from '../../command.js'

const group = 'Services'

export const serviceCommands: readonly CommandEntry[] = [
  {
    name: 'ps',
    summary: "list the project's containers",
    group,
    load: async () => (await import('./ps.js')).ps,
  },
  {
    name: 'logs',
    summary: 'show what containers print',
    group,
    load: async () => (await import('./logs.js')).logs,
  },
  {
    name: 'exec',
    summary: 'run a command in a container',
    group,
    load: async () => (await import('./exec.js')).exec,
  },
]
