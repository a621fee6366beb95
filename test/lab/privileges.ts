// The part of `docker run` that makes a container a machine of its own: the product's own rights of machines, in the client's words.
import { existsSync, readFileSync } from 'node:fs'
import { capabilitiesOf, stores } from '../../providers/docker/machines/rights.js'
import { docker } from './run.js'

/** Arguments of `docker run` for a container that can be a machine with systemd and an engine of its own. */
export const machineArguments = async (): Promise<string[]> => {
  const major = Number.parseInt(await docker(['version', '--format', '{{.Server.Version}}']), 10)
  const status = readFileSync('/proc/self/status', 'utf8')
  const capabilities = capabilitiesOf(
    { status, last: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')) },
    major,
  )
  const rights = capabilities === undefined ? ['--privileged'] : capabilities.map(name => `--cap-add=${name}`)
  const free = ['seccomp', 'apparmor', 'systempaths'].flatMap(what => ['--security-opt', `${what}=unconfined`])
  const fuse = existsSync('/dev/fuse') ? ['--device', '/dev/fuse'] : []
  const volumes = stores.flatMap(path => ['-v', path])
  return [...rights, ...free, ...fuse, '--cgroupns=private', '--tmpfs', '/run', '--tmpfs', '/run/lock', ...volumes]
}
