// Every key of a service of the current Compose specification, and what it does here.

import { buildKeys, ownBuildKeys } from './build.js'
import { deployKeys, deviceRequestKeys } from './deploy.js'
import { type Keys, no, refused, same, yes } from './key.js'

const limit = yes('Limits of devices.', { inside: { path: yes('The device.'), rate: yes('Per second.') } })

const blkioKeys: Keys = {
  weight: yes('Weight, 10 to 1000.'),
  weight_device: yes('Weights of devices.', { inside: { path: yes('The device.'), weight: yes('Its weight.') } }),
  device_read_bps: limit,
  device_read_iops: limit,
  device_write_bps: limit,
  device_write_iops: limit,
}

const healthcheckKeys: Keys = {
  test: yes('The command.'),
  interval: yes('Time between two tests.'),
  timeout: yes('Longest time of one test.'),
  retries: yes('Failures in a row that make it unhealthy.'),
  start_period: yes('Time to start in which failures do not count.'),
  start_interval: yes('Time between two tests in the start period; needs engine 25.'),
  disable: yes("Switches off the image's health check."),
}

const networkKeys: Keys = {
  aliases: yes('More names of the service on this network.'),
  ipv4_address: yes('A fixed address.'),
  ipv6_address: yes('A fixed IPv6 address.'),
  link_local_ips: yes('Link-local addresses.'),
  mac_address: yes('MAC address; on this network alone from engine 25 on.'),
  driver_opts: yes("Options of the network's driver."),
  priority: yes('The network with the highest is the main one.'),
  gw_priority: no('it needs API 1.48 (engine 28), and this version speaks an older one'),
  interface_name: no('it needs API 1.49 (engine 28.1), and this version speaks an older one'),
}

const mountKeys: Keys = {
  type: yes('`volume`, `bind` or `tmpfs`; `image`, `npipe` and `cluster` are refused.'),
  source: yes('A volume of `volumes:`, or a path.'),
  target: yes('Absolute path in the container.'),
  read_only: yes('Mounts it read-only.'),
  consistency: same('Means something only to engines in a virtual machine.'),
  bind: yes('Settings of a bind mount.', {
    inside: {
      propagation: yes('Mount propagation.'),
      create_host_path: yes('Makes the folder on the host if it is missing (default true).'),
      recursive: no('it needs API 1.44, and is not asked for by this version'),
      selinux: yes('`z` or `Z`: the label.'),
    },
  }),
  volume: yes('Settings of a volume mount.', {
    inside: {
      nocopy: yes("Leaves out the image's own content."),
      labels: no('the volume has the labels of its entry in `volumes:`'),
      subpath: yes('A folder in the volume; needs engine 26.'),
    },
  }),
  tmpfs: yes('Settings of a tmpfs mount.', { inside: { size: yes('Its size.'), mode: yes('Its mode.') } }),
  image: refused('mounts of images need API 1.48, and this version speaks an older one'),
}

const fileKeys: Keys = {
  source: yes('The entry it comes from.'),
  target: yes('Where it stands in the container.'),
  uid: yes('Its owner; has no effect on a `file` that is mounted where it lies, as with Compose.'),
  gid: yes('Its group; has no effect on a `file` that is mounted where it lies, as with Compose.'),
  mode: yes('Its mode; has no effect on a `file` that is mounted where it lies, as with Compose.'),
}

/** Our own key of a mounted file or folder; in a Compose file it stands under `x-longshore`. */
const hookKeys: Keys = {
  command: yes('What runs in the container.'),
  user: yes('As whom; as the container itself if left out.'),
  privileged: yes('With all rights.'),
  working_dir: yes('In which folder of the container.'),
  environment: yes('More variables for it.'),
}

const changeKeys: Keys = {
  on_change: yes('What a change of content does: `recreate`, `restart`, `ignore` or a signal.'),
}

export const serviceKeys: Keys = {
  annotations: yes('Annotations for the runtime; needs engine 24.'),
  attach: same('Nothing is attached to by `up`.'),
  blkio_config: yes('Weights and limits of block devices.', { inside: blkioKeys }),
  build: yes('Builds the image; the table below.', { inside: buildKeys }),
  cap_add: yes('Capabilities to add.'),
  cap_drop: yes('Capabilities to drop.'),
  cgroup: yes('Its control group namespace: `host` or `private`.'),
  cgroup_parent: yes('Its parent control group.'),
  command: yes("Replaces the image's command."),
  configs: yes('Files of `configs:`, in its file system.', { inside: fileKeys }),
  container_name: yes('Its name on the engine.'),
  cpu_count: yes('Means something only on Windows; passed on, as Compose does.'),
  cpu_percent: yes('Means something only on Windows; passed on, as Compose does.'),
  cpu_period: yes("Period of the scheduler's quota."),
  cpu_quota: yes('Quota of the scheduler.'),
  cpu_rt_period: yes('Period of the real-time quota.'),
  cpu_rt_runtime: yes('The real-time quota.'),
  cpu_shares: yes('Weight of its share.'),
  cpus: yes('How many CPUs it may use.'),
  cpuset: yes('Which CPUs it may use.'),
  credential_spec: refused('means something only on Windows hosts'),
  depends_on: yes('What must have come so far before it starts.', {
    named: {
      condition: yes('`service_started`, `service_healthy` or `service_completed_successfully`.'),
      required: yes('`false`: nothing is said when that service is not there.'),
      restart: yes('`true`: `longshore restart` of that service restarts this one too; `up` leaves it as it is.'),
    },
  }),
  deploy: yes('Resources and numbers; the table below.', { inside: deployKeys }),
  develop: no('there is no watch mode here'),
  device_cgroup_rules: yes('Rules for devices.'),
  devices: yes('Devices of the host.', {
    inside: { source: yes('On the host.'), target: yes('In the container.'), permissions: yes('Of r, w and m.') },
  }),
  dns: yes('Name servers.'),
  dns_opt: yes('Options for the resolver.'),
  dns_search: yes('Search domains.'),
  domainname: yes('Domain inside the container.'),
  entrypoint: yes("Replaces the image's entrypoint."),
  env_file: yes('Files with variables.', {
    inside: {
      path: yes('The file.'),
      required: yes('`false`: a missing file is no error.'),
      format: yes('`raw`: lines are taken as they are.'),
    },
  }),
  environment: yes('Variables; one without a value comes from the environment.'),
  expose: yes('Ports for other containers.'),
  extends: yes('A service of this file or of another, which it is laid over.'),
  external_links: yes('Links to containers that are not of the project.'),
  extra_hosts: yes('More lines for /etc/hosts.'),
  gpus: yes('GPUs.', { inside: deviceRequestKeys }),
  group_add: yes('More groups of the user.'),
  healthcheck: yes('How the engine finds out whether it is healthy.', { inside: healthcheckKeys }),
  hostname: yes('Host name inside the container.'),
  image: yes('The image.'),
  init: yes('An init process that reaps zombies.'),
  ipc: yes('Its IPC namespace: `none`, `private`, `shareable`, `host`, `service:NAME` or `container:NAME`.'),
  isolation: yes('Means something only on Windows; passed on, as Compose does.'),
  label_file: yes('Files with labels.'),
  labels: yes('Labels.'),
  links: yes('Services it reaches by another name.'),
  logging: yes('Where its output goes.', { inside: { driver: yes('The driver.'), options: yes('Its options.') } }),
  mac_address: yes('MAC address on its main network.'),
  mem_limit: yes('Memory it may use.'),
  mem_reservation: yes('Memory it should have.'),
  mem_swappiness: yes('How readily its memory is swapped, 0 to 100.'),
  memswap_limit: yes('Memory and swap it may use; -1 without a limit.'),
  models: no('this version runs no language models'),
  network_mode: yes('`none`, `host`, `bridge`, `service:NAME` or `container:NAME`.'),
  networks: yes('Networks to join.', { named: networkKeys }),
  oom_kill_disable: yes('Not killed when memory runs out.'),
  oom_score_adj: yes('How likely it is killed, -1000 to 1000.'),
  pid: yes('Its process namespace: `host`, `service:NAME` or `container:NAME`.'),
  pids_limit: yes('How many processes it may have; -1 without a limit.'),
  platform: yes('Platform of the image, as "linux/arm64".'),
  ports: yes('Ports to publish, in short and long form.'),
  post_start: yes('Commands that run in it once it has started; one that fails fails the start.', { inside: hookKeys }),
  pre_stop: yes(
    'Commands that run in it before we stop it; one that fails is told of, and it is stopped all the same.',
    {
      inside: hookKeys,
    },
  ),
  privileged: yes('All rights on the host.'),
  profiles: yes('It is left out unless one of them is active.'),
  provider: no('what another program provides is not made here; the service is left out'),
  pull_policy: yes('When the registry is asked; with `build`, the image is built when what it is made of has changed.'),
  pull_refresh_after: yes('With `pull_policy: refresh`: how old the image may become.'),
  read_only: yes('Root file system read-only.'),
  restart: yes('When the engine starts it again.'),
  runtime: yes('The runtime.'),
  scale: yes('How many containers in all.'),
  secrets: yes('Files of `secrets:`, below /run/secrets.', { inside: fileKeys }),
  security_opt: yes('Security options.'),
  shm_size: yes('Size of /dev/shm.'),
  stdin_open: yes('Keeps standard input open.'),
  stop_grace_period: yes('Time between the stop signal and the kill.'),
  stop_signal: yes('Signal that stops it.'),
  storage_opt: yes('Options of the storage driver.'),
  sysctls: yes('Kernel parameters.'),
  tmpfs: yes('Folders in memory, with mount options.'),
  tty: yes('A terminal.'),
  ulimits: yes('Limits of its processes.', { named: { soft: yes('The soft limit.'), hard: yes('The hard limit.') } }),
  use_api_socket: refused("give it the engine's socket as a volume: /var/run/docker.sock:/var/run/docker.sock"),
  user: yes('User (and group) to run as.'),
  userns_mode: yes('Its user namespace: `host`.'),
  uts: yes('Its UTS namespace: `host`.'),
  volumes: yes('Volumes and paths to mount, in short and long form.', {
    inside: mountKeys,
  }),
  volumes_from: yes('Mounts of another service or container.'),
  working_dir: yes('Folder to run in.'),
}

/** Our own keys of a service. In a Compose file they stand under `x-longshore`. */
export const ownServiceKeys: Keys = {
  on: yes('Hosts it runs on.'),
  loosen: yes('Of what `engine.harden` asks for: what does not hold for it.'),
  domains: yes('Domains under which the front door leads to it.', {
    inside: {
      host: yes('The domain.'),
      path: yes('This path and all below it.'),
      port: yes('Port in the container.'),
      tls: yes('`auto`, `internal` or `off`.'),
    },
  }),
  gate: yes('What a new container must answer before it counts as good.'),
}

/** What a service of a Compose file may say once it is read; our own keys have come from `x-longshore`. */
export const composedServiceKeys: Keys = { ...serviceKeys, ...ownServiceKeys }

/** What an entry of `containers:` may say. */
export const allServiceKeys: Keys = {
  ...composedServiceKeys,
  configs: yes('Files of `configs:`.', { inside: { ...fileKeys, ...changeKeys } }),
  secrets: yes('Files of `secrets:`.', { inside: { ...fileKeys, ...changeKeys } }),
  volumes: yes('Volumes and paths to mount.', { inside: { ...mountKeys, ...changeKeys } }),
  build: yes('Builds the image.', { inside: ownBuildKeys }),
  extends: refused('services of longshore.yaml extend none; in a Compose file they do'),
}
