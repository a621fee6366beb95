// Files that are wrong, and what is said about them.
import { threeHosts } from './project-on-disk.js'

const one = (service: string, rest = ''): string =>
  `project: shop\ncontainers:\n  db: { image: y }\n  app:\n    image: x\n    ${service}\n${rest}`
/** A file, and the exit code, place and message it is refused with. */
export const mistakes: [yaml: string, expected: RegExp][] = [
  [one('use_api_socket: true'), /^3 6:5 app: `use_api_socket`: give it the engine's socket as a volume/],
  [one('gate: {}'), /^3 6:\d+ app\.gate: a gate has exactly one of http, tcp and command$/],
  [one('imagee: x'), /^3 6:5 app: unknown key `imagee`; did you mean "image"\?$/],
  [
    one('deploy: { resources: { limts: {} } }'),
    /^3 6:28 app\.deploy\.resources: unknown key `limts`; did you mean "limits"/,
  ],
  [one('ports: ["80:x"]'), /^3 6:13 app\.ports\[0\]: "80:x" is no port: write/],
  [one('ports: [99999]'), /^3 6:13 app\.ports\[0\] must be a whole number from 1 to 65535$/],
  [one('ports: [{ target: 80, mod: host }]'), /^3 6:27 app\.ports\[0\]: unknown key `mod`; did you mean "mode"/],
  [one('ports: 80:80'), /^3 6:12 app\.ports must be a list, not text$/],
  [one('environment: { A: [1] }'), /^3 6:23 app\.environment\.A must be text, a number, true/],
  [one('command: "a \'b"'), /^3 6:14 app\.command: a ' is not closed/],
  [one('restart: sometimes'), /^3 6:14 app\.restart: "sometimes" is no restart rule/],
  [one('healthcheck: { interval: 5 }'), /^3 6:30 app\.healthcheck\.interval must be text/],
  [one('healthcheck: { interval: 5x }'), /^3 6:30 app\.healthcheck\.interval: "5x" is no duration/],
  [one('healthcheck: { test: [curl] }'), /^3 6:26 app\.healthcheck\.test: a test list starts with/],
  [one('pull_policy: allways'), /^3 6:18 app\.pull_policy: "allways" is none of always, missing, .*every_12h/],
  [one('pull_policy: every_1y'), /^3 6:18 app\.pull_policy: "1y" is no duration/],
  [one('build: { context: ., platforms: [linux/amd64, linux/arm64] }'), /^3 6:.* several are not supported/],
  [one('build: { context: ., secrets: [x] }'), /^3 6:26 app\.build: `secrets`: secrets of a build are not supported/],
  [one('build: { context: ., ssh: [default] }'), /^3 6:26 app\.build: `ssh`: SSH keys for a build are not supported/],
  [
    one('build: { context: ., additional_contexts: { a: "https://x.test/y.git" } }'),
    /^3 6:.*cannot be a context: give a folder, docker-image:\/\/REFERENCE or service:NAME/,
  ],
  [
    one('build: { dockerfile_inline: FROM x, additional_contexts: { a: "service:dbb" } }'),
    /^3 6:\d+ app: there is no service "dbb"/,
  ],
  [
    one('build: { context: ., dockerfile: A, dockerfile_inline: B }'),
    /^3 6:.* dockerfile and dockerfile_inline exclude each other/,
  ],
  [
    'project: p\nimages: { b: { pull: { image: x, signature: y } } }',
    /^3 2:\d+ image b\.pull: `signature`: signatures are not/,
  ],
  ['project: p\nimages: { b: { import: { at: host } } }', /^3 2:\d+ image b\.import: needs dir or tar/],
  [
    'project: p\nimages: { b: { load: none.tar } }\ncontainers: { a: { image: b } }',
    /^3 2:\d+ image b: there is no file .*none\.tar to load/,
  ],
  [
    `${threeHosts}containers:\n  a: { image: r.test/a, build: { context: ., dockerfile_inline: "FROM x", push: true }, on: all }`,
    /^3 7:\d+ the image r\.test\/a would be pushed by \w+ and by \w+: build it once/,
  ],
  [one('depends_on: { db: { condition: service_healty } }'), /^3 6:36 .*did you mean "service_healthy"/],
  [one('depends_on: [dc]'), /^3 6:18 app: there is no service "dc"; did you mean "db"\?$/],
  [one('depends_on: { dc: {} }'), /^3 6:19 app: there is no service "dc"/],
  [one('links: [app]'), /^3 6:13 app: a service cannot wait for itself/],
  [one('links: ["dd:x"]'), /^3 6:13 app: there is no service "dd"; did you mean "db"/],
  [one('links: ["db:x:y"]'), /^3 6:13 app\.links\[0\]: "db:x:y" is no link/],
  [one('links: [db]\n    networks: [n]', 'networks: { n: {} }'), /^3 6:13 app: "db" is on none of its networks/],
  [one('links: [db]\n    network_mode: none'), /^3 6:5 app: links do not go with network_mode none/],
  [one('network_mode: hots'), /^3 6:19 app\.network_mode: "hots" is no network mode/],
  [one('network_mode: host\n    networks: [default]'), /^3 6:19 app\.network_mode: network_mode and networks exclude/],
  [
    one('networks: [frnt]', 'networks: { front: }'),
    /^3 6:16 app: network "frnt" is not declared.*did you mean "front"/,
  ],
  [one('volumes: ["dta:/x"]', 'volumes: { data: }'), /^3 6:15 app: volume "dta" is not declared.*did you mean "data"/],
  [one('volumes: ["/a:/x", "/b:/x"]'), /^3 6:24 app: \/x is mounted twice/],
  [one('volumes: [{ type: bind, target: /x }]'), /^3 6:15 app\.volumes\[0\]: a bind mount needs a source/],
  [one('volumes: ["./nothing:/x"]'), /^3 6:15 app: there is no \/.*\/nothing to mount$/],
  [one('env_file: no.env'), /^3 6:15 app: there is no env_file \/.*\/no\.env$/],
  [
    one('environment: { A: { secret: DC } }', 'secrets: { DB: { env: HOME } }'),
    /^3 6:33 app: there is no secret "DC"; did you mean "DB"/,
  ],
  [
    one('hostname: "{{secrets.DB}}"', 'secrets: { DB: { env: DB_PASSWORD } }'),
    /^3 6:15 app\.hostname must be text.*\(a secret may not stand here\)/,
  ],
  [one('labels: { longshore.x: 1 }'), /^3 6:15 app: labels starting with "longshore\."/],
  [one('container_name: cc\n    scale: 2'), /^3 6:21 app: localhost gets 2 containers/],
  [one('container_name: shop-db-1'), /^3 6:21 app: localhost would have two containers named shop-db-1/],
  [
    one('ports: ["80:80"]\n    scale: 2'),
    /^3 6:5 app: port 80 of localhost is published by shop-app-1 and by shop-app-2/,
  ],
  [one('ports: ["80-81:80"]\n    scale: 3'), /^3 6:13 app: the range 80-81 has no port for container 3/],
  [one('scale: 2\n    deploy: { replicas: 3 }'), /^3 6:12 app\.scale: scale and deploy\.replicas differ/],
  [
    one('mem_limit: 5m\n    deploy: { resources: { limits: { memory: 6m } } }'),
    /^3 6:16 app\.mem_limit: mem_limit and deploy\.resources differ/,
  ],
  [one('build: ./no'), /^3 6:12 app: there is no folder \/.*\/no to build from/],
  [one('build: https://example.test/x.git'), /^3 6:12 app: builds from a URL are not supported/],
  ['project: p\ncontainers:\n  a: { command: x }', /^3 3:\d+ a: needs an image or a build/],
  [
    'project: p\ncontainers:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [c] }\n  c: { image: x, network_mode: "service:a" }',
    /^3 5:32 services wait for each other: a → b → c → a$/,
  ],
  [
    'project: p\nvolumes: { data: { external: true, driver: local } }',
    /^3 2:\d+ volume data: an external one can only have a name/,
  ],
  ['project: p\nnetworks: { n: { atachable: true } }', /^3 2:18 network n: unknown key `atachable`/],
  ['project: p\nnetworks: { n: { attachable: 5 } }', /^3 2:\d+ network n\.attachable must be true or false/],
  ['project: p\nimages: { b: { pull: x, build: . } }', /^3 2:\d+ image b: an image has exactly one of/],
  [`${threeHosts}containers:\n  a: { image: x }`, /^3 7:3 a: the project has 3 hosts.*say `on: all`, or which$/],
  [`${threeHosts}containers:\n  a: { image: x, on: role=wbe }`, /^3 7:22 a: `on: role=wbe` matches no host/],
  [
    `${threeHosts}containers:\n  a: { image: x, on: all, volumes: ["./x:/x"] }`,
    /^3 7:\d+ a: there is no \/.*\/x to bring to \w+; for a folder of the host use its absolute path, for data a volume$/,
  ],
  [
    one('loging: {}\n    ports: ["x"]', 'volumes: { v: { size: 1 } }'),
    /^3 6:5 3 mistakes\n6:5: app: unknown key `loging`.*\n7:13: app\.ports\[0\]: "x" is no port.*\n8:\d+: volume v: unknown key/s,
  ],
]
