// Compose files of the kinds that people have: each is made by Compose and by us, and the containers are compared.

/** Files of one Compose project by their path, and what runs them. */
export interface ComposeCase {
  name: string
  files: Record<string, string>
  /** The files to give to Compose; compose.yaml if left out. */
  use?: string[]
  profiles?: string[]
  /** Run on the host before. */
  before?: string
  after?: string
}

const webAndDatabase: ComposeCase = {
  name: 'a web server and its database',
  files: {
    '.env': 'TAG=1\nPASSWORD=s$$ecret\n',
    'web.env': '# comment\nA=1\nB="two words"\nC=$TAG\nD=\n',
    'compose.yaml': `version: "3.9"
name: cmp
services:
  web:
    image: box:\${TAG}
    command: httpd -f -p 8000 -h /tmp
    ports: ["18080:8000", "127.0.0.1:18081:8001/udp", "9000"]
    env_file: web.env
    environment:
      DB: "postgres://u:\${PASSWORD:-x}@db/\${NAME:-app}"
      EMPTY: ""
      NUMBER: 5
      FLAG: "true"
      UNSET:
    depends_on: { db: { condition: service_healthy, restart: true } }
    healthcheck: { test: [CMD, wget, -qO-, "http://127.0.0.1:8000/"], interval: 1m30s, timeout: 5s, retries: 3, start_period: 2s, start_interval: 1s }
    restart: unless-stopped
  db:
    image: box:1
    command: ["sh", "-c", "touch /ready; exec sleep 1000"]
    environment: [USER=u, "PASS=\${PASSWORD}"]
    volumes: ["data:/var/lib/data", /cache]
    healthcheck: { test: "test -f /ready", interval: 1s, retries: 5 }
    expose: ["5432"]
    restart: on-failure:3
volumes: { data: { labels: { kind: data } } }
`,
  },
}

const limits: ComposeCase = {
  name: 'limits',
  files: {
    'compose.yaml': `services:
  one:
    image: box:1
    command: sleep 1000
    cpus: 0.5
    cpu_shares: 512
    cpuset: "0"
    mem_limit: 64m
    mem_reservation: 32m
    memswap_limit: 128m
    mem_swappiness: 10
    pids_limit: 50
    shm_size: 32m
    oom_score_adj: 100
    ulimits: { nproc: 500, nofile: { soft: 1000, hard: 2000 } }
  two:
    image: box:1
    command: sleep 1000
    deploy:
      resources:
        limits: { cpus: "0.25", memory: 48M, pids: 40 }
        reservations: { memory: 16M }
      restart_policy: { condition: on-failure, max_attempts: 4 }
  three:
    image: box:1
    command: sleep 1000
    cpu_period: 50000
    cpu_quota: 25000
    oom_kill_disable: true
    mem_limit: 100000000
    blkio_config: { weight: 300 }
`,
  },
}

const safety: ComposeCase = {
  name: 'rights and namespaces of its own',
  files: {
    'compose.yaml': `services:
  safe:
    image: box:1
    command: sleep 1000
    read_only: true
    tmpfs: [/run, "/scratch:size=1m,mode=1777"]
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE, CHOWN]
    security_opt: ["no-new-privileges:true"]
    user: "1000:1000"
    group_add: ["20", audio2]
    init: true
    sysctls: { net.ipv4.ip_unprivileged_port_start: 0 }
    cgroup: private
    uts: host
    userns_mode: host
    stop_signal: SIGINT
    stop_grace_period: 1m30s
  loose:
    image: box:1
    command: sleep 1000
    devices: ["/dev/null:/dev/nothing", "/dev/zero:/dev/zero:r"]
    device_cgroup_rules: ["c 1:3 mr"]
    sysctls: ["net.core.somaxconn=1024"]
    tty: true
    stdin_open: true
    working_dir: /tmp
    privileged: false
`,
  },
  before: 'true',
}

const networks: ComposeCase = {
  name: 'networks, names and links',
  before: 'docker network create cmp-outside; docker run -d --name cmp-stranger --network cmp-outside box:1 sleep 1000',
  after: 'docker rm -fv cmp-stranger; docker network rm cmp-outside',
  files: {
    'compose.yaml': `services:
  web:
    image: box:1
    command: sleep 1000
    hostname: www
    domainname: example.test
    dns: [192.0.2.53]
    dns_search: example.test
    dns_opt: [ndots:2]
    extra_hosts: ["one:192.0.2.1", "two=192.0.2.2"]
    links: ["api:backend"]
    networks:
      front: { aliases: [site, shop], ipv4_address: 10.77.1.10, priority: 10 }
      back:
  api:
    image: box:1
    command: sleep 1000
    networks: [back, outside]
    external_links: ["cmp-stranger:stranger"]
    mac_address: 02:42:ac:11:65:43
    extra_hosts: { three: 192.0.2.3 }
  hidden:
    image: box:1
    command: sleep 1000
    networks: { closed: { mac_address: "02:42:ac:11:65:44", driver_opts: { a: b } } }
networks:
  front:
    driver: bridge
    ipam: { config: [{ subnet: 10.77.1.0/24, gateway: 10.77.1.1, ip_range: 10.77.1.128/25, aux_addresses: { taken: 10.77.1.200 } }] }
    labels: { side: front }
  back: { attachable: true, driver_opts: { com.docker.network.bridge.enable_icc: "true" } }
  closed: { internal: true, name: cmp-closed }
  outside: { external: true, name: cmp-outside }
`,
  },
}

const namespaces: ComposeCase = {
  name: 'shared namespaces and volumes',
  files: {
    'compose.yaml': `services:
  main:
    image: box:1
    command: sleep 1000
    ipc: shareable
    volumes: ["shared:/shared", /own]
  side:
    image: box:1
    command: sleep 1000
    network_mode: "service:main"
    ipc: "service:main"
    pid: "service:main"
    volumes_from: ["main:ro"]
  host:
    image: box:1
    command: sleep 1000
    network_mode: host
    pid: host
    ipc: host
  none: { image: "box:1", command: sleep 1000, network_mode: none }
  bridge: { image: "box:1", command: sleep 1000, network_mode: bridge }
volumes: { shared: }
`,
  },
}

const merged: ComposeCase = {
  name: 'several files, extends, include, anchors and tags',
  use: ['compose.yaml', 'override.yaml'],
  files: {
    'base/base.yaml': `services:
  worker:
    image: box:1
    command: sleep 500
    env_file: worker.env
    environment: { FROM: base, BASE: "1" }
    labels: [base=1, both=base]
    volumes: ["/srv/base:/data", "/srv/logs:/logs"]
    dns: 192.0.2.1
`,
    'base/worker.env': 'FILE=base\n',
    'extra/.env': 'TAG=1\nWHO=included\nOVER=extra\n',
    'extra/compose.yaml': `services:
  extra: { image: "box:\${TAG}", command: sleep 1000, environment: { WHO: "\${WHO}", OVER: "\${OVER}" }, env_file: extra.env, networks: [own] }
networks: { own: {} }
`,
    'extra/extra.env': 'EXTRA=$WHO\n',
    '.env': 'OVER=parent\n',
    'compose.yaml': `include: [extra/compose.yaml]
x-common: &common
  image: box:1
  command: sleep 1000
  labels: &labels { a: "1", b: "2" }
services:
  one:
    <<: *common
    labels: { <<: *labels, b: "3" }
    environment: { KEEP: a, CHANGE: a, GO: a }
    ports: ["18090:80", "18091:81"]
    volumes: ["/srv/a:/a", "/srv/b:/b:ro"]
    cap_add: [CHOWN]
    dns: [192.0.2.1]
    healthcheck: { test: [CMD, "true"], interval: 5s }
    logging: { driver: json-file, options: { max-size: 1m } }
    ulimits: { nproc: 100, nofile: { soft: 10, hard: 20 } }
    extra_hosts: ["x:192.0.2.1"]
    tmpfs: /t1
    depends_on: [two]
  two: { <<: [*common], command: sleep 600 }
  worker:
    extends: { file: base/base.yaml, service: worker }
    environment: { FROM: mine }
    labels: { both: mine }
    volumes: ["/srv/mine:/data"]
    dns: 192.0.2.2
  again: { extends: worker, environment: { AGAIN: "1" } }
`,
    'override.yaml': `services:
  one:
    environment: [CHANGE=b, NEW=b, "GO=b"]
    ports: !override ["18092:82"]
    volumes: ["/srv/c:/a", "/srv/d:/d"]
    cap_add: !reset []
    dns: 192.0.2.9
    healthcheck: { test: "exit 0", retries: 2 }
    logging: { options: { max-file: "3" } }
    ulimits: { nofile: 30 }
    extra_hosts: { y: 192.0.2.2 }
    tmpfs: [/t2]
    depends_on: { worker: { condition: service_started } }
    command: ["sleep", "700"]
  extra: { environment: { MORE: "1" } }
`,
  },
}

const interpolation: ComposeCase = {
  name: 'profiles and every form of interpolation',
  profiles: ['debug'],
  files: {
    '.env': 'SET=value\nEMPTY=\nNESTED=inner\nQUOTED="a b"\nRAW=\'$SET\'\nEXPANDED=${SET}-x # note\n',
    'compose.yaml': `services:
  always:
    image: box:1
    command: ["sh", "-c", "echo $$HOME; exec sleep 1000"]
    environment:
      A: $SET
      B: \${SET}
      C: \${EMPTY:-default}
      D: \${EMPTY-kept}
      E: \${MISSING-default}
      F: \${SET:+yes}\${EMPTY:+no}\${EMPTY+there}
      G: \${MISSING:-\${NESTED:-deep}}
      H: \${SET:?must be set}
      I: "\${QUOTED} \${RAW} \${EXPANDED}"
      J: $$SET $\${SET}
      SET:
      NOT_SET:
    labels: ["name=\${COMPOSE_PROJECT_NAME}"]
  debugger: { image: "box:1", command: sleep 1000, profiles: [debug, test], depends_on: [always] }
  tester: { image: "box:1", command: sleep 1000, profiles: [test] }
`,
  },
}

const mounts: ComposeCase = {
  name: 'mounts in short and long form',
  before: 'docker volume create cmp-outside; mkdir -p /srv/there',
  after: 'docker volume rm cmp-outside',
  files: {
    'compose.yaml': `services:
  box:
    image: box:1
    command: sleep 1000
    volumes:
      - short:/short
      - read:/read:ro
      - bare:/bare:nocopy
      - /srv/bound:/bound
      - /srv/ro:/bound-ro:ro
      - /srv/slave:/bound-slave:rslave
      - /srv/label:/bound-label:z
      - { type: volume, source: long, target: /long, read_only: true, volume: { nocopy: true } }
      - { type: volume, target: /nameless }
      - { type: bind, source: /srv/there, target: /there, bind: { create_host_path: false } }
      - { type: bind, source: /srv/made, target: /made, read_only: true, bind: { propagation: rprivate } }
      - { type: tmpfs, target: /memory, tmpfs: { size: 2m, mode: 0700 } }
      - outside:/outside
volumes:
  short:
  read: { name: cmp-read }
  bare: {}
  long: { driver: local, driver_opts: { type: tmpfs, device: tmpfs, o: size=1m } }
  outside: { external: true, name: cmp-outside }
`,
  },
}

const words: ComposeCase = {
  name: 'commands, labels, logs and the rest',
  files: {
    'compose.yaml': `services:
  one:
    image: box:1
    entrypoint: ["/bin/sh", "-c"]
    command: "'echo  two words; exec sleep 1000'"
    labels: { number: 5, flag: "true", empty: "" }
    annotations: { org.example.note: text }
    logging: { driver: json-file, options: { max-size: 10m, max-file: 3, tag: "{{.Name}}" } }
    platform: linux/amd64
    runtime: runc
    container_name: cmp-by-hand
    pull_policy: missing
    expose: [80, "90-92/udp"]
    restart: always
  two: { image: "box:1", entrypoint: sleep, command: ["1000"], restart: "no", scale: 2, init: false, logging: { driver: none } }
  three: { image: "box:1", command: sleep 1000, healthcheck: { disable: true }, cgroup_parent: /cmp, stop_grace_period: 3s }
`,
  },
}

const jobs: ComposeCase = {
  name: 'jobs, configs and secrets',
  files: {
    '.env': 'TOKEN=swordfish\n',
    'compose.yaml': `services:
  migrate: { image: "box:1", command: ["true"] }
  app:
    image: box:1
    command: sleep 1000
    depends_on: { migrate: { condition: service_completed_successfully }, missing: { condition: service_started, required: false } }
    configs: [plain, { source: plain, target: /etc/app/conf, mode: 0440, uid: "5", gid: "6" }]
    secrets: [token, { source: token, target: other }]
configs: { plain: { content: "key=\${TOKEN}\\n" } }
secrets: { token: { environment: TOKEN } }
`,
  },
}

export const cases: readonly ComposeCase[] = [
  webAndDatabase,
  limits,
  safety,
  networks,
  namespaces,
  merged,
  interpolation,
  mounts,
  words,
  jobs,
]
