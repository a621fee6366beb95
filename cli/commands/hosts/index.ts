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
]
