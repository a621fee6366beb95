// Keys of a service that mean something else on a swarm than on hosts that stand alone.
import { type Keys, no, refused } from './key.js'

const notThere = no('a swarm has nothing like it')

/** The same keys, honoured where a swarm does: in `deploy` nothing is for hosts alone. */
const honoured = (keys: Keys): Keys =>
  Object.fromEntries(
    Object.entries(keys).map(([name, { elsewhere: _elsewhere, inside, ...key }]) => [
      name,
      inside === undefined ? key : { ...key, inside: honoured(inside) },
    ]),
  )

/** What cannot be had on a swarm, whatever the engine does alone. Source: docker/cli, cli/compose/types (UnsupportedProperties). */
const serviceOnSwarm: Keys = {
  container_name: no('the swarm names its containers'),
  domains: refused('the front door is for hosts that stand alone: publish a port of the swarm'),
  gate: no('a swarm goes by `healthcheck`'),
  volumes_from: notThere,
  cgroup_parent: notThere,
  devices: notThere,
  gpus: notThere,
  ipc: notThere,
  mac_address: notThere,
  pid: notThere,
  privileged: notThere,
  security_opt: notThere,
  shm_size: no('mount a tmpfs at /dev/shm'),
  userns_mode: notThere,
  uts: notThere,
  oom_kill_disable: notThere,
  oom_score_adj: notThere,
  blkio_config: notThere,
  cpuset: notThere,
  cpu_shares: notThere,
  cpu_quota: notThere,
  cpu_period: notThere,
  mem_swappiness: notThere,
  memswap_limit: notThere,
  storage_opt: notThere,
  runtime: notThere,
}

/** The keys of a service, for a host of a swarm. */
export function onSwarm(keys: Keys): Keys {
  const { deploy } = keys
  return {
    ...keys,
    ...serviceOnSwarm,
    ...(deploy === undefined ? {} : { deploy: { ...deploy, inside: honoured(deploy.inside ?? {}) } }),
  }
}
