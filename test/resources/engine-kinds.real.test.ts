// The kinds of resources/engine on hosts with docker of two generations and with podman: made, found as wanted, changed, put back, removed.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { t as all, type Test, test } from 'tap'
import { Secret } from '../../core/secret.js'
import { busyboxTarball, docker, labHost, type Release } from '../lab/index.js'
import { apply, converge, kindOf, plan, type Shell } from './shells.js'

all.setTimeout(600_000)
all.jobs = 3

const image = 'tool:1'
const sleeper = { name: 'job', image, command: ['sleep', '1000'], init: true, stop_timeout: 1 }

/** A host where two images of one busybox are known by name, and the way to run a kind's scripts in it. */
async function engineHost(release: Release, engine: boolean, own: string[]) {
  const host = await labHost({ release, engine, mounts: [`${await busyboxTarball()}:/busybox.tar:ro`] })
  const shell: Shell = ['docker', 'exec', '-i', '-e', 'LC_ALL=C', host.container, ...own]
  await host.sh('tar -xf /busybox.tar -C / ./bin/busybox')
  const said = async (script: string): Promise<string> => (await host.sh(script, { check: false })).stdout.trim()
  return { host, shell, said }
}

const importAs = (engine: string): string =>
  `${engine} import - tool:1 </busybox.tar >/dev/null && ${engine} import -c "ENV COLOR=green" - tool:2 </busybox.tar >/dev/null`

type Place = Awaited<ReturnType<typeof engineHost>>
type Row = [kind: string, yaml: object, script: string, expected: RegExp | string]

async function testRows(t: Test, { shell, said }: Place, rows: Row[]): Promise<void> {
  for (const [kind, yaml, script, expected] of rows) {
    const row = `${kind} ${JSON.stringify(yaml)}`
    const { ended, changes, left } = await converge(kind, yaml, shell)
    t.same([ended.code, left], [0, []], `${row} ${ended.stderr}`)
    t.ok(changes.length > 0, row)
    if (typeof expected === 'string') t.equal(await said(script), expected, row)
    else t.match(await said(script), expected, row)
  }
}

/** What works alike with docker and podman, which `e` stands for. */
const rowsFor = (e: string): Row[] => [
  ['docker_network', { name: 'jobs', subnet: '10.77.0.0/24', gateway: '10.77.0.1' }, '', ''],
  [
    'docker_network',
    { name: 'jobs', subnet: '10.78.0.0/24', internal: true, labels: { a: 'b c' } },
    `${e} network inspect jobs`,
    /10\.78\.0\.0[\s\S]*b c/,
  ],
  ['docker_network', { name: 'more' }, '', ''],
  ['docker_volume', { name: 'store', labels: { a: '1' } }, `${e} volume inspect store`, /"a": "1"/],
  [
    'docker_volume',
    { name: 'store', labels: { a: '2' }, recreate: 'options-changed' },
    `${e} volume inspect store`,
    /"a": "2"/,
  ],
  ['docker_image', { name: image, source: 'local', tag: 'other:1' }, `${e} image inspect other:1`, /Id/],
  [
    'docker_container',
    {
      ...sleeper,
      env: { COLOR: 'red blue', TOKEN: new Secret('token', `it's\ntwo $lines`) },
      networks: [{ name: 'jobs', aliases: ['worker'], ipv4_address: '10.78.0.9' }, 'more'],
      volumes: ['store:/store', '/etc/hostname:/its/host:ro'],
      tmpfs: ['/scratch'],
      hostname: 'inside',
      user: '65534:65534',
      working_dir: '/tmp',
      labels: { owner: 'us' },
      memory: '64m',
      restart_policy: 'on-failure:2',
      read_only: true,
      cap_drop: ['ALL'],
      extra_hosts: { elsewhere: '192.0.2.7' },
    },
    `${e} exec job sh -c 'echo "$COLOR $TOKEN"; id -u; hostname; pwd; grep -c 192.0.2.7 /etc/hosts; touch /x 2>&1; touch /scratch/y'; ${e} inspect job | grep -c 10.78.0.9`,
    /^red blue it's\ntwo \$lines\n65534\ninside\n\/tmp\n1\ntouch: .*[Rr]ead-only.*\n[1-9]/,
  ],
  ['docker_container', { ...sleeper, env: { COLOR: 'red' } }, `${e} exec job sh -c 'echo $COLOR; id -u'`, 'red\n0'],
  ['docker_container', { ...sleeper, env: { COLOR: 'red' }, state: 'stopped' }, `${e} ps -q`, ''],
  ['docker_container', { ...sleeper, env: { COLOR: 'red' } }, `${e} ps --format '{{.Names}}'`, 'job'],
  ['docker_container', { ...sleeper, image: 'tool:2' }, `${e} exec job sh -c 'echo $COLOR'`, 'green'],
  ['docker_container', { ...sleeper, state: 'present', hostname: 'x' }, `${e} exec job hostname`, 'x'],
  ['docker_container', { name: 'job', state: 'absent' }, `${e} ps -aq`, ''],
  [
    'docker_container',
    { name: 'once', image, command: ['sh', '-c', 'echo done >/store/x'], volumes: ['store:/store'], detach: false },
    `${e} ps -a --filter status=exited --format '{{.Names}}'`,
    'once',
  ],
  ['docker_container', { name: 'once', state: 'absent', keep_volumes: false }, `${e} ps -aq`, ''],
  ['docker_volume', { name: 'store', state: 'absent' }, `${e} volume ls -q`, ''],
  ['docker_network', { name: 'jobs', state: 'absent' }, `${e} network ls | grep -c jobs`, '0'],
  ['docker_network', { name: 'more', state: 'absent' }, `${e} network ls | grep -c more`, '0'],
  ['docker_image', { name: 'other:1', state: 'absent' }, `${e} images | grep -c other`, '0'],
]

/** What must fail, and what must still be so after it. */
async function testFailures(t: Test, { shell, said }: Place, e: string): Promise<void> {
  const make = async (kind: string, yaml: object): Promise<void> => {
    t.equal((await converge(kind, yaml, shell)).left.length, 0)
  }
  await make('docker_network', { name: 'net' })
  await make('docker_volume', { name: 'vol' })
  await make('docker_container', { ...sleeper, networks: ['net'], volumes: ['vol:/vol'] })
  const before = await said(`${e} ps -q --no-trunc`)
  const failing: [string, unknown, RegExp][] = [
    ['docker_container', { ...sleeper, command: ['no-such-program'] }, /did not start: the old one is back/],
    ['docker_container', { ...sleeper, command: 'sh -c "echo it hurts; exit 3"' }, /it hurts[\s\S]*old one is back/],
    ['docker_container', { ...sleeper, networks: ['nowhere'] }, /there is no network nowhere on this host/],
    ['docker_container', { ...sleeper, image: 'registry.invalid/no:1' }, /cannot be pulled/],
    ['docker_container', { ...sleeper, image: 'no:1', pull: 'never' }, /pull: never is said/],
    ['docker_container', { name: 'fails', image, command: 'false', detach: false }, /fails ended with code 1/],
    ['docker_network', { name: 'net', internal: true }, /connected to it: job - remove or disconnect/],
    ['docker_network', { name: 'net', state: 'absent' }, /connected to it: job /],
    ['docker_volume', { name: 'vol', labels: { a: 'b' } }, /stays as it is: recreate: options-changed/],
    ['docker_volume', { name: 'vol', state: 'absent' }, /containers use it: job /],
    ['docker_image', 'registry.invalid/no:1', /cannot be pulled/],
    ['docker_image', { name: 'no:1', source: 'local' }, /source: local brings none/],
    ['docker_image', { name: image, state: 'absent' }, /job|using|in use/],
  ]
  for (const [kind, yaml, message] of failing) {
    const row = `${kind} ${JSON.stringify(yaml)}`
    const look = await plan(kind, yaml, shell)
    t.ok(look.changes.length > 0, row)
    const ended = await apply(kind, look, shell)
    t.not(ended.code, 0, row)
    t.match(ended.stderr, message, row)
    t.equal(await said(`${e} ps -q --no-trunc`), before, `${row}: the same container runs`)
  }
  t.equal(await said(`${e} ps -a --format '{{.Names}}' | sort`), 'fails\njob', 'nothing is left beside it')
  await make('docker_container', { name: 'fails', state: 'absent' })
  await make('docker_container', { name: 'job', state: 'absent' })
}

/** A secret's change is seen; its value is in no script, label or answer. */
async function testSecret(t: Test, { shell, said }: Place, e: string): Promise<void> {
  const want = (value: string) => ({ ...sleeper, env: { TOKEN: new Secret('token', value), PLAIN: 'p' } })
  t.equal((await converge('docker_container', want('first-one'), shell)).left.length, 0)
  t.same((await plan('docker_container', want('first-one'), shell)).changes, [])
  const second = await plan('docker_container', want('other-one'), shell)
  t.match(second.changes, [{ what: 'env.TOKEN', from: 'another secret' }])
  t.notMatch(
    JSON.stringify([second.seen, kindOf('docker_container').apply(second.want, second.seen)]),
    /(first|other)-one/,
  )
  t.notMatch(await said(`${e} inspect --format '{{json .Config.Labels}}' job`), /first-one|[0-9a-f]{64}/)
  t.equal((await apply('docker_container', second, shell)).code, 0)
  t.equal(await said(`${e} exec job sh -c 'echo $TOKEN'`), 'other-one')
  const recreate = { ...want('other-one'), recreate: true }
  const again = await plan('docker_container', recreate, shell)
  t.match(again.changes, [{ to: 'made anew' }])
  t.equal(kindOf('docker_container').verb(again.want, again.seen), 'run')
  t.equal((await converge('docker_container', { name: 'job', state: 'absent' }, shell)).left.length, 0)
}

async function testLeftovers(t: Test, { shell, said }: Place): Promise<void> {
  await said(
    `docker run -d --stop-timeout 1 --name job.longshore-old ${image} sleep 999; docker create --name job.longshore-new ${image} sh`,
  )
  t.same((await converge('docker_container', sleeper, shell)).left, [])
  t.equal(await said("docker ps -a --format '{{.Names}}'"), 'job')
  await said(`docker rm -f job; docker run -d --rm --stop-timeout 1 --name job ${image} sleep 999`)
  const taken = await plan('docker_container', sleeper, shell)
  t.match(taken.changes, [{ from: 'made by no task', loses: 'container job as it was made by hand' }])
  t.match(await apply('docker_container', taken, shell), { code: 0 })
  t.same((await plan('docker_container', sleeper, shell)).changes, [])
  for (const label of ['longshore.project', 'com.docker.compose.project']) {
    await said(`docker rm -f job; docker create --name job --label ${label}=shop ${image} sh`)
    await t.rejects(plan('docker_container', sleeper, shell), /belongs to the .*project shop/)
  }
  t.same((await converge('docker_container', { name: 'job', state: 'absent' }, shell)).left, [])
}

async function testArchives(t: Test, { host, shell, said }: Place): Promise<void> {
  const folder = t.testdir({})
  await host.sh('docker tag tool:1 sent:1 && docker save -o /root/sent.tar sent:1 && docker rmi sent:1')
  await docker(['cp', `${host.container}:/root/sent.tar`, join(folder, 'sent.tar')])
  writeFileSync(join(folder, 'broken.tar'), 'no archive')
  for (const yaml of [{ src: 'sent.tar' }, { path: '/root/sent.tar' }]) {
    const sent = await converge('docker_image', { name: 'sent:1', ...yaml }, shell, folder)
    t.same([sent.ended.code, sent.left], [0, []], sent.ended.stderr)
    t.equal((await plan('docker_image', { name: 'sent:1', ...yaml, state: 'latest' }, shell, folder)).changes.length, 1)
    t.same((await converge('docker_image', { name: 'sent:1', state: 'absent' }, shell)).left, [])
  }
  for (const [yaml, message] of [
    [{ name: 'else:1', src: 'sent.tar' }, /else:1 was not in the archive/],
    [{ name: 'sent:2', src: 'broken.tar' }, /archive cannot be loaded/],
  ] as const)
    t.match(await apply('docker_image', await plan('docker_image', yaml, shell, folder), shell), {
      code: 1,
      stderr: message,
    })
  t.match(await said('docker images --format "{{.Repository}}"'), 'sent', 'what was in the archive is there')
}

/** An engine that is not there yet, does not run, or is not ours to use. */
async function testNoEngine(t: Test, { host, shell }: Place): Promise<void> {
  const kinds: [string, object][] = [
    ['docker_image', { name: image }],
    ['docker_network', { name: 'x' }],
    ['docker_volume', { name: 'x' }],
    ['docker_container', { name: 'x', image }],
  ]
  const told = async (from: RegExp, message: RegExp): Promise<void> => {
    for (const [kind, yaml] of kinds) {
      const look = await plan(kind, yaml, shell)
      t.match(look.changes, [{ from }])
      t.match(await apply(kind, look, shell), { code: 1, stderr: message })
    }
  }
  await host.sh('useradd joe')
  const joe: Shell = ['docker', 'exec', '-i', '-u', 'joe', host.container, 'sh']
  for (const [kind, yaml] of kinds) await t.rejects(plan(kind, yaml, joe), /this user may not use docker: say become/)
  await host.sh('systemctl stop docker.socket docker')
  await told(/does not answer yet/, /the engine does not answer: Cannot connect/)
  await host.sh('mv /usr/bin/docker /root')
  await told(/as is the engine/, /neither docker nor podman/)
  for (const [kind, yaml] of kinds)
    t.same((await plan(kind, { name: 'x', ...yaml, state: 'absent' }, shell)).changes, [], `${kind} is surely absent`)
}

for (const [release, ...own] of [
  ['bookworm', 'dash'],
  ['trixie', 'bash', '--posix'],
] as const)
  test(`docker on ${release}, in ${own.join(' ')}`, { buffered: true }, async t => {
    const place = await engineHost(release, true, own)
    t.teardown(() => place.host.remove())
    await place.host.sh(importAs('docker'), { check: true })
    await testRows(t, place, rowsFor('docker'))
    await testSecret(t, place, 'docker')
    if (release === 'trixie') return
    await testFailures(t, place, 'docker')
    await testLeftovers(t, place)
    await testArchives(t, place)
    await testNoEngine(t, place)
  })

test('podman, in busybox sh', { buffered: true }, async t => {
  const place = await engineHost('bookworm', false, ['busybox', 'sh'])
  t.teardown(() => place.host.remove())
  const install = 'apt-get update -q && apt-get install -y -q --no-install-recommends podman netavark aardvark-dns crun'
  await place.host.sh(`${install} catatonit iptables && ${importAs('podman')}`, { check: true })
  await testRows(t, place, rowsFor('podman'))
  await testFailures(t, place, 'podman')
  await testSecret(t, place, 'podman')
})
