// The part of `docker run` that makes a container a machine of its own: capabilities, cgroups, no confinement, volumes.
import { existsSync, readFileSync } from 'node:fs'
import { docker } from './run.js'

/** Capabilities by their number in the kernel. */
const names = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ')

/** The capabilities that this machine can give away, less those that the engine does not know. */
const capabilities = (engineMajor: number): { given: string[]; all: boolean } => {
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`)
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  const known = names.slice(0, engineMajor > 20 ? last + 1 : Math.min(last + 1, names.indexOf('PERFMON')))
  return {
    given: known.filter((_, bit) => (bounding >> BigInt(bit)) & 1n),
    all: bounding === (1n << BigInt(last + 1)) - 1n,
  }
}

/** Arguments of `docker run` for a container that can be a machine with systemd and an engine of its own. */
export const machineArguments = async (): Promise<string[]> => {
  const major = Number.parseInt(await docker(['version', '--format', '{{.Server.Version}}']), 10)
  const { given, all } = capabilities(major)
  // --privileged asks for every capability there is, and fails where the machine itself lacks one.
  const rights = all ? ['--privileged'] : given.map(name => `--cap-add=${name}`)
  const free = ['seccomp', 'apparmor', 'systempaths'].flatMap(what => ['--security-opt', `${what}=unconfined`])
  const fuse = existsSync('/dev/fuse') ? ['--device', '/dev/fuse'] : []
  // The stores of container engines need a real file system below them; overlay on overlay is refused.
  const volumes = ['/var/lib/docker', '/var/lib/containerd', '/var/lib/containers'].flatMap(path => ['-v', path])
  return [...rights, ...free, ...fuse, '--cgroupns=private', '--tmpfs', '/run', '--tmpfs', '/run/lock', ...volumes]
}
