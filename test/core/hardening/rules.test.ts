// `harden` as tables: keys of the engine, the limit of memory, settings of services, and what is told of them.
import { test } from 'tap'
import { type Service, serviceSchema } from '../../../core/containers/schema/service.js'
import { daemonExceptions, hardenedKeys } from '../../../core/hardening/daemon.js'
import { findingsOf } from '../../../core/hardening/findings.js'
import { looseningWords } from '../../../core/hardening/loosen.js'
import { memoryLimit } from '../../../core/hardening/memory.js'
import { hardenService } from '../../../core/hardening/service.js'
import { checkDaemon } from '../../../resources/daemon/check.js'

const alone = { swarm: false }

test('keys of the engine', t => {
  const all = hardenedKeys({}, alone)
  t.match(all, {
    icc: false,
    'no-new-privileges': true,
    'live-restore': true,
    'userland-proxy': false,
    'log-driver': 'local',
  })
  for (const key of ['userns-remap', 'authorization-plugins', 'rootless', 'hosts'])
    t.notOk(key in all, `${key} is never set`)
  for (const version of ['20.10.5', '20.10.24', '23.0.1', '26.1.5', '29.7.0'])
    t.same(checkDaemon(all, version), { refusals: [], warnings: [] }, `engine ${version} takes them as they are`)
  t.same(daemonExceptions(all, alone), [], 'what we set is no exception')
  const member = hardenedKeys({}, { swarm: true })
  t.notOk('live-restore' in member, 'not in a swarm')
  t.same(checkDaemon(member, '26.1.5', { swarm: true }).refusals, [])
  // What the file says; a key that is left alone; a key that is set; what is told as an exception.
  const rows: [Record<string, unknown>, string[], string[], string[]][] = [
    [{ icc: true }, ['icc'], ['log-opts'], ['2.2']],
    [{ icc: false, 'log-level': 'info' }, ['icc', 'log-level'], ['iptables'], []],
    [{ 'log-driver': 'json-file' }, ['log-driver'], ['log-opts'], ['2.13']],
    [{ 'log-driver': 'journald' }, ['log-driver', 'log-opts'], [], []],
    [
      { 'log-driver': 'syslog', 'log-opts': { 'syslog-address': 'tcp://192.0.2.1' } },
      ['log-driver', 'log-opts'],
      [],
      [],
    ],
    [{ 'live-restore': false }, ['live-restore'], [], ['2.15']],
    [{ 'default-ulimits': {} }, ['default-ulimits'], [], ['2.8']],
    [{ 'insecure-registries': ['r:5000'] }, ['insecure-registries'], [], ['2.5']],
    [
      { 'cgroup-parent': '/x', 'storage-opts': ['dm.basesize=20G'], 'storage-driver': 'aufs' },
      [],
      [],
      ['2.6', '2.10', '2.11'],
    ],
    [{ 'seccomp-profile': 'unconfined', experimental: true, 'userland-proxy': true }, [], [], ['2.16', '2.18', '2.17']],
  ]
  for (const [said, left, set, told] of rows) {
    const keys = hardenedKeys(said, alone)
    t.same(
      left.filter(key => key in keys),
      [],
      JSON.stringify(said),
    )
    t.same(
      set.filter(key => !(key in keys)),
      [],
      JSON.stringify(said),
    )
    const texts = daemonExceptions(said, alone).map(({ text }) => text)
    t.same(
      texts.map(text => /check ([\d.]+),/.exec(text)?.[1]),
      told,
      JSON.stringify(said),
    )
  }
  t.same(daemonExceptions({ 'live-restore': false }, { swarm: true }), [], 'a member of a swarm cannot do otherwise')
  const beside = hardenedKeys({}, { swarm: false, flags: ['log-driver', 'default-ulimits'] })
  for (const key of ['log-driver', 'log-opts', 'default-ulimits'])
    t.notOk(key in beside, `${key} is not set beside a flag`)
  t.match(daemonExceptions({}, { swarm: false, open: true }), [{ key: 'listen', text: /2\.7/ }])
  t.end()
})

test('memory', t => {
  const mebibyte = 1024 * 1024
  for (const [total, limit] of [
    [0, undefined],
    [50, 64],
    [480, 256],
    [992, 512],
    [1990, 1024],
    [3900, 2048],
    [7800, 4096],
    [7700, 4096],
    [64_000, 32_768],
  ] as const)
    t.equal(memoryLimit(total), limit === undefined ? undefined : limit * mebibyte, `${total} MiB`)
  t.equal(memoryLimit(1990, 3 * 1024 * mebibyte), 3 * 1024 * mebibyte, 'never below what is reserved')
  t.end()
})

const about = { memoryMb: 3900, hasFiles: false }
const read = (given: object): Service => serviceSchema.parse({ image: 'app:1', ...given })

test('settings of services', t => {
  const plain = hardenService(read({}), about)
  t.match(plain.value, {
    read_only: true,
    cap_drop: ['AUDIT_WRITE', 'MKNOD', 'NET_RAW', 'SETFCAP', 'SYS_CHROOT'],
    security_opt: ['no-new-privileges:true'],
    pids_limit: 1024,
    cpu_shares: 1024,
    mem_limit: 2048 * 1024 * 1024,
    restart: { name: 'on-failure', max: 5 },
  })
  t.same(plain.folders, ['/run', '/tmp', '/var/tmp'])
  t.same([...plain.fields].sort(), [
    'cap_drop',
    'cpu_shares',
    'mem_limit',
    'pids_limit',
    'read_only',
    'restart',
    'security_opt',
    'volumes',
  ])
  // What a service says, and of what is set for it what is then another.
  const rows: [object, Partial<Record<keyof Service, unknown>>][] = [
    [{ read_only: false }, { read_only: false }],
    [{ cap_drop: ['ALL'] }, { cap_drop: ['ALL'] }],
    [
      { cap_drop: ['kill', 'CAP_MKNOD'] },
      { cap_drop: ['kill', 'CAP_MKNOD', 'AUDIT_WRITE', 'NET_RAW', 'SETFCAP', 'SYS_CHROOT'] },
    ],
    [{ cap_add: ['net_raw'] }, { cap_drop: ['AUDIT_WRITE', 'MKNOD', 'SETFCAP', 'SYS_CHROOT'] }],
    [{ cap_add: ['ALL'] }, { cap_drop: undefined }],
    [{ privileged: true }, { cap_drop: undefined }],
    [{ security_opt: ['no-new-privileges:false'] }, { security_opt: ['no-new-privileges:false'] }],
    [{ security_opt: ['label=type:x'] }, { security_opt: ['label=type:x', 'no-new-privileges:true'] }],
    [{ mem_limit: '64m' }, { mem_limit: 64 * 1024 * 1024 }],
    [
      { deploy: { resources: { limits: { memory: '64m', pids: 9 } } } },
      { mem_limit: undefined, pids_limit: undefined },
    ],
    [{ mem_reservation: '3g' }, { mem_limit: 3 * 1024 ** 3 }],
    [{ restart: 'always' }, { restart: { name: 'always' } }],
    [{ restart: 'no' }, { restart: { name: 'no' } }],
    [{ restart: 'on-failure' }, { restart: { name: 'on-failure', max: 5 } }],
    [{ restart: 'on-failure:2' }, { restart: { name: 'on-failure', max: 2 } }],
    [{ deploy: { restart_policy: { condition: 'any' } } }, { restart: undefined }],
    [
      { loosen: [...looseningWords] },
      { read_only: undefined, cap_drop: undefined, restart: undefined, mem_limit: undefined },
    ],
    [{ loosen: ['memory'] }, { mem_limit: undefined, cpu_shares: 1024 }],
  ]
  for (const [given, expected] of rows) {
    const { value } = hardenService(read(given), about)
    for (const [key, wanted] of Object.entries(expected))
      t.strictSame(value[key as keyof Service], wanted, `${JSON.stringify(given)}: ${key}`)
  }
  t.same(hardenService(read({ volumes: ['data:/tmp'], tmpfs: '/run:size=1m' }), about).folders, ['/var/tmp'])
  t.equal(
    hardenService(read({}), { ...about, hasFiles: true }).value.read_only,
    undefined,
    'files are put into it first',
  )
  t.same(hardenService(read({ loosen: [...looseningWords] }), about).fields, [])
  t.end()
})

test('what is told', t => {
  const quiet = { healthcheck: { test: 'true' } }
  const rows: [object, string[]][] = [
    [quiet, []],
    [{}, ['healthcheck']],
    [{ healthcheck: { disable: true } }, ['healthcheck']],
    [{ ...quiet, ports: ['127.0.0.1:8080:80'] }, []],
    [{ ...quiet, ports: ['8080:80'] }, ['bind']],
    [{ ...quiet, ports: ['10.0.0.1:80:80', '0.0.0.0:443:443'] }, ['privileged_ports', 'bind', 'privileged_ports']],
    [{ ...quiet, network_mode: 'host', ports: ['80:80'] }, ['network_mode']],
    [{ ...quiet, pid: 'host', ipc: 'host', uts: 'host', userns_mode: 'host' }, ['pid', 'ipc', 'uts', 'userns_mode']],
    [{ ...quiet, pid: 'service:x' }, []],
    [{ ...quiet, volumes: ['/etc:/x', '/usr:/y:ro', '/srv:/etc'] }, ['mounts', 'mounts']],
    [{ ...quiet, volumes: ['/var/run/docker.sock:/s:ro'] }, ['engine_socket']],
    [{ ...quiet, volumes: ['/srv:/srv:rshared'] }, ['propagation']],
    [{ ...quiet, security_opt: ['seccomp=unconfined', 'apparmor:unconfined'] }, ['seccomp', 'apparmor']],
    [
      { ...quiet, privileged: true, cap_add: ['NET_ADMIN'], devices: ['/dev/fuse'] },
      ['privileged', 'cap_add', 'devices'],
    ],
    [{ ...quiet, restart: 'always' }, ['restart']],
    [{ ...quiet, restart: 'no' }, ['restart']],
    [{ ...quiet, restart: 'unless-stopped' }, ['restart']],
    [{ ...quiet, restart: 'on-failure:5' }, []],
    [{ ...quiet, restart: 'on-failure:2' }, []],
    [{ ...quiet, restart: 'on-failure:6' }, ['restart']],
    [{ ...quiet, restart: 'on-failure' }, []],
    [{ ...quiet, deploy: { restart_policy: { condition: 'on-failure', max_attempts: 3 } } }, []],
    [{ ...quiet, deploy: { restart_policy: { condition: 'on-failure' } } }, ['restart']],
    [{ ...quiet, deploy: { restart_policy: { condition: 'any' } } }, ['restart']],
    [{ ...quiet, deploy: { restart_policy: { condition: 'none' } } }, ['restart']],
    [
      { ...quiet, read_only: false, cpu_shares: 0, pids_limit: -1, mem_limit: 0 },
      ['read_only', 'memory', 'cpu_shares', 'pids_limit'],
    ],
    [{ ...quiet, cgroup_parent: '/x' }, ['cgroup_parent']],
    [{ ...quiet, security_opt: ['no-new-privileges:false'] }, ['no_new_privileges']],
  ]
  const words = (given: object, circumstances = { hasFiles: false, isJob: false }): string[] =>
    findingsOf(read(given), circumstances).map(({ word }) => word)
  for (const [given, expected] of rows) t.same(words(given), expected, JSON.stringify(given))
  t.same(words({}, { hasFiles: false, isJob: true }), [], 'nobody asks for the health of a job')
  t.same(words(quiet, { hasFiles: true, isJob: false }), ['read_only'])
  const reached = new Set([...rows.flatMap(([given]) => words(given)), 'cap_drop'])
  t.same(
    looseningWords.filter(word => !reached.has(word)),
    [],
    'every word is about something',
  )
  t.end()
})
