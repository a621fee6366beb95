// What the outside gives to the room of hosts, and what it gets: the one place where environment and home folder come in.
import type { Connection } from '../core/connection.js'
import type { ContainerAccess } from '../core/container-hosts/access.js'
import type { Emit } from '../core/events.js'
import type { Host } from '../core/project.js'

/** A host whose key nobody has seen before. `fingerprint` is "SHA256:…", as ssh shows it. */
export interface UnknownHostKey {
  host: string
  /** Address and port, as people write them: "web1.example" or "[web1.example]:2222". */
  address: string
  keyType: string
  fingerprint: string
}

export interface ConnectOptions {
  /** The hosts of the file: a jump may name one of them. */
  hosts: readonly Host[]
  /** Decides about a key that is in no known_hosts file; true also writes it there. Asked for one host at a time. */
  unknownHostKey: (question: UnknownHostKey) => Promise<boolean>
  /** Read instead of ~/.ssh/known_hosts, those of ssh's configuration and /etc/ssh/ssh_known_hosts; new keys go to the first. */
  knownHostsFiles?: string[]
  /** Takes and writes unknown keys without a question. Changed keys are refused all the same. */
  acceptNewHostKeys: boolean
  /** The home folder of whoever runs us. */
  home: string
  /** The process environment: SSH_AUTH_SOCK, TERM, PATH, and all of it for commands on this machine. */
  env: Record<string, string | undefined>
  /** Told of new host keys and retries, as notes. */
  emit?: Emit
  /** Opens the way into the container of a host with `connection: container`. */
  enter?: (host: Host, signal?: AbortSignal) => Promise<ContainerAccess>
  /** Milliseconds until a host that does not answer counts as unreachable; 15,000 if left out. */
  connectTimeoutMs?: number
}

/** Opens a way to a host. UserError with exit code 4 when it cannot be reached; rejects with the signal's reason when aborted. */
export type Connect = (host: Host, options?: { signal?: AbortSignal }) => Promise<Connection>
