// Compose files about what one service can say: commands, limits, rights, files.
import type { ComposeCase } from './case.js'

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
    command: httpd -f -p 8000 -h /etc
    ports: ["18080:8000", "127.0.0.1:18081:8001/udp", "9000"]
    env_file: web.env
    environment:
      DB: "postgres://u:\${PASSWORD:-x}@db/\${NAME:-app}"
      EMPTY: ""
      NUMBER: 5
      FLAG: "true"
      UNSET:
    depends_on: { db: { condition: service_healthy, restart: true } }
    healthcheck: { test: [CMD, wget, -qO-, "http://127.0.0.1:8000/passwd"], interval: 1m30s, timeout: 5s, retries: 3, start_period: 2s, start_interval: 1s }
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
    group_add: ["20", nogroup]
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
  look: 'docker exec cmp-app-1 sh -c "ls -ln /plain /etc/app/conf /run/secrets | cut -c1-60 | grep -o \'^[^ ]* *[0-9] [0-9]* *[0-9]* *[0-9]*\'; cat /plain /etc/app/conf /run/secrets/*"',
  files: {
    '.env': 'TOKEN=swordfish\n',
    'compose.yaml': `services:
  migrate: { image: "box:1", command: ["true"] }
  app:
    image: box:1
    command: sleep 1000
    depends_on: { migrate: { condition: service_completed_successfully }, debug: { condition: service_started, required: false } }
    configs: [plain, { source: plain, target: /etc/app/conf, mode: 0440, uid: "5", gid: "6" }]
    secrets: [token, { source: token, target: other }]
  debug: { image: "box:1", command: sleep 1000, profiles: [debug] }
configs: { plain: { content: "key=\${TOKEN}\\n" } }
secrets: { token: { environment: TOKEN } }
`,
  },
}

export const serviceCases: readonly ComposeCase[] = [webAndDatabase, limits, safety, words, jobs]
