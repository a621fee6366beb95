// Compose files about what services have to do with each other, with networks and volumes, and with other files.
import type { ComposeCase } from './case.js'

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
    volumes_from: [main]
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

/** Every way of writing a variable that people use. */
const oddVariables = [
  'A=1 # c',
  'B="x # y" # z',
  'C=a#b',
  'D= spaced ',
  'export E=e',
  'G="multi',
  'line"',
  'H=$A-${B}',
  `I='single $A'`,
  'J="esc \\n \\t \\" \\$A"',
  'K=',
  'L="$$A"',
  'M=\\n',
  'N: colon',
  `O=it's`,
  `Q='it'`,
  'R=${NOPE:-dflt}',
  'S="a\\\\b"',
  'T=tab\tin',
  'U="a" ',
  'V = spaced',
  'W="${A}x$A"',
  `X='a\\'b'`,
  'Y="\\a\\z"',
  'Z=$$A',
  'AA=http://x/#frag',
  `BB="it's"`,
  'CC=a\\$b',
].join('\n')

const interpolation: ComposeCase = {
  name: 'profiles and every form of interpolation',
  profiles: ['debug'],
  files: {
    'odd.env': oddVariables,
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
  odd: { image: "box:1", command: sleep 1000, env_file: [odd.env] }
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

export const relationCases: readonly ComposeCase[] = [networks, namespaces, merged, interpolation, mounts]
