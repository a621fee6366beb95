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
  {
    name: 'run',
    summary: 'run one command in a container of its own, made as the service says',
    group,
    load: async () => (await import('./run.js')).run,
  },
  {
    name: 'scale',
    summary: 'change how many containers a service has, now; the file stays as it is',
    group,
    load: async () => (await import('./scale.js')).scale,
  },
  {
    name: 'attach',
    summary: "join this terminal with a running container's program",
    group,
    load: async () => (await import('./attach.js')).attach,
  },
  {
    name: 'cp',
    summary: 'copy files between this machine and containers',
    group,
    load: async () => (await import('./cp.js')).cp,
  },
  {
    name: 'start',
    summary: 'start containers that are there, what they stand on first',
    group,
    load: async () => (await import('./start.js')).start,
  },
  {
    name: 'stop',
    summary: 'stop containers and keep them, what stands on them first',
    group,
    load: async () => (await import('./stop.js')).stop,
  },
  {
    name: 'restart',
    summary: 'stop and start containers, what they stand on first',
    group,
    load: async () => (await import('./restart.js')).restart,
  },
  {
    name: 'kill',
    summary: 'send a signal to containers',
    group,
    load: async () => (await import('./kill.js')).kill,
  },
  {
    name: 'pause',
    summary: 'hold containers still; `unpause` lets them go on',
    group,
    load: async () => (await import('./pause.js')).pause,
  },
  {
    name: 'unpause',
    summary: 'let paused containers go on',
    group,
    load: async () => (await import('./unpause.js')).unpause,
  },
  {
    name: 'wait',
    summary: 'wait until the first container ends, and end with its exit code',
    group,
    load: async () => (await import('./wait.js')).wait,
  },
  {
    name: 'top',
    summary: 'list the programs that run in containers',
    group,
    load: async () => (await import('./top.js')).top,
  },
  {
    name: 'stats',
    summary: 'show what containers use: CPU, memory, network, disk',
    group,
    load: async () => (await import('./stats.js')).stats,
  },
  {
    name: 'events',
    summary: "show what happens to the project's containers",
    group,
    load: async () => (await import('./events.js')).events,
  },
  {
    name: 'port',
    summary: 'tell where published ports are reached',
    group,
    load: async () => (await import('./port.js')).port,
  },
  {
    name: 'inspect',
    summary: 'print all that the engines know of containers, as JSON',
    group,
    load: async () => (await import('./inspect.js')).inspect,
  },
]
