// The parts of the docker provider that need no engine: requests, streams, verdicts, and what a host's shell told.

import { Readable } from 'node:stream'
import { test } from 'tap'
import { anyEngine } from '../../core/engine-want.js'
import { Secret } from '../../core/secret.js'
import type { ContainerConfig } from '../../core/wanted.js'
import type { ContainerDetails } from '../../providers/docker/api/shapes.js'
import { demultiplexer, lineSplitter, readProgress } from '../../providers/docker/api/stream.js'
import { agreeOnVersion } from '../../providers/docker/api/version.js'
import { createRequest } from '../../providers/docker/containers/body.js'
import { holds } from '../../providers/docker/containers/dependencies.js'
import { refusedPort } from '../../providers/docker/containers/refusals.js'
import { judge } from '../../providers/docker/containers/settle.js'
import { readDetection } from '../../providers/docker/detect.js'
import { docker } from '../../providers/docker/index.js'
import { portTexts } from '../../providers/docker/list.js'
import { sinceSeconds } from '../../providers/docker/logs.js'
import { providers } from '../../providers/index.js'
import { container, key } from './samples.js'

test('the provider is listed, and needs its playbook unless the engine is none of ours', t => {
  t.same(
    providers.map(({ name }) => name),
    ['docker', 'podman', 'swarm'],
  )
  t.same(docker.needs(anyEngine()), [{ playbook: 'docker', vars: {} }])
  const users = { playbook: 'docker-users', vars: { users: ['deploy'] } }
  t.same(docker.needs({ ...anyEngine(), users: ['deploy'] }), [{ playbook: 'docker', vars: {} }, users])
  t.same(docker.needs({ ...anyEngine(), source: 'none', users: ['deploy'] }), [users])
  t.same(docker.needs({ ...anyEngine(), source: 'none' }), [])
  t.end()
})

test('a create request, for engines that take one network at once and for those that take all', t => {
  const want = container('app', {
    command: ['serve'],
    environment: { A: '1', TOKEN: new Secret('TOKEN', 'hush') },
    ports: [
      { ip: '127.0.0.1', published: 80, target: 8000, protocol: 'tcp' },
      { target: 53, protocol: 'udp' },
    ],
    mounts: [
      { type: 'bind', source: '/srv', target: '/srv', readOnly: true },
      { type: 'volume', source: 'shop_data', target: '/data', readOnly: false },
      { type: 'volume', target: '/cache', readOnly: false },
      { type: 'bind', source: '/a:b', target: '/c', readOnly: false },
      { type: 'tmpfs', target: '/tmp', readOnly: false },
    ],
    networks: [
      { name: 'front', aliases: ['www'], address: '10.9.0.4' },
      { name: 'back', aliases: [] },
    ],
    links: [{ container: 'shop-db-1', alias: 'db' }],
    restart: { name: 'on-failure', max: 3 },
    healthcheck: { test: ['CMD', 'true'], intervalMs: 2000 },
    stopGraceMs: 1500,
  })
  const old = createRequest('shop', want, key, '1.41')
  t.match(old.body, {
    Cmd: ['serve'],
    Env: ['A=1', 'TOKEN=hush'],
    ExposedPorts: { '8000/tcp': {}, '53/udp': {} },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 2_000_000_000 },
    StopTimeout: 2,
    HostConfig: {
      NetworkMode: 'front',
      Binds: ['/srv:/srv:ro'],
      Mounts: [
        { Type: 'volume', Source: 'shop_data', Target: '/data' },
        { Type: 'volume', Target: '/cache' },
        { Type: 'bind', Source: '/a:b', Target: '/c' },
        { Type: 'tmpfs', Target: '/tmp' },
      ],
      PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: '80' }], '53/udp': [{ HostIp: '', HostPort: '' }] },
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    },
  })
  const front = { Aliases: ['www'], Links: ['shop-db-1:db'], IPAMConfig: { IPv4Address: '10.9.0.4' } }
  const back = { Links: ['shop-db-1:db'] }
  t.same((old.body as { NetworkingConfig: object }).NetworkingConfig, { EndpointsConfig: { front } })
  t.same(old.connect, [{ network: 'back', endpoint: back }])
  const now = createRequest('shop', want, key, '1.44')
  t.same((now.body as { NetworkingConfig: object }).NetworkingConfig, { EndpointsConfig: { front, back } })
  t.same(now.connect, [])

  const kept = createRequest('shop', want, key, '1.44', [{ name: 'e'.repeat(64), target: '/cache' }])
  const mounts = (kept.body as { HostConfig: { Mounts: { Target: string; Source?: string }[] } }).HostConfig.Mounts
  t.same(
    mounts.filter(({ Target }) => Target === '/cache'),
    [{ Type: 'volume', Source: 'e'.repeat(64), Target: '/cache' }],
  )
  const bridged = createRequest(
    'shop',
    container('x', { networkMode: 'bridge', links: want.config.links }),
    key,
    '1.41',
  )
  t.match(bridged.body, { HostConfig: { NetworkMode: 'bridge', Links: ['shop-db-1:db'] } })
  t.end()
})

test('what a host told of its engine', t => {
  const socket = 'socket=/var/run/docker.sock\n'
  const user = 'uid=1000\nlogin=deploy\ngroups=deploy\n'
  const root = 'uid=0\nlogin=deploy\ngroups=deploy\n'
  const listening = 'exists=yes\ngroup=docker\nlistening=yes\ndockerd=yes\nclient=yes\n'
  const rows: [string, string, object][] = [
    ['nothing', user, { state: 'not-installed', client: false }],
    ['installed', `${user}dockerd=yes\n`, { state: 'not-running' }],
    ['a stale socket', `${user}exists=yes\ngroup=docker\nwritable=yes\ndockerd=yes\n`, { state: 'not-running' }],
    ['may write', `${user}${listening}writable=yes\n`, { state: 'answers', rootOnly: false, client: true }],
    [
      'may not',
      user + listening,
      {
        state: 'denied',
        rootOnly: true,
        text: /deploy is not in the group docker/,
        hint: 'put deploy into its group there: `usermod -aG docker deploy`',
      },
    ],
    [
      'its socket is gone',
      `${user}running=yes\ndockerd=yes\n`,
      { state: 'not-running', text: /runs, and its socket .* is not there/, hint: /restart docker\.socket docker/ },
    ],
    ['root may', `${root}${listening}writable=yes\n`, { state: 'answers', rootOnly: true }],
    [
      'root, and the user too',
      `${root}${listening}writable=yes\n`.replace('groups=deploy', 'groups=deploy docker'),
      { state: 'answers', rootOnly: false },
    ],
    [
      'root itself',
      `uid=0\nlogin=root\ngroups=root\n${listening}writable=yes\n`,
      { state: 'answers', rootOnly: false },
    ],
  ]
  for (const [name, told, expected] of rows) t.match(readDetection(socket + told), expected, name)
  for (const [name, origin] of Object.entries({ 'docker.io': 'distro', 'docker-ce': 'docker-ce', none: 'elsewhere' }))
    t.equal(readDetection(`${socket}${user}dockerd=yes\npackage=${name}\n`).origin, origin)
  t.equal(readDetection(`${socket}${user}dockerd=yes\npackage=\n`).origin, undefined, 'where no dpkg tells')
  t.equal(agreeOnVersion('1.41', 'web1', 'docker'), '1.41')
  t.equal(agreeOnVersion('1.52', 'web1', 'docker'), '1.45')
  t.throws(() => agreeOnVersion('1.39', 'web1', 'docker 18.09'), {
    message: /docker 18.09 is too old: it speaks API 1.39/,
    where: 'web1',
  })
  t.end()
})

test('streams: frames, lines, and errors inside an answer that began well', async t => {
  const frame = (stream: number, text: string): Buffer => {
    const header = Buffer.alloc(8)
    header[0] = stream
    header.writeUInt32BE(Buffer.byteLength(text), 4)
    return Buffer.concat([header, Buffer.from(text)])
  }
  const bytes = Buffer.concat([frame(1, 'one\ntwö'), frame(2, 'bad\n'), frame(1, '\nend')])
  for (const size of [1, 3, 8, 100]) {
    const lines: string[] = []
    const out = lineSplitter(text => void lines.push(text))
    const err = lineSplitter(text => void lines.push(`! ${text}`))
    const take = demultiplexer((chunk, stream) => (stream === 'stderr' ? err : out).write(chunk))
    for (let from = 0; from < bytes.length; from += size) take(bytes.subarray(from, from + size))
    out.end()
    t.same(lines.toSorted(), ['! bad', 'end', 'one', 'twö'], `in pieces of ${size}`)
  }
  const told: unknown[] = []
  const events = '{"stream":"a"}\r\n{"status":"b"}\n{"errorDetail":{"message":"no"},"error":"no"}\n'
  await t.rejects(
    readProgress(Readable.from([Buffer.from(events)]), event => void told.push(event)),
    { message: 'no' },
  )
  t.equal(told.length, 3)
})

test('judging a started container, and a dependency', t => {
  type State = Partial<ContainerDetails['State']>
  const details = (state: State, more: Partial<ContainerDetails> = {}): ContainerDetails => ({
    Id: 'x',
    Name: '/x',
    Image: 'i',
    State: { Status: 'running', Running: true, Restarting: false, ExitCode: 0, Error: '', OOMKilled: false, ...state },
    RestartCount: 0,
    Config: { Tty: false, Labels: {}, Image: 'i' },
    HostConfig: {},
    Mounts: [],
    NetworkSettings: { Networks: {} },
    ...more,
  })
  const ended = (ExitCode: number): State => ({ Status: 'exited', Running: false, ExitCode })
  const always = { HostConfig: { RestartPolicy: { Name: 'always' } } }
  t.equal(judge(details({}), 0), 'wait')
  t.equal(judge(details({}), 1000), 'good')
  t.equal(judge(details({}, { RestartCount: 2 }), 1000), 'wait')
  t.equal(judge(details({ Health: { Status: 'starting' } }), 60_000), 'wait')
  t.equal(judge(details({ Health: { Status: 'healthy' } }), 0), 'good')
  t.same(judge(details({ Health: { Status: 'unhealthy' } }), 0), { bad: 'is unhealthy' })
  t.equal(judge(details(ended(0)), 0), 'good', 'a job that is done')
  t.same(judge(details(ended(0), always), 0), { bad: 'exited with code 0' })
  t.same(judge(details(ended(2)), 0), { bad: 'exited with code 2' })
  t.equal(judge(details({ Restarting: true }, { RestartCount: 2 }), 9999), 'wait')
  t.same(judge(details({ ExitCode: 7, Restarting: true }, { RestartCount: 4 }), 0), {
    bad: 'keeps exiting with code 7',
  })
  t.equal(holds('started', details(ended(1))), true)
  t.equal(holds('completed', details({})), false)
  t.equal(holds('completed', details(ended(0))), true)
  t.equal(holds('completed', details(ended(3))), 'exited with code 3')
  t.equal(holds('healthy', details({})), 'has no health check')
  t.equal(holds('healthy', details({ Health: { Status: 'starting' } })), false)
  const ports: ContainerConfig['ports'] = [{ published: 8080, target: 80, protocol: 'tcp' }]
  for (const text of [
    'driver failed programming external connectivity on endpoint x (1): Bind for 0.0.0.0:8080 failed: port is already allocated',
    'Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use',
    'failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use',
  ])
    t.equal(refusedPort(text, container('c', { ports })), 8080)
  t.equal(refusedPort('no such file', container('c', { ports })), undefined)
  t.end()
})

test('ports and times as people write them', t => {
  const port = { PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }
  t.same(
    portTexts([
      { ...port, IP: '0.0.0.0' },
      { ...port, IP: '::' },
      { PrivatePort: 53, Type: 'udp' },
    ]),
    ['0.0.0.0:8080->80/tcp', '53/udp'],
  )
  t.equal(sinceSeconds('1h30m', 10_000_000), '4600')
  t.equal(sinceSeconds('1970-01-01T00:01:00Z', 0), '60.000')
  t.equal(sinceSeconds('12.5', 0), '12.5')
  t.throws(() => sinceSeconds('yesterday', 0), { message: '"yesterday" is no time' })
  t.end()
})
