// The list of commands: what the help needs of each, and where the rest is. A command is loaded only when it is called.
import type { CommandEntry } from '../command.js'

const start = 'Start'
const run = 'Run'
const look = 'Look and enter'

export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a first longshore.yaml into this folder',
    group: start,
    load: async () => (await import('./init.js')).init,
  },
  {
    name: 'validate',
    summary: 'check the file without touching a host',
    group: start,
    load: async () => (await import('./validate.js')).validate,
  },
  {
    name: 'schema',
    summary: 'print the JSON Schema of longshore.yaml or of a playbook, for editors',
    group: start,
    load: async () => (await import('./schema.js')).schema,
  },
  {
    name: 'settings',
    summary: 'show or change your own settings: forks, colour, report',
    group: start,
    load: async () => (await import('./settings.js')).settings,
  },
  {
    name: 'docs',
    summary: 'list the kinds of tasks, or show the fields of one with an example',
    group: start,
    load: async () => (await import('./docs.js')).docs,
  },
  {
    name: 'plan',
    summary: 'show every step that up would do, with its cause; touch nothing',
    group: run,
    load: async () => (await import('./plan.js')).plan,
  },
  {
    name: 'up',
    summary: 'make everything as the file says: hosts, engine, containers',
    group: run,
    load: async () => (await import('./up.js')).up,
  },
  {
    name: 'provision',
    summary: 'make hosts and engine as the file says; containers stay as they are',
    group: run,
    load: async () => (await import('./provision.js')).provision,
  },
  {
    name: 'down',
    summary: "remove the project's containers and networks; the engine and the hosts stay",
    group: run,
    load: async () => (await import('./down.js')).down,
  },
  {
    name: 'status',
    summary: 'show hosts, engines, containers, and what differs from the file',
    group: look,
    load: async () => (await import('./status.js')).status,
  },
  {
    name: 'doctor',
    summary: 'say what is wrong on hosts and with their engines, and what to do about it',
    group: look,
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    name: 'facts',
    summary: 'show what hosts are, or where their variables come from',
    group: look,
    load: async () => (await import('./facts.js')).facts,
  },
  {
    name: 'ps',
    summary: "list the project's containers",
    group: look,
    load: async () => (await import('./ps.js')).ps,
  },
  {
    name: 'images',
    summary: 'list the images on the hosts',
    group: look,
    load: async () => (await import('./images.js')).images,
  },
  {
    name: 'logs',
    summary: 'show what containers print',
    group: look,
    load: async () => (await import('./logs.js')).logs,
  },
  {
    name: 'exec',
    summary: 'run a command in a container',
    group: look,
    load: async () => (await import('./exec.js')).exec,
  },
  {
    name: 'ssh',
    summary: 'open a terminal on a host, or run a command there',
    group: look,
    load: async () => (await import('./ssh.js')).ssh,
  },
  {
    name: 'sh',
    summary: 'run a command on several hosts at once',
    group: look,
    load: async () => (await import('./sh.js')).sh,
  },
  {
    name: 'env',
    summary: "point a stock docker client at a host's engine",
    group: look,
    load: async () => (await import('./env.js')).env,
  },
  {
    name: 'certs',
    summary: "show or renew the engines' certificates, or make one for a client",
    group: look,
    load: async () => (await import('./certs.js')).certs,
  },
  {
    name: 'lock',
    summary: "show who holds the project's lock, or release one that was left behind",
    group: look,
    load: async () => (await import('./lock.js')).lock,
  },
]
