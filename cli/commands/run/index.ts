// The commands that change hosts and what runs on them.
import type { CommandEntry } from '../../command.js'

const group = 'Run'

export const runCommands: readonly CommandEntry[] = [
  {
    name: 'plan',
    summary: 'show every step that up would do, with its cause; touch nothing',
    group,
    load: async () => (await import('./plan.js')).plan,
  },
  {
    name: 'up',
    summary: 'make everything as the file says: hosts, engine, containers',
    group,
    load: async () => (await import('./up.js')).up,
  },
  {
    name: 'provision',
    summary: 'make hosts and engine as the file says; containers stay as they are',
    group,
    load: async () => (await import('./provision.js')).provision,
  },
  {
    name: 'down',
    summary: "remove the project's containers and networks; the engine and the hosts stay",
    group,
    load: async () => (await import('./down.js')).down,
  },
  {
    name: 'rollback',
    summary: 'bring containers back to how they stood before, with the images of that time',
    group,
    load: async () => (await import('./rollback.js')).rollback,
  },
  {
    name: 'history',
    summary: "list the runs that changed the project's containers: who, when, what",
    group,
    load: async () => (await import('./history.js')).history,
  },
  {
    name: 'lock',
    summary: "show who holds the project's lock, or release one that was left behind",
    group,
    load: async () => (await import('./lock.js')).lock,
  },
]
