// The commands that look at hosts and enter them.
import type { CommandEntry } from '../../command.js'

const group = 'Hosts'

export const hostCommands: readonly CommandEntry[] = [
  {
    name: 'status',
    summary: 'show hosts, engines, containers, and what differs from the file',
    group,
    load: async () => (await import('./status.js')).status,
  },
  {
    name: 'doctor',
    summary: 'say what is wrong on hosts and with their engines, and what to do about it',
    group,
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    name: 'facts',
    summary: 'show what hosts are, or where their variables come from',
    group,
    load: async () => (await import('./facts.js')).facts,
  },
  {
    name: 'ssh',
    summary: 'open a terminal on a host, or run a command there',
    group,
    load: async () => (await import('./ssh.js')).ssh,
  },
  {
    name: 'sh',
    summary: 'run a command on several hosts at once',
    group,
    load: async () => (await import('./sh.js')).sh,
  },
  {
    name: 'env',
    summary: "point a stock docker client at a host's engine",
    group,
    load: async () => (await import('./env.js')).env,
  },
  {
    name: 'certs',
    summary: "show or renew the engines' certificates, or make one for a client",
    group,
    load: async () => (await import('./certs.js')).certs,
  },
  {
    name: 'ssh-config',
    summary: 'print hosts as ssh reads them: `longshore ssh-config > FILE`, then `ssh -F FILE HOST`',
    group,
    load: async () => (await import('./ssh-config.js')).sshConfig,
  },
  {
    name: 'halt',
    summary: 'shut machines down; `up` starts them again',
    group,
    load: async () => (await import('./halt.js')).halt,
  },
  {
    name: 'reload',
    summary: 'shut machines down and start them again',
    group,
    load: async () => (await import('./reload.js')).reload,
  },
  {
    name: 'snapshot',
    summary: 'keep whole machines, with the volumes of their engines, and bring them back',
    group,
    load: async () => (await import('./snapshot.js')).snapshot,
  },
  {
    name: 'package',
    summary: 'write a machine as an archive that `machine: { image: ./FILE.tar }` takes',
    group,
    load: async () => (await import('./package.js')).packageMachine,
  },
  {
    name: 'destroy',
    summary: 'remove machines with all that is on them, their snapshots and their keys',
    group,
    load: async () => (await import('./destroy.js')).destroy,
  },
  {
    name: 'provider',
    summary: 'try a provider on a host: test PATH',
    group,
    load: async () => (await import('./provider.js')).provider,
  },
]
