// What a machine is: a host that `up` makes, and what its maker can do with it, whatever sort of maker that is.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type At, UserError } from '../errors.js'

/** A port of this machine that leads to one of the machine's. */
export interface MachinePort {
  /** Address that it listens on: loopback if the file says none. */
  address: string
  /** Left out: the maker chooses one when the machine is made, and it stays. */
  outside?: number
  inside: number
  protocol: 'tcp' | 'udp'
}

/** A folder of this machine that the machine sees live. */
export interface SyncedFolder {
  /** Absolute. */
  from: string
  to: string
  readOnly: boolean
}

/** The `machine:` of a host, checked. */
export interface MachineWant {
  /** A release that we have a recipe for, an image's name, or the absolute path of an archive. */
  image: string
  /** Where it is made: this machine's engine, a unix socket of this machine, or a host of the file. */
  engine: { kind: 'local'; socket?: string } | { kind: 'host'; name: string }
  /** Processors, possibly a fraction; all if left out. */
  cpus?: number
  /** Bytes; no bound if left out. */
  memory?: number
  ports: MachinePort[]
  folders: SyncedFolder[]
  at: At
}

/** Which machine: two folders with a project of one name have machines of their own. */
export interface MachineName {
  project: string
  /** The host's name in the file. */
  host: string
  /** Of the project's folder, made at random and kept there. */
  folder: string
}

/** A port whose number is settled. */
export type SettledPort = MachinePort & { outside: number }

/** A machine to make. */
export interface MachineSpec extends MachineName {
  want: MachineWant
  /** All of them, its sshd's among them. */
  ports: readonly SettledPort[]
  /** The snapshot to make it from, in place of the image of `want`. */
  snapshot?: string
  /** What its engine knew of a swarm is left out of it. */
  forgetsSwarm?: boolean
}

/** Somebody else has a port that a machine should listen on. */
export class PortTaken extends UserError {
  readonly port: number

  constructor(port: number, where: string) {
    super(`port ${port} is taken on the host of the engine`, {
      where,
      hint: 'end what listens there, or give the machine another one',
    })
    this.port = port
  }
}

/** What lets us in, and lets us know that it is the machine. */
export interface MachineKeys {
  /** One line of authorized_keys. */
  login: string
  /** The private half, for the machine alone. */
  hostPrivate: string
  hostPublic: string
}

/** `half`: begun by a run that did not come to its end, and never started. */
export type MachineState = 'absent' | 'half' | 'stopped' | 'paused' | 'running'

/** What is there. */
export interface MachineSight {
  state: MachineState
  ports: SettledPort[]
  /** What it was made as, by `machineText`; empty if absent. */
  made: Record<string, string>
  /** How its first program ended ("ended with 127"), where nothing runs in it, and what to do about it where it should run. */
  ended?: { how: string; hint: string }
}

export interface MachineSnapshot {
  name: string
  /** Seconds since 1970. */
  created: number
  bytes: number
}

/** Told lines of progress, and ended by a signal. */
export interface MachineWork {
  tell(text: string): void
  signal: AbortSignal
}

/** Makes machines on one engine. What is done to a machine is safe to be done again after it was broken off. */
export interface MachineMaker {
  /** What it is, for people. */
  readonly about: string
  look(machine: MachineName): Promise<MachineSight>
  /** Makes and starts it; what an interrupted run has half made goes first. `PortTaken` where a port is. */
  create(spec: MachineSpec, keys: MachineKeys, work: MachineWork): Promise<void>
  /** Starts what is stopped, and wakes what is paused. */
  start(machine: MachineName, work: MachineWork): Promise<void>
  /** Sets processors and memory of a machine that is there. */
  limit(machine: MachineName, want: MachineWant, work: MachineWork): Promise<void>
  /** Has it shut down; by force after half a minute. */
  stop(machine: MachineName, work: MachineWork): Promise<void>
  /** Removes it with its volumes; snapshots stay. */
  remove(machine: MachineName, work: MachineWork): Promise<void>
  snapshots(machine: MachineName): Promise<MachineSnapshot[]>
  /** Keeps all of it, also the volumes of engines in it; it stands still meanwhile. */
  save(machine: MachineName, snapshot: string, work: MachineWork): Promise<void>
  drop(machine: MachineName, snapshot: string): Promise<void>
  /** Hands all of it to `write`, as an archive that `image:` takes; its keys are left out. */
  box(machine: MachineName, work: MachineWork, write: (archive: Readable) => Promise<void>): Promise<void>
  /** The last lines that its first program has said. */
  lastWords(machine: MachineName): Promise<string>
  /** Removes images that we made machines of, where none is left of them. */
  tidy(): Promise<void>
  close(): void
}

/** Memory as the file may say it: 2g, 512m, or bytes; 'all' without a bound. */
export function memoryText(bytes = 0): string {
  if (bytes === 0) return 'all'
  const [factor, unit] = [[2 ** 30, 'g'] as const, [2 ** 20, 'm'] as const].find(([one]) => bytes % one === 0) ?? [
    1,
    '',
  ]
  return `${bytes / factor}${unit}`
}

/** What a machine was or is to be made as, by the keys of the file. */
export const machineText = ({ image, cpus, memory, ports, folders }: MachineWant): Record<string, string> => ({
  image,
  cpus: cpus === undefined ? 'all' : String(cpus),
  memory: memoryText(memory),
  ports: ports
    .map(({ address, outside, inside, protocol }) => `${address}:${outside ?? ''}:${inside}/${protocol}`)
    .join(' '),
  synced_folders: folders.map(({ from, to, readOnly }) => `${from}:${to}${readOnly ? ':ro' : ''}`).join(' '),
})

/**
 * The address by which machines of one engine reach each other. The engine gives each another one at every start; this one stays. It is
 * out of 198.18.0.0/15, which no network outside a laboratory has (RFC 2544).
 */
export function laboratoryAddress({ project, host, folder }: MachineName): string {
  const sum = createHash('sha256')
    .update(JSON.stringify([project, host, folder]))
    .digest()
  const [a = 0, b = 0, c = 0] = sum
  return `198.${18 + (a % 2)}.${b}.${1 + (c % 254)}`
}

/** Keys that can change while it is there. */
export const liveKeys: readonly string[] = ['cpus', 'memory']
