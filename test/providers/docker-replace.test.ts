// How containers are replaced, as tables: which one runs first, what changes in place, what a leftover is.
import { test } from 'tap'
import type { ContainerConfig, ContainerWant, Rollout } from '../../core/wanted.js'
import { joinsOf, wouldMove } from '../../providers/docker/containers/admission.js'
import { createRequest } from '../../providers/docker/containers/body.js'
import { canUpdate, limitsInForce, updateBody } from '../../providers/docker/containers/limits.js'
import { orderOfTwo, orderText } from '../../providers/docker/diff/order-of-two.js'
import { container, key, planOf, redisImage, running, seen, wanted } from './samples.js'

type Part = Partial<ContainerConfig>

const rules = { parallelism: 1, delayMs: 0, monitorMs: 0, maxFailureRatio: 0 }
const rollout = (order: 'start-first' | 'stop-first'): Rollout => ({
  ...rules,
  order,
  failureAction: 'pause',
  back: rules,
})

test('which of two runs first', t => {
  const net = (join: object): Part => ({ networks: [{ name: 'shop_default', aliases: [], ...join }] })
  const mount = (type: 'volume' | 'bind' | 'tmpfs', source: string, readOnly = false): Part => ({
    mounts: [{ type, source, target: '/x', readOnly }],
  })
  const port: Part = { ports: [{ published: 80, target: 8000, protocol: 'tcp' }] }
  const holds = { ports: [{ PrivatePort: 8000, PublicPort: 80, Type: 'tcp' }] }
  const rows: [Part, object, 'start-first' | 'stop-first' | undefined, string, boolean?][] = [
    [{}, {}, undefined, 'start-first'],
    [{}, {}, 'stop-first', 'stop-first: as the file says'],
    [port, {}, undefined, 'start-first'],
    [port, holds, undefined, 'stop-first: the old one holds port 80'],
    [port, holds, 'start-first', 'stop-first: the old one holds port 80', true],
    [{ ports: [{ target: 8000, protocol: 'tcp' }] }, holds, undefined, 'start-first'],
    [{ ports: [{ published: 80, target: 53, protocol: 'udp' }] }, holds, undefined, 'start-first'],
    [{ networkMode: 'host' }, {}, undefined, "stop-first: it uses the host's network"],
    [{ networkMode: 'container:a' }, {}, undefined, 'stop-first: it shares the network of another container'],
    [{ networkMode: 'none' }, {}, undefined, 'start-first'],
    [net({ address: '10.0.0.9' }), {}, undefined, 'stop-first: its address 10.0.0.9 is fixed'],
    [net({ macAddress: '02:00:00:00:00:01' }), {}, undefined, 'stop-first: its MAC address 02:00:00:00:00:01 is fixed'],
    [mount('volume', 'shop_data'), {}, undefined, 'stop-first: both would write volume shop_data'],
    [mount('volume', 'shop_data'), {}, 'start-first', 'start-first'],
    [mount('volume', 'shop_data', true), {}, undefined, 'start-first'],
    [mount('bind', '/srv'), {}, undefined, 'stop-first: both would write /srv'],
    [mount('bind', '/var/run/docker.sock'), {}, undefined, 'start-first'],
    [mount('tmpfs', ''), {}, undefined, 'start-first'],
    [{ volumesFrom: ['a:rw'] }, {}, undefined, 'stop-first: both would write the volumes of a'],
    [{ volumesFrom: ['a:ro'] }, {}, undefined, 'start-first'],
    [{}, { anonymousVolumes: ['e'.repeat(64)] }, undefined, 'stop-first: both would write its unnamed volume'],
  ]
  for (const [part, found, asked, text, warns = false] of rows) {
    const want = container('c', part, asked === undefined ? {} : { rollout: rollout(asked) })
    const order = orderOfTwo(want, running(container('c'), found))
    t.equal(order && orderText(order), text, JSON.stringify([part, found, asked]))
    t.equal(order?.warning !== undefined, warns)
  }
  t.equal(orderOfTwo(container('c'), running(container('c'), { state: 'exited' })), undefined)
  t.end()
})

test('limits: in force, changed in place, or only by another container', t => {
  const mib = 1024 ** 2
  const rows: [Part, object, string[]][] = [
    [{ memory: 64 * mib }, { Memory: 64 * mib, MemorySwap: 128 * mib }, []],
    [{ memory: 64 * mib }, { Memory: 64 * mib, MemorySwap: -1 }, []],
    [{ memory: 64 * mib, memorySwap: 128 * mib }, { Memory: 64 * mib, MemorySwap: 128 * mib }, []],
    [{ memory: 64 * mib }, {}, []],
    [{ cpus: 0.5 }, { NanoCpus: 250_000_000 }, ['update container shop-c-1: cpus: 0.25 → 0.5']],
    [{ pidsLimit: -1 }, { PidsLimit: null }, []],
    [{}, { PidsLimit: 50 }, ['update container shop-c-1: pids_limit: 50 → not set']],
    [{ restart: { name: 'always' } }, { RestartPolicy: { Name: 'always' } }, []],
    [
      { restart: { name: 'always' } },
      { RestartPolicy: { Name: 'no' } },
      ['update container shop-c-1: restart: not set → always'],
    ],
    [
      {},
      { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
      ['update container shop-c-1: restart: on-failure:2 → not set'],
    ],
    [{}, { CpuShares: 512 }, ['replace container shop-c-1: cpu_shares: 512 → not set; start-first']],
    [
      { cpuQuota: 5000 },
      { NanoCpus: 1e9 },
      ['replace container shop-c-1: cpu_quota: not set → 5000, cpus: 1 → not set; start-first'],
    ],
  ]
  for (const [part, limits, expected] of rows) {
    const want = container('c', part)
    // Made as the file says, and changed since; but for what its kernel may not have known.
    const made = 'cpuQuota' in part ? container('c') : want
    const found = seen({ images: [redisImage], containers: [running(made, { limits })] })
    t.same(planOf(wanted({ containers: [want] }), found), expected, JSON.stringify([part, limits]))
  }
  const both = container('c', { cpus: 1, environment: { A: '2' } })
  const other = running(container('c', { environment: { A: '1' } }), { limits: {} })
  t.same(planOf(wanted({ containers: [both] }), seen({ images: [redisImage], containers: [other] })), [
    'replace container shop-c-1: cpus: not set → 1, environment.A: 1 → 2; start-first',
  ])
  const stopped = running(container('c', { cpus: 1 }), { state: 'exited', exitCode: 0, limits: { NanoCpus: 2e9 } })
  t.same(
    planOf(
      wanted({ containers: [container('c', { cpus: 1 })] }),
      seen({ images: [redisImage], containers: [stopped] }),
    ),
    ['update container shop-c-1: cpus: 2 → 1; stopped'],
  )
  t.same(updateBody(container('c', { memory: 64 * mib, restart: { name: 'on-failure', max: 3 } }).config), {
    Memory: 64 * mib,
    MemorySwap: 128 * mib,
    PidsLimit: -1,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
  })
  t.same(limitsInForce({}, { cpu_shares: 5 }, { cpu_shares: 5 }), { cpu_shares: 5 }, 'nothing can be done about it')
  t.same(limitsInForce({}, { cpu_shares: 5 }, { cpu_shares: 6 }), {})
  t.ok(canUpdate({ mem_limit: 1, memswap_limit: 2 }, { mem_limit: 3 }))
  t.notOk(canUpdate({ mem_limit: 1 }, {}))
  t.end()
})

test('one on trial: nobody is led to it, and what an interrupted run left of it is known', t => {
  const want = container('c', { networks: [{ name: 'shop_default', aliases: ['c'] }], ports: [] })
  const body = createRequest('shop', want, key, '1.41', [], 'shop-c-1-new').body
  t.match(body, {
    Labels: { 'longshore.trial': 'shop-c-1-new' },
    NetworkingConfig: { EndpointsConfig: { shop_default: { Aliases: undefined } } },
  })
  const labelled = (name: string, trial: string) => {
    const old = running(want)
    return { ...old, id: name, name, labels: { ...old.labels, 'longshore.trial': trial } }
  }
  const plan = (...containers: ReturnType<typeof running>[]): string[] =>
    planOf(wanted({ containers: [want] }), seen({ images: [redisImage], networks: [], containers }), true).filter(
      line => !line.includes('network'),
    )
  const left = 'remove container shop-c-1-new: an interrupted run left it behind'
  t.same(plan(running(want), labelled('shop-c-1-new', 'shop-c-1-new')), [left])
  t.same(plan(labelled('shop-c-1', 'shop-c-1-new')), [], 'one that has come into its place')
  const changed: ContainerWant = { ...want, config: { ...want.config, environment: { A: '1' } } }
  const containers = [running(want), labelled('shop-c-1-new', 'shop-c-1-new')]
  t.same(planOf(wanted({ containers: [changed] }), seen({ images: [redisImage], containers })), [
    left,
    'replace container shop-c-1: environment.A: not set → 1; start-first < container shop-c-1-new',
  ])
  t.end()
})

test('whether an engine would give another address', t => {
  t.notOk(wouldMove('172.18.0.3', '172.18.0.1', ['172.18.0.2', '172.18.0.3']))
  t.ok(wouldMove('172.18.0.4', '172.18.0.1', ['172.18.0.2', '172.18.0.4']))
  t.notOk(wouldMove('10.0.1.1', '10.0.0.254', ['10.0.0.255', '10.0.1.0']))
  t.end()
})

test('how a container joined its networks is read from its label', t => {
  const networks = [
    { name: 'shop_default', aliases: ['c', 'b'] },
    { name: 'plain', aliases: [] },
    { name: 'fixed', aliases: ['c'], address: '10.0.0.9' },
  ]
  t.same(joinsOf(running(container('c', { networks })).labels), [
    { name: 'shop_default', aliases: ['b', 'c'] },
    { name: 'plain', aliases: [] },
    { name: 'fixed', aliases: ['c'] },
  ])
  t.same(joinsOf({}), [])
  t.end()
})
