// What the kinds of resources/engine make of recorded answers of docker and podman, their scripts, and which YAML they refuse.
import { test } from 'tap'
import { Secret } from '../../core/secret.js'
import { recorded } from './recorded.js'
import { kindOf } from './shells.js'

const token = new Secret('token', 'first-one')
const network = {
  name: 'jobs',
  subnet: '10.77.0.0/24',
  gateway: '10.77.0.1',
  ip_range: '10.77.0.128/25',
  labels: { a: 'b' },
}
const volume = { name: 'store', labels: { a: 1 }, driver_options: { type: 'tmpfs', device: 'tmpfs', o: 'nodev' } }
const image = { name: 'tool:1', source: 'local', tag: 'tool:stable' }
const container = {
  name: 'job',
  image: 'tool:1',
  command: ['sleep', '1000'],
  env: { COLOR: 'red', TOKEN: token },
  labels: { a: 'b' },
}

/** Kind, YAML, recorded answer, changes, verb and words of the script where there is a change. */
type Row = [kind: string, yaml: object, fixture: string, changes: object[], verb?: string, words?: RegExp]

const engines = ['docker-20', 'docker-26', 'podman-4']
const rows: Row[] = [
  ...engines.flatMap((engine): Row[] => [
    ['docker_image', image, `image-${engine}`, []],
    ['docker_network', network, `network-${engine}`, []],
    ['docker_network', { name: 'jobs' }, `network-${engine}`, []],
    ['docker_network', { ...network, ip_range: '10.77.0.64/26' }, `network-${engine}`, [{ from: '10.77.0.128/25' }]],
    ['docker_network', { name: 'jobs', internal: true, driver: 'macvlan' }, `network-${engine}`, [{}, {}], 'replace'],
    ['docker_network', { name: 'jobs', state: 'absent' }, `network-${engine}`, [{ to: 'absent' }], 'remove'],
    ['docker_volume', volume, `volume-${engine}`, []],
    ['docker_volume', { name: 'store' }, `volume-${engine}`, []],
    ['docker_container', container, `container-${engine}`, []],
    ['docker_container', { ...container, state: 'present', pull: 'never' }, `container-${engine}`, []],
  ]),
  [
    'docker_image',
    image,
    'image-absent',
    [{ what: 'tag tool:stable', from: 'absent' }],
    'tag',
    /tag tool:1 tool:stable/,
  ],
  ['docker_image', { name: 'tool:1', state: 'absent' }, 'image-absent', [{ to: 'absent' }], 'remove', /rmi {2}tool:1/],
  [
    'docker_image',
    { name: 'tool:1', state: 'latest' },
    'image-absent',
    [{ to: 'pulled again' }],
    'reload',
    /pull {2}tool:1/,
  ],
  [
    'docker_image',
    { name: 'tool:1', state: 'latest', platform: 'linux/arm64' },
    'image-absent',
    [{}],
    'reload',
    /pull --platform linux\/arm64 tool:1/,
  ],
  [
    'docker_network',
    network,
    'network-absent',
    [{ from: 'absent' }],
    'create',
    /--subnet 10\.77\.0\.0\/24.*--label a=b jobs/,
  ],
  ['docker_network', { name: 'jobs', state: 'absent' }, 'network-absent', []],
  ['docker_volume', volume, 'volume-absent', [{ from: 'absent' }], 'create', /--opt type=tmpfs.*--label a=1 store/],
  [
    'docker_volume',
    { name: 'store', driver_options: { type: 'nfs' } },
    'volume-docker-20',
    [{ what: 'driver_options.type', to: 'nfs: refused without recreate: options-changed', loses: undefined }],
    'replace',
    /stays as it is/,
  ],
  [
    'docker_volume',
    { name: 'store', labels: { a: 2 }, recreate: 'options-changed' },
    'volume-docker-20',
    [{ what: 'labels.a', from: '1', to: '2', loses: 'the data in volume store' }],
    'replace',
    /volume rm store/,
  ],
  ['docker_volume', { name: 'store', state: 'absent' }, 'volume-docker-20', [{ loses: 'the data in volume store' }]],
  ['docker_volume', { name: 'store', state: 'absent' }, 'volume-absent', []],
  ['docker_container', container, 'container-absent', [{ from: 'absent', to: 'started' }], 'create'],
  [
    'docker_container',
    { ...container, detach: false },
    'container-absent',
    [{ to: 'run to its end' }],
    'run',
    /start -a/,
  ],
  ['docker_container', { name: 'job', state: 'absent' }, 'container-absent', []],
  [
    'docker_container',
    { name: 'job', state: 'absent', keep_volumes: false },
    'container-docker-20',
    [{ to: 'absent', loses: /volumes without a name/ }],
    'remove',
    /rm -f -v/,
  ],
  [
    'docker_container',
    { ...container, command: 'sleep 7', env: { ...container.env, COLOR: 'blue', MORE: 1 }, cpus: 0.5 },
    'container-docker-20',
    [
      { what: 'command', from: '["sleep","1000"]', to: '["sleep","7"]' },
      { what: 'cpus', from: 'not set', to: '0.5' },
      { what: 'env.COLOR', from: 'red', to: 'blue' },
      { what: 'env.MORE', to: '1' },
    ],
    'replace',
    /--env COLOR=blue --env TOKEN --env MORE=1 .*--cpus 0\.5 .*tool:1 sleep 7/,
  ],
  ['docker_container', { ...container, env: { COLOR: 'red' } }, 'container-docker-20', [{ what: 'env.TOKEN' }]],
  [
    'docker_container',
    { ...container, env: { COLOR: 'red', TOKEN: new Secret('token', 'other-one') } },
    'container-podman-4',
    [{ what: 'env.TOKEN', from: 'another secret', to: 'the secret as it is now' }],
    'replace',
  ],
  [
    'docker_container',
    { ...container, state: 'stopped' },
    'container-docker-26',
    [{ from: 'running' }],
    'stop',
    /stop/,
  ],
  ['docker_container', { ...container, recreate: true }, 'container-docker-26', [{ to: 'made anew' }], 'run', /create/],
  [
    'docker_container',
    {
      ...container,
      networks: [{ name: 'a', aliases: ['x', 'y'], ipv4_address: '10.0.0.9' }, 'b'],
      healthcheck: { test: ['CMD', 'wget', 'http://it is'], interval: '2s', retries: 3 },
      entrypoint: ['/bin/sh', '-c'],
      command: ['true'],
      ports: [80, '127.0.0.1:53:53/udp'],
    },
    'container-absent',
    [{}],
    'create',
    /--publish 80 --publish 127\.0\.0\.1:53:53\/udp --network a --network-alias x --network-alias y --ip 10\.0\.0\.9 --health-cmd 'wget '\\''http:\/\/it is'\\''' --health-interval 2s --health-retries 3 [\s\S]*--entrypoint \/bin\/sh tool:1 -c true[\s\S]*network connect {2}b "\$new"/,
  ],
]

for (const [kind, yaml, fixture, changes, verb, words] of rows)
  test(`${kind} ${JSON.stringify(yaml)} on ${fixture}`, t => {
    const resource = kindOf(kind)
    const want = resource.schema.parse(yaml)
    const seen = resource.read(recorded(`engine-${fixture}`), want)
    const found = resource.diff(want, seen)
    t.equal(found.length, changes.length, JSON.stringify(found))
    t.match(found, changes)
    if (verb !== undefined) t.equal(resource.verb(want, seen), verb)
    const scripts = resource.apply(want, seen).map(script => script.sh)
    if (words !== undefined) t.match(scripts.join('\n'), words)
    t.notMatch(JSON.stringify([seen, found, scripts, resource.probe(want)]), /(first|other)-one/, 'no secret shows')
    t.end()
  })

test('an image that the host has not is no difference of a container that is there', t => {
  const { schema, read, diff } = kindOf('docker_container')
  const answer = recorded('engine-container-docker-20').replace(/^image found\n.*\n/m, 'image absent\n')
  const changes = (yaml: object) => diff(schema.parse(yaml), read(answer, schema.parse(yaml)))
  t.same(changes(container), [])
  t.match(changes({ ...container, image: 'tool:2' }), [{ what: 'image', from: /^tool:1 /, to: 'tool:2, to be pulled' }])
  t.end()
})

test('how a container stands', t => {
  const { schema, read, diff } = kindOf('docker_container')
  /** What the task says, what the engine says, and the change. */
  const stands: [object, string, object[]][] = [
    [{}, 'exited\n3', [{ from: 'ended with 3', to: 'running' }]],
    [{}, 'paused\n0', [{ from: 'paused', to: 'running' }]],
    [{}, 'restarting\n1', [{ from: 'restarting' }]],
    [{ state: 'stopped' }, 'created\n0', []],
    [{ state: 'stopped' }, 'exited\n137', []],
    [{ state: 'stopped' }, 'restarting\n1', [{ to: 'stopped' }]],
    [{ state: 'present' }, 'dead\n1', []],
    [{ detach: false }, 'exited\n0', [{ what: 'detach' }]],
  ]
  for (const [yaml, status, changes] of stands) {
    const want = schema.parse({ ...container, ...yaml })
    const found = diff(want, read(recorded('engine-container-docker-26').replace('running\n0', status), want))
    t.equal(found.length, changes.length, JSON.stringify([yaml, status, found]))
    t.match(found, changes)
  }
  t.end()
})

/** Kind, YAML, words of the refusal. */
const refused: [string, unknown, RegExp][] = [
  ['docker_image', 'Not An Image', /must be the name of an image/],
  ['docker_image', { name: 'a', src: 'b', path: '/c' }, /either src or path/],
  ['docker_image', { name: 'a', source: 'pull', src: 'b' }, /must be load where src is given/],
  ['docker_image', { name: 'a', source: 'load' }, /needs src or path/],
  ['docker_image', { name: 'a', force: true }, /goes with state: absent/],
  ['docker_image', { name: 'a', source: 'local', state: 'latest' }, /needs a source that brings it/],
  ['docker_network', { name: 'a b' }, /must be letters/],
  ['docker_network', 'host', /every engine has of itself/],
  ['docker_network', { name: 'a', gateway: '10.0.0.1' }, /is needed with gateway/],
  ['docker_network', { name: 'a', labels: { 'longshore.project': 'x' } }, /not one of longshore/],
  ['docker_volume', { name: '/srv' }, /must be letters/],
  ['docker_container', { name: 'a' }, /is needed/],
  [
    'docker_container',
    { name: 'a', image: 'b', network_mode: 'host', networks: ['c'] },
    /cannot be given with networks/,
  ],
  ['docker_container', { name: 'a', image: 'b', state: 'stopped', detach: false }, /goes with state: started/],
  ['docker_container', { name: 'a', image: 'b', detach: false, restart_policy: 'always' }, /with detach: false/],
  ['docker_container', { name: 'a', image: 'b', ports: ['http'] }, /must be a port/],
  ['docker_container', { name: 'a', image: 'b', volumes: ['./here:/there'] }, /must be \\"VOLUME/],
  ['docker_container', { name: 'a', image: 'b', env: { PATH: token } }, /a secret cannot be the variable PATH/],
  ['docker_container', { name: 'a', image: 'b', env: { name: token } }, /a secret cannot be the variable name/],
  ['docker_container', { name: 'a', image: 'b', command: token }, /must be text or a list/],
  ['docker_container', { name: 'a', image: 'b', command: 'sh -c "x' }, /is not closed/],
  ['docker_container', { name: 'a', image: 'b', restart: 'always' }, /restart/],
]

for (const [kind, yaml, message] of refused)
  test(`${kind} ${JSON.stringify(yaml)} is refused`, t => {
    t.throws(() => kindOf(kind).schema.parse(yaml), { message })
    t.end()
  })

test('an answer that makes no sense is a fault', t => {
  for (const kind of ['docker_image', 'docker_network', 'docker_volume', 'docker_container']) {
    const want = kindOf(kind).schema.parse({ name: 'a', ...(kind === 'docker_container' ? { image: 'b' } : {}) })
    t.throws(() => kindOf(kind).read('nothing', want), { message: /did not say what it knows of/ })
  }
  const want = kindOf('docker_volume').schema.parse('a')
  t.throws(() => kindOf('docker_volume').read('volume found\nnot JSON\nend\n', want), { message: /in JSON/ })
  t.end()
})
