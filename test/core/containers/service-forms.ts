// Keys of a service and the normal form they are read as.
import type { ContainerConfig } from '../../../core/wanted.js'

/** A service that says nothing but its image. */
export const bareForm: ContainerConfig = {
  image: 'app:1',
  environment: {},
  labels: {},
  ports: [],
  mounts: [],
  networks: [{ name: 'shop_default', aliases: ['app'] }],
  links: [],
  extraHosts: [],
}

/** YAML lines of a service, what they add to its normal form, and further lines of the file. */
export const serviceForms: [lines: string, expected: Partial<ContainerConfig>, rest?: string][] = [
  ['command: redis-server --save ""', { command: ['redis-server', '--save', ''] }],
  ['command: [sleep, 1]\nentrypoint: []', { command: ['sleep', '1'], entrypoint: [] }],
  [
    'environment: { B: 1, A: true, C: 1.5, COLOR: , NOT_SET: , E: "" }',
    { environment: { A: 'true', B: '1', C: '1.5', COLOR: 'blue', E: '' } },
  ],
  ['environment: [B=1=2, COLOR, "A=$COLOR$$"]', { environment: { A: 'blue$', B: '1=2', COLOR: 'blue' } }],
  ['labels: [b=1, a]', { labels: { a: '', b: '1' } }],
  ['labels: { b: 1, a: true }', { labels: { a: 'true', b: '1' } }],
  ['restart: no', {}],
  ['restart: false', {}],
  ['restart: on-failure:3', { restart: { name: 'on-failure', max: 3 } }],
  ['restart: unless-stopped', { restart: { name: 'unless-stopped' } }],
  [
    'healthcheck: { test: curl -f x, interval: 1m30s, retries: 3 }',
    { healthcheck: { test: ['CMD-SHELL', 'curl -f x'], intervalMs: 90_000, retries: 3 } },
  ],
  [
    'healthcheck: { test: [CMD, "true"], timeout: 500ms, start_period: 1s }',
    { healthcheck: { test: ['CMD', 'true'], timeoutMs: 500, startPeriodMs: 1000 } },
  ],
  ['healthcheck: { disable: true }', { healthcheck: { test: ['NONE'] } }],
  ['healthcheck: { interval: 2s }', { healthcheck: { test: [], intervalMs: 2000 } }],
  ['user: 1000\nworking_dir: /srv\nhostname: box', { user: '1000', workingDir: '/srv', hostname: 'box' }],
  [
    'tty: yes\nstdin_open: false\ninit: false\nprivileged: "true"\nread_only: true',
    { tty: true, init: false, privileged: true, readOnly: true },
  ],
  ['cap_add: [SYS_TIME, CHOWN, CHOWN]\ncap_drop: []', { capAdd: ['CHOWN', 'SYS_TIME'] }],
  [
    'security_opt: ["no-new-privileges:true"]\nsysctls: { b.c: 1, a.b: 2 }',
    { securityOpt: ['no-new-privileges:true'], sysctls: { 'a.b': '2', 'b.c': '1' } },
  ],
  [
    'shm_size: 64m\nstop_signal: SIGINT\nstop_grace_period: 1m',
    { shmSize: 67_108_864, stopSignal: 'SIGINT', stopGraceMs: 60_000 },
  ],
  ['dns: 1.1.1.1\nextra_hosts: ["a:1.2.3.4", "b=::1"]', { dns: ['1.1.1.1'], extraHosts: ['a:1.2.3.4', 'b:::1'] }],
  ['extra_hosts: { a: 1.2.3.4, b: [1.1.1.1, "[::1]"] }', { extraHosts: ['a:1.2.3.4', 'b:1.1.1.1', 'b:::1'] }],
  [
    'ports: ["81:80", 443, "80:80", { target: 90, published: "91", host_ip: 127.0.0.1, protocol: udp }]\nexpose: [1, "2/udp"]',
    {
      ports: [
        { published: 80, target: 80, protocol: 'tcp' },
        { published: 81, target: 80, protocol: 'tcp' },
        { ip: '127.0.0.1', published: 91, target: 90, protocol: 'udp' },
        { target: 443, protocol: 'tcp' },
      ],
      expose: ['1/tcp', '2/udp'],
    },
  ],
  [
    'volumes: ["data:/data:ro", /cache, "/etc:/etc", { type: tmpfs, target: /t }]\ntmpfs: /run',
    {
      mounts: [
        { type: 'volume', target: '/cache', readOnly: false },
        { type: 'volume', source: 'shop_data', target: '/data', readOnly: true },
        { type: 'bind', source: '/etc', target: '/etc', readOnly: false },
        { type: 'tmpfs', target: '/run', readOnly: false, settings: { options: '' } },
        { type: 'tmpfs', target: '/t', readOnly: false },
      ],
    },
    'volumes: { data: }',
  ],
  [
    'networks: [front, default]',
    {
      networks: [
        { name: 'shop_front', aliases: ['app'] },
        { name: 'shop_default', aliases: ['app'] },
      ],
    },
    'networks: { front: }',
  ],
  [
    'networks: { front: { aliases: [www, app], ipv4_address: 10.1.0.5 }, out: }',
    {
      networks: [
        { name: 'shop_front', aliases: ['app', 'www'], address: '10.1.0.5' },
        { name: 'the-out', aliases: ['app'] },
      ],
    },
    'networks: { front: { ipam: { config: [{ subnet: 10.1.0.0/16 }] } }, out: { external: true, name: the-out } }',
  ],
  ['network_mode: host', { networks: [], networkMode: 'host' }],
  ['x-mine: { a: 1 }\nenvironment:', { environment: {} }],
]
