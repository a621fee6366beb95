// Words of other tools in tasks and in the project file, and what stands for each here: for the error that a file brought from there gives.

/** What stands for a module or a task word; shown after "unknown word "apt" in a task: ". */
const instead: Record<string, string> = {
  // packages
  apt: 'it is `package`',
  yum: 'it is `package`',
  dnf: 'it is `package`',
  dnf5: 'it is `package`',
  zypper: 'it is `package`',
  pacman: 'it is `package`',
  apk: 'it is `package`',
  apt_repository: 'it is `repo`, with uris, suites, components and key',
  deb822_repository: 'it is `repo`, with uris, suites, components and key',
  yum_repository: 'it is `repo`, with baseurl and key',
  apt_key: 'a key stands in its `repo`, as key',
  rpm_key: 'a key stands in its `repo`, as key',
  pip: 'there is none: `package` for python3-NAME, or `command` with pip and creates or check',
  npm: 'there is none: `command` with npm and creates or check',
  gem: 'there is none: `command` with gem and creates or check',
  // files
  lineinfile: 'it is `line`',
  blockinfile: 'it is the map form of `block`: { path, block }',
  ini_file: 'it is `ini`',
  synchronize: 'it is `copy`: of a folder only what differs is sent, and nothing is removed',
  unarchive: 'it is `archive`',
  assemble: 'it is `template`',
  slurp: 'it is `command` with read_only: true and register, or `fetch` for a file on this machine',
  find: 'it is `command` with read_only: true and register',
  tempfile: 'it is `command` with mktemp and register',
  known_hosts: 'it is `line` in /etc/ssh/ssh_known_hosts',
  acl: 'there is none: `command` with setfacl and a check',
  xml: 'there is none: `template` for the whole file, or `replace`',
  // services and system
  systemd: 'it is `service`; a unit file is `systemd_unit`, which reloads systemd itself',
  systemd_service: 'it is `service`; a unit file is `systemd_unit`, which reloads systemd itself',
  sysvinit: 'it is `service`',
  locale_gen: 'it is `locale`',
  pam_limits: 'it is `limits`',
  iptables: 'it is `nft`, or `ufw`',
  firewalld: 'it is `nft`, or `ufw`',
  selinux: 'there is none: `command` with a check',
  seboolean: 'there is none: `command` with a check',
  alternatives: 'there is none: `command` with a check',
  filesystem: 'there is none: `command` with mkfs and a check such as blkid',
  getent: 'it is `command` with read_only: true and register',
  setup: 'facts are always read: see `longshore facts`',
  gather_facts: 'facts are always read: see `longshore facts`',
  service_facts: 'it is `command` with read_only: true and register',
  package_facts: 'it is `command` with read_only: true and register',
  ping: 'it is the command `longshore status`',
  // commands and flow
  raw: 'it is `shell`: no host needs Python here',
  expect: 'there is none: `command` with stdin',
  fail: 'it is `assert: { that: false, msg: … }` with when',
  pause: 'it is `wait_for`, or retries, until and delay of the task that waits; nothing asks in the middle of a run',
  uri: 'it is `get_url` for a file, else `command` with curl, read_only: true, register and until',
  meta: 'handlers run at the end of their play: end the play where they shall run, and begin another',
  include_vars: 'it is `vars_files` of the play, or `include: { file, vars }`',
  include_tasks: 'it is `include: FILE`',
  import_tasks: 'it is `include: FILE`',
  include_role: 'it is `role: NAME`',
  import_role: 'it is `role: NAME`',
  import_playbook: 'playbooks stand in the project file, under `playbooks:`',
  add_host: 'hosts stand in the project file, under `hosts:`',
  group_by: 'hosts are chosen by their labels, such as hosts: role=web, or by when: and facts',
  async: 'there is none: steps of different hosts run side by side; `timeout` bounds one',
  poll: 'there is none: `retries`, `until` and `delay` wait',
  local_action: 'say `delegate_to:` with a host that has connection: local',
  action: "the kind's own word stands in the task",
  args: "the arguments stand below the kind's own word",
  check_mode: 'a plan changes nothing; `read_only: true` is a command that runs in it too',
  diff: 'a plan shows differences with -v; `no_log: true` hides them',
  become_method: "how is the host's matter: `become:` under `hosts:`",
  remote_user: 'who logs in is `user:` of the host; a task says `become_user`',
  connection: 'how is the matter of the host, under `hosts:`',
  any_errors_fatal: 'it is `max_fail: 0` of the play',
  throttle: 'it is `serial` of the play, or `--forks`',
  // containers
  docker_compose: 'Compose files stand in the project file as they are, under `compose:`',
  docker_compose_v2: 'Compose files stand in the project file as they are, under `compose:`',
  docker_stack: 'services stand in the project file, under `containers:`',
  docker_login:
    'logins stand in the project file, under `engine.registries`; kept on hosts with login: true, or by the task `engine_registries`',
  docker_image_pull: 'it is `docker_image`',
  docker_image_load: 'it is `docker_image` with src or path',
  docker_image_tag: 'it is `docker_image` with tag',
  docker_image_remove: 'it is `docker_image` with state: absent',
  docker_image_build: 'images are built in the project file, under `images:` or `containers:`',
  docker_container_exec: 'it is `command` with docker exec',
  docker_prune: 'it is `command` with docker system prune',
  podman_container: 'it is `docker_container`, which uses podman where there is no docker',
  podman_image: 'it is `docker_image`, which uses podman where there is no docker',
  podman_network: 'it is `docker_network`, which uses podman where there is no docker',
  podman_volume: 'it is `docker_volume`, which uses podman where there is no docker',
}

/** Modules whose word is the same here: met only with the name of a collection before it. */
const same = new Set(
  `assert authorized_key command copy cron debug docker_container docker_image docker_network docker_volume fetch file get_url git group
hostname modprobe mount package reboot replace script service set_fact shell stat sysctl template timezone ufw user wait_for`.split(
    /\s+/,
  ),
)

/** `ansible.builtin.copy`, and any other collection. */
const qualified = /^(ansible|community|containers|openstack|amazon|kubernetes|google|azure)\.\w+\.(\w+)$/

/**
 * What to write instead of a word that is Ansible's and not ours, to follow a colon in an error; undefined for all other words. A
 * collection's name before a word is understood.
 */
export function peerHint(word: string): string | undefined {
  const module = qualified.exec(word)?.[2]
  if (module === undefined) {
    if (Object.hasOwn(instead, word)) return instead[word]
    if (/^with_[a-z_]+$/.test(word)) return 'it is `loop`, with a list, a map, or one {{ expression }} that gives one'
    return word.startsWith('win_') ? 'hosts are Linux here' : undefined
  }
  if (same.has(module)) return `it is \`${module}\`: modules have no collections here`
  return peerHint(module) ?? 'there is none: `command` or `shell`, with creates, removes or check'
}

/** Words of other tools in the project file: at its top, in a host, and in the maps of these names wherever they stand. */
const inFile: Record<'top' | 'host' | 'engine' | 'machine', Record<string, string>> = {
  top: {
    services: 'they stand under `containers:`; a Compose file as it is under `compose: [compose.yaml]`',
    configs: 'entries of `configs:` stand in a Compose file, and that under `compose: [compose.yaml]`',
    name: 'it is `project`',
  },
  host: {
    ansible_host: 'it is `address`',
    ansible_user: 'it is `user`',
    ansible_port: 'it is `port`',
  },
  engine: {
    mirrors: 'they stand under `daemon: { registry-mirrors: [...] }`',
    registry_mirrors: 'they stand under `daemon: { registry-mirrors: [...] }`',
  },
  machine: {
    box: 'it is `image`',
    provider: 'there is none: machines are containers of an engine, and `engine` says whose',
  },
}

/** What to write instead of an unknown key of the project file, to follow a colon; undefined for all that is no word of another tool. */
export function peerKeyHint(path: readonly (string | number)[]): string | undefined {
  const [word, around] = path.toReversed().map(String)
  if (word === undefined) return undefined
  const of = (words: Record<string, string>): string | undefined =>
    Object.hasOwn(words, word) ? words[word] : undefined
  if (around === undefined) return of(inFile.top)
  if (path.length === 3 && path[0] === 'hosts') return of(inFile.host)
  return around === 'engine' || around === 'machine' ? of(inFile[around]) : undefined
}
