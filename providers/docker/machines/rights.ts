// What makes a container a machine of its own: capabilities, cgroups, no confinement, volumes for the engines in it.

/** Capabilities by their number in the kernel. Source: include/uapi/linux/capability.h. */
const names = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ')

/** What the engine's host can give away: the text of its /proc/self/status, and the number of its kernel's last capability. */
export interface HostRights {
  status: string
  last: number
}

/**
 * The capabilities to name one by one; undefined where all are there, or where nothing is known of the host: `privileged` is good
 * then. It asks for every capability there is, and fails where the host itself lacks one.
 */
export function capabilitiesOf(rights: HostRights | undefined, engineMajor: number): string[] | undefined {
  const bounding = /^CapBnd:\s*([0-9a-f]+)/m.exec(rights?.status ?? '')?.[1]
  if (rights === undefined || bounding === undefined) return undefined
  const bits = BigInt(`0x${bounding}`)
  if (bits === (1n << BigInt(rights.last + 1)) - 1n) return undefined
  // Engines of 2020 know none of the last three.
  const known = names.slice(0, engineMajor > 20 ? rights.last + 1 : Math.min(rights.last + 1, names.indexOf('PERFMON')))
  return known.filter((_, bit) => (bits >> BigInt(bit)) & 1n)
}

/** Stores of container engines: they need a real file system below them, overlay on overlay is refused. */
export const stores: readonly string[] = ['/var/lib/docker', '/var/lib/containerd', '/var/lib/containers']

/** The part of a container's HostConfig that makes it a machine. `fuse`: the engine's host has /dev/fuse. */
export const machineRights = (capabilities: readonly string[] | undefined, fuse: boolean): Record<string, unknown> => ({
  ...(capabilities === undefined ? { Privileged: true } : { CapAdd: capabilities }),
  SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
  // What `systempaths=unconfined` of the docker client comes to.
  MaskedPaths: [],
  ReadonlyPaths: [],
  CgroupnsMode: 'private',
  ...(fuse ? { Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rwm' }] } : {}),
})
