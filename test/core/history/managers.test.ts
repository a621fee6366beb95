// Managers that keep a history, as shells of this machine: who asks them when they are outside of --on, and in which order runs are told.
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { localFiles } from '../../../cli/files.js'
import { loadProject, parseSelector, selectHosts } from '../../../core/config/index.js'
import { type UserError, unreachableError } from '../../../core/errors.js'
import type { Event } from '../../../core/events.js'
import type { HistoryEntry, HistoryHead } from '../../../core/history/entry.js'
import { mergeEntries } from '../../../core/history/merge.js'
import { wholeEntriesOn } from '../../../core/history/read.js'
import { beginHistory } from '../../../core/history/record.js'
import { observeRollback } from '../../../core/history/rollback.js'
import { writeEntry } from '../../../core/history/scripts.js'
import type { HostWork } from '../../../core/plan/host-work.js'
import type { AnyProvider } from '../../../core/provider.js'
import type { PruneRule } from '../../../core/provider-abilities.js'
import { observePrune } from '../../../core/run/images.js'
import type { RunPlan, SessionContext } from '../../../core/run/session.js'
import { createMasker } from '../../../core/secret.js'
import { resources } from '../../../resources/index.js'
import { container } from '../../providers/samples.js'
import { paper, paperProvider } from '../run/paper-engine.js'
import { type ShellHost, shellHost } from '../run/shell-host.js'

const text = `
project: shop
engine: { provider: swarm, swarm: { managers: [m1, m2] } }
hosts:
  m1: { address: m1 }
  m2: { address: m2 }
  w1: { address: w1 }
containers:
  web: { image: box, on: all }
`

const digest = `box@sha256:${'d'.repeat(64)}`

const entry = (number: number, more: Partial<HistoryHead> = {}): HistoryEntry => ({
  head: {
    ...{ version: 1, number, time: `2026-01-01T00:00:0${number}.000Z`, who: 'ann@laptop', reason: 'up', state: 'done' },
    ...{ together: 'swarm', changes: [] },
    images: [{ container: 'shop-web-1', service: 'web', ref: 'box', id: `sha256:${number}`, digest }],
    ...more,
  },
  share: { containers: [container('web', { user: String(number) })], networks: [], volumes: [] },
})

async function site(t: Test) {
  const folder = t.testdir({ 'longshore.yaml': text })
  const masker = createMasker()
  const project = await loadProject(join(folder, 'longshore.yaml'), {
    ...{ files: localFiles, environment: {}, home: folder, masker, vars: {}, resourceKinds: resources },
    runCommand: async () => ({ code: 127, stdout: '', stderr: '' }),
  })
  const hosts = Object.fromEntries(project.hosts.map(({ name }) => [name, shellHost(t, name)]))
  const away = new Set<string>()
  const asked: string[] = []
  const kept = new Map<string, string[]>()
  const provider = {
    ...paperProvider(Object.fromEntries(project.hosts.map(({ name }) => [name, paper()]))),
    name: 'swarm',
    together: {
      scope: (members: readonly { name: string }[]) => ({ name: 'swarm', hosts: members.map(({ name }) => name) }),
      history: {
        inUse: async () => ({ key: new Uint8Array(32), images: [{ service: 'web', id: 'sha256:9' }] }),
      },
    },
    prunable: async ({ scope }: { scope: { name: string } }, rule: PruneRule) => {
      kept.set(scope.name, [...rule.kept].sort())
      return []
    },
  } as unknown as AnyProvider
  const events: Event[] = []
  const contextOn = (on: string): SessionContext => ({
    project,
    hosts: selectHosts(parseSelector(on, { file: '--on', line: 1, column: 1 }), project),
    extent: 'hosts',
    connect: async ({ name }) => {
      asked.push(name)
      if (away.has(name)) throw unreachableError(name, 'no route')
      return hosts[name] as ShellHost
    },
    ...{ providers: [provider], resources, files: localFiles, masker },
    builtIn: async () => [],
    keep: async () => undefined,
    emit: event => events.push(event),
    signal: new AbortController().signal,
    ...{ forks: 4, prune: false, tags: [], vars: {} },
  })
  const write = async (name: string, ...entries: HistoryEntry[]): Promise<void> => {
    for (const one of entries) await hosts[name]?.exec(writeEntry('shop', one, { drop: [], files: [] }))
  }
  const entriesOf = (name: string): Promise<HistoryEntry[]> =>
    wholeEntriesOn(hosts[name] as ShellHost, 'shop', AbortSignal.timeout(10_000))
  return { project, hosts, provider, away, asked, kept, events, contextOn, write, entriesOf }
}

test('a prune of a worker alone asks the managers what stays', async t => {
  const { contextOn, write, away, asked, kept } = await site(t)
  await write('m1', entry(1))
  await write('m2', entry(2))
  const prune = async (on: string): Promise<{ plan: RunPlan; problems: UserError[] }> => {
    asked.length = 0
    kept.clear()
    const plan = await observePrune(contextOn(on), [], { keep: 2, all: true })
    return { plan, problems: plan.works.flatMap(({ problem }) => problem ?? []) }
  }
  const all = [digest, 'sha256:1', 'sha256:2']
  const { plan, problems } = await prune('w1')
  t.same(problems, [])
  t.same([...kept], [['w1', all]], 'nothing is removed on those that were only asked')
  t.same(
    plan.works.map(({ host, apart }) => `${host.name}${apart ? ' apart' : ''}`),
    ['w1', 'm1 apart', 'm2 apart'],
  )
  await prune('w1,m1')
  t.same(asked.sort(), ['m1', 'w1'], 'a manager inside is enough')
  t.same(kept.get('w1'), [digest, 'sha256:1'])
  away.add('m1')
  t.same((await prune('w1')).problems, [], 'one that answers is enough')
  t.same([...kept], [['w1', [digest, 'sha256:2']]])
  away.add('m2')
  t.match((await prune('w1')).problems, [
    { where: 'w1', exit: 4, message: /known to the managers alone, and none of them/ },
  ])
  t.same([...kept], [], 'and nothing is removed')
})

test('a rollback through a worker alone does not say that there is no history', async t => {
  const { contextOn, write } = await site(t)
  await write('m1', entry(1), entry(2))
  await t.rejects(observeRollback(contextOn('w1'), [], { services: [] }), {
    message: /no manager of it was reached/,
    ...{ where: 'swarm', exit: 4, hint: /widen --on/ },
  })
})

test('a run comes after those that its managers know, by whatever clock it goes', async t => {
  const { project, hosts, provider, contextOn, write, entriesOf } = await site(t)
  const later = new Date(Date.now() + 3_600_000).toISOString()
  await write('m1', entry(3), entry(4, { time: later }))
  await write('m2', entry(3))
  const works = project.hosts.map(
    (host): HostWork => ({
      ...{ host, runs: [], dirty: false, locked: true, connection: hosts[host.name] as ShellHost },
      state: { serial: '', pending: [], history: [3, 4] },
    }),
  )
  const sides = works.map(work => ({ provider, work, scope: { name: work.host.name, hosts: [work.host.name] } }))
  const wanted = { containers: [{ ...container('web'), spread: { hosts: ['m1'] } }], networks: [], volumes: [] }
  const step = { id: 'swarm/service web', host: 'swarm', thing: 'service web', verb: 'update', cause: 'x', work: {} }
  const plan = {
    ...{ works, sides, steps: [step] },
    together: [
      {
        ...{ provider, together: provider.together, scope: { name: 'swarm', hosts: [] }, hosts: project.hosts },
        ...{ sides, works, ids: new Set([step.id]), byHost: new Map([['m1', wanted]]) },
      },
    ],
  } as unknown as RunPlan
  const recording = await beginHistory(contextOn('all'), plan, { text: 'me', reason: 'up' })
  await recording?.finish(new Map([[step.id, { state: 'done' }]]) as never)
  const known = mergeEntries((await entriesOf('m1')).filter(({ head }) => head.together === 'swarm'))
  t.same(
    known.map(({ head: { number, state } }) => [number, state]),
    [
      [3, 'done'],
      [4, 'done'],
      [5, 'done'],
    ],
  )
  t.equal(known.at(-1)?.head.time, new Date(Date.parse(later) + 1).toISOString())
  t.same(known.at(-1)?.head.images, [{ container: 'shop-web-1', service: 'web', ref: 'redis:7', id: 'sha256:9' }])
  t.same(
    (await entriesOf('m2')).map(({ head }) => head.number),
    [3, 4, 5],
    'who had missed one has it now',
  )
  t.same(await entriesOf('w1'), [], 'workers keep none')
})
