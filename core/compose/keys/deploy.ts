// Every key of a service's `deploy`, and what it does here.
import { type Keys, no, yes } from './key.js'

export const deviceRequestKeys: Keys = {
  capabilities: yes('What the device can do.'),
  count: yes('How many, or `all`.'),
  device_ids: yes('Which ones.'),
  driver: yes('The driver.'),
  options: yes("The driver's options."),
}

const only = 'it means something only on a swarm'

/** What has an effect on a swarm, and elsewhere none. */
const onSwarmAlone = (text: string, instead = only, inside?: Keys) =>
  yes(`On a swarm: ${text}`, {
    elsewhere: instead,
    ...(inside === undefined ? {} : { inside }),
  })

const rulesKeys: Keys = {
  parallelism: yes('How many at once, on all hosts together; 0 for all. The first host always comes first.'),
  delay: yes('Time between two batches.'),
  monitor: yes('How long a new one must stay good before it counts.'),
  max_failure_ratio: yes('The share that may fail.'),
  order: yes('`start-first` or `stop-first`; left out, `start-first` where nothing stands against it.'),
}

const updateKeys: Keys = {
  ...rulesKeys,
  failure_action: yes(
    '`pause` (if left out): the rest stays as it is; `continue`; `rollback`: what was replaced is put back.',
  ),
}

const rollbackKeys: Keys = { ...rulesKeys, failure_action: yes('`pause` (if left out) or `continue`.') }

export const deployKeys: Keys = {
  replicas: yes('How many containers in all, dealt over the hosts.'),
  mode: onSwarmAlone(
    '`replicated` or `global`.',
    'a service runs once on each of its hosts; say how many with `replicas`',
  ),
  endpoint_mode: onSwarmAlone('`vip` or `dnsrr`.'),
  labels: onSwarmAlone('labels of the service.', 'they are labels of a swarm service; containers have `labels`'),
  placement: onSwarmAlone('where it may run, besides `on`.', 'say where it runs with `on`', {
    constraints: yes('Conditions on nodes.'),
    preferences: yes('Over what it is spread.', { inside: { spread: yes('A label of nodes.') } }),
    max_replicas_per_node: yes('The most of it on one node.'),
  }),
  resources: yes('What it may use.', {
    inside: {
      limits: yes('The most it may use.', {
        inside: { cpus: yes('As `cpus`.'), memory: yes('As `mem_limit`.'), pids: yes('As `pids_limit`.') },
      }),
      reservations: yes('What it should have.', {
        inside: {
          cpus: onSwarmAlone('CPUs that a node must have free for it.'),
          memory: yes('As `mem_reservation`.'),
          generic_resources: no('not passed on by this version'),
          devices: yes('Devices, as `gpus`.', { inside: deviceRequestKeys }),
        },
      }),
    },
  }),
  restart_policy: yes('When the engine starts it again, if `restart` does not say.', {
    inside: {
      condition: yes('`none`, `on-failure` or `any`.'),
      max_attempts: yes('How often, with `on-failure`.'),
      delay: onSwarmAlone('time between two starts.'),
      window: onSwarmAlone('time in which attempts are counted.'),
    },
  }),
  rollback_config: yes('How what was replaced is put back.', { inside: rollbackKeys }),
  update_config: yes('How the containers are replaced.', { inside: updateKeys }),
}
