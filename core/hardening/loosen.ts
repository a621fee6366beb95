// The words by which a service loosens what `harden` asks of it, each with the check of the CIS Docker Benchmark that it is about.

/** By word: the check's number in the benchmark (1.6.0). */
export const loosenings = {
  apparmor: '5.2',
  bind: '5.14',
  cap_add: '5.4',
  cap_drop: '5.4',
  cgroup_parent: '5.25',
  cpu_shares: '5.12',
  devices: '5.18',
  engine_socket: '5.32',
  healthcheck: '5.27',
  ipc: '5.17',
  memory: '5.11',
  mounts: '5.6',
  network_mode: '5.10',
  no_new_privileges: '5.26',
  pid: '5.16',
  pids_limit: '5.29',
  privileged: '5.5',
  privileged_ports: '5.8',
  propagation: '5.20',
  read_only: '5.13',
  restart: '5.15',
  seccomp: '5.22',
  userns_mode: '5.31',
  uts: '5.21',
} as const

/** What a service may name in `loosen`. */
export type Loosening = keyof typeof loosenings

/** All of them, in order. */
export const looseningWords = Object.keys(loosenings) as [Loosening, ...Loosening[]]

/** The words with their checks, as people read them: "read_only (5.13), memory (5.11)". */
export const loosenedText = (words: readonly Loosening[]): string =>
  words.map(word => `${word} (${loosenings[word]})`).join(', ')
