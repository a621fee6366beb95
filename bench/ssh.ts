// How the stock ssh client reaches lab hosts, for those that we are compared with.
import type { LabHost } from '../test/lab/index.js'

/** Arguments of ssh for a command on a host; nothing of the user's own configuration counts. */
export const sshArgs = (host: LabHost, knownHosts: string, command: string): string[] => [
  ...['-F', 'none', '-p', String(host.port), '-i', host.identity, '-o', 'IdentitiesOnly=yes'],
  ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'StrictHostKeyChecking=yes'],
  `root@${host.address}`,
  command,
]

/** A known_hosts file for these hosts. */
export const knownHostsText = (hosts: readonly LabHost[]): string =>
  hosts.map(host => `[${host.address}]:${host.port} ${host.hostKey}\n`).join('')
