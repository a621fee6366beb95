// The facts of a host, as templates (`facts.os.family`) and conditions see them. What a host does not tell is empty, 0 or -1.

/** One block device. */
export interface Disk {
  name: string
  /** Bytes. */
  size: number
  model: string
  rotational: boolean
}

/** One mounted file system that holds files: pseudo file systems and the layers of containers are left out. */
export interface Mount {
  device: string
  path: string
  type: string
  options: string[]
  /** Bytes; 0 for file systems of other machines, which are not asked. */
  size: number
  available: number
}

/** One address of an interface. */
export interface InterfaceAddress {
  family: 4 | 6
  address: string
  prefix: number
  /** `global`, `link`, `host`. */
  scope: string
}

/** One network interface. */
export interface Interface {
  name: string
  mac: string
  mtu: number
  up: boolean
  addresses: InterfaceAddress[]
}

/** The container engine, as far as it could be told when the host was read. */
export interface EngineFacts {
  /** `docker`. */
  name: string
  version: string
  api: string
  /** answers, denied, not-running or not-installed. */
  state: string
}

/** All facts of a host. */
export interface Facts {
  hostname: string
  /** The name with its domain, from the host's own /etc/hosts and resolv.conf: no name server is asked. */
  fqdn: string
  domain: string
  os: { id: string; version: string; codename: string; family: string; name: string }
  arch: string
  kernel: string
  /** `systemd` only where systemd runs as PID 1; `openrc`; else `sysv` where there are init scripts; else `none`. */
  init: 'systemd' | 'openrc' | 'sysv' | 'none'
  /** apt, dnf, yum, zypper, pacman or apk; empty where we know none. */
  package_manager: string
  cpus: number
  cpu: { model: string; count: number }
  memory_mb: number
  /** In MB (1024 * 1024 bytes). */
  memory: { total: number; free: number; available: number; swap: number; swap_free: number }
  disks: Disk[]
  mounts: Mount[]
  /** Source address of the default route; empty without one. */
  address: string
  default_route: { interface: string; gateway: string; address: string }
  interfaces: Interface[]
  dns: { servers: string[]; search: string[] }
  /** `none`, or what it runs in: kvm, vmware, docker, lxc, … */
  virtualisation: string
  machine: { vendor: string; product: string }
  /** enforcing, permissive or disabled. */
  selinux: string
  /** enabled or disabled. */
  apparmor: string
  timezone: string
  locale: string
  ssh_host_keys: { type: string; key: string }[]
  /** The user the script ran as. */
  uid: number
  user: string
  home: string
  shell: string
  groups: string[]
  /** Seconds. */
  uptime: number
  boot_id: string
  machine_id: string
  engine: EngineFacts
  /** What /etc/longshore/facts.d on the host tells, by file name without its end. */
  custom: Record<string, unknown>
  /** Files there that could not be read, and why. */
  custom_errors: Record<string, string>
}
