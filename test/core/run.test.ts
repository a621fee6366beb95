// The runner walks a graph of steps: order, bounds, failure, interrupt; and the state on a host: key, lock, marks.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { UserError } from '../../core/errors.js'
import { containerStepId, joinSteps, unread } from '../../core/plan/graph.js'
import type { EngineStep } from '../../core/provider.js'
import { executeSteps, type StepEnd } from '../../core/run/execute.js'
import { exitOf } from '../../core/run/run.js'
import { createMasker, Secret } from '../../core/secret.js'
import {
  acquireLock,
  breakLock,
  clearPending,
  lockHeld,
  markPending,
  pendingKey,
  readState,
  releaseLock,
  stateProbe,
} from '../../core/state.js'
import type { Step } from '../../core/step.js'
import type { Wanted } from '../../core/wanted.js'

const step = (id: string, after: string[] = [], host = id.split('/')[0] ?? ''): Step => ({
  id,
  host,
  thing: id,
  verb: 'do',
  cause: '',
  after,
  certainty: 'will',
})

interface Trial {
  steps: Step[]
  fails?: string[]
  broken?: string[]
  forks?: number
  perHost?: number
  abortAfter?: string
}

async function walk({ steps, fails = [], broken = [], forks = 10, perHost = 10, abortAfter }: Trial) {
  const order: string[] = []
  const controller = new AbortController()
  const most = { hosts: 0, steps: 0 }
  const now: Step[] = []
  const ends = await executeSteps(steps, {
    signal: controller.signal,
    forks,
    perHost,
    broken: new Set(broken),
    async perform(one) {
      now.push(one)
      most.hosts = Math.max(most.hosts, new Set(now.map(({ host }) => host)).size)
      most.steps = Math.max(most.steps, now.filter(({ host }) => host === one.host).length)
      await new Promise(resolve => setTimeout(resolve, 3))
      now.splice(now.indexOf(one), 1)
      if (fails.includes(one.id)) throw new Error(`${one.id} broke`)
      return { state: 'done' }
    },
    started: one => order.push(one.id),
    ended: (one, _end) => {
      if (one.id === abortAfter) controller.abort()
    },
  })
  return { order, most, ends: Object.fromEntries([...ends].map(([id, end]: [string, StepEnd]) => [id, end.state])) }
}

test('steps start when what they wait for has ended well', async t => {
  const steps = [step('a/3', ['a/1', 'b/1']), step('a/1'), step('b/1'), step('a/2', ['a/1'])]
  const { order, ends } = await walk({ steps })
  t.ok(order.indexOf('a/3') > order.indexOf('a/1') && order.indexOf('a/3') > order.indexOf('b/1'))
  t.same(new Set(Object.values(ends)), new Set(['done']))

  const failed = await walk({
    steps: [step('a/1'), step('a/2', ['a/1']), step('a/3', ['a/2']), step('b/1')],
    fails: ['a/1'],
  })
  t.match(
    failed.ends,
    { 'a/1': 'failed', 'a/2': 'blocked', 'a/3': 'blocked', 'b/1': 'done' },
    'a failure skips only what depends on it',
  )

  const away = await walk({ steps: [step('a/1', [unread('gone')]), step('a/2')], broken: ['gone'] })
  t.match(away.ends, { 'a/1': 'blocked', 'a/2': 'done' }, 'what depends on a host that could not be read is not done')

  const many = ['a', 'b', 'c', 'd'].flatMap(host => [1, 2, 3, 4].map(number => step(`${host}/${number}`)))
  const { most } = await walk({ steps: many, forks: 2, perHost: 3 })
  t.ok(most.hosts <= 2 && most.steps <= 3, 'bounds hold')
  t.ok(most.hosts === 2 && most.steps === 3, 'and are used')

  const stopped = await walk({ steps: [step('a/1'), step('a/2', ['a/1']), step('b/1', ['a/1'])], abortAfter: 'a/1' })
  t.match(stopped.ends, { 'a/1': 'done', 'a/2': 'cancelled', 'b/1': 'cancelled' }, 'after an interrupt nothing starts')

  await t.rejects(walk({ steps: [step('a/1', ['a/2']), step('a/2', ['a/1'])] }), /wait for each other: a\/1, a\/2/)
})

test('one graph over hosts and engines', t => {
  const engine = (host: string, name: string, after: string[] = []): EngineStep => ({
    ...step(containerStepId(host, name), after, host),
    work: null,
  })
  const wanted = new Map([
    [
      'web',
      {
        containers: [
          {
            name: 'app',
            dependsOn: [
              {
                on: [
                  { host: 'db', container: 'redis' },
                  { host: 'gone', container: 'x' },
                ],
              },
            ],
          },
        ],
        images: [],
      } as unknown as Wanted,
    ],
    ['db', { containers: [], images: [] } as unknown as Wanted],
  ])
  const steps = joinSteps(
    [
      { host: 'web', before: [step('web/1'), step('web/2')], engine: [engine('web', 'app')], after: [step('web/z')] },
      { host: 'db', before: [], engine: [engine('db', 'redis')], after: [] },
    ],
    wanted,
    new Set(['gone']),
  )
  const after = Object.fromEntries(steps.map(one => [one.id, one.after]))
  t.same(after, {
    'web/1': [],
    'web/2': ['web/1'],
    'web/container app': ['web/2', 'db/container redis', unread('gone')],
    'web/z': ['web/container app'],
    'db/container redis': [],
  })
  const there = joinSteps(
    [
      { host: 'web', before: [], engine: [engine('web', 'app')], after: [] },
      { host: 'db', before: [step('db/1'), step('db/2')], engine: [], after: [step('db/z')] },
    ],
    wanted,
    new Set(),
  )
  t.same(there.find(({ id }) => id === 'web/container app')?.after, ['db/2'], 'its host is to be ready, if no more')
  t.end()
})

test('the worst thing decides the exit code', t => {
  const error = (exit: number): UserError => new UserError('x', { exit })
  t.equal(exitOf([], false), 0)
  t.equal(exitOf([error(4)], false), 4)
  t.equal(exitOf([error(4), error(1)], false), 1)
  t.equal(exitOf([error(1), error(6)], false), 6)
  t.equal(exitOf([error(1)], true), 130)
  t.end()
})

test('state on a host: key, lock, marks', t => {
  const home = mkdtempSync(join(tmpdir(), 'longshore-state-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  // As nobody, so that the state lies in a folder of its own and not in this machine's /var/lib.
  execFileSync('chmod', ['777', home])
  const isRoot = process.getuid?.() === 0
  const run = (text: string) =>
    isRoot
      ? spawnSync(
          'setpriv',
          ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'env', `XDG_STATE_HOME=${home}`, 'sh', '-s'],
          { input: text, encoding: 'utf8' },
        )
      : spawnSync('env', [`XDG_STATE_HOME=${home}`, 'sh', '-s'], { input: text, encoding: 'utf8' })
  const state = () => readState(run(stateProbe('shop').sh).stdout)

  t.match(state(), { serial: '', pending: [] }, 'nothing at first')
  t.notOk(state().key)
  const first = run(acquireLock('shop', 'ann@laptop, process 1', 'up', '').sh)
  t.equal(first.status, 0, first.stderr)
  const key = readState(first.stdout).key
  t.equal(key?.length, 32, 'the key is made')
  t.equal(statSync(join(home, 'longshore', 'key')).mode & 0o777, 0o600)
  const second = run(acquireLock('shop', 'bob@desk, process 2', "it's up", '').sh)
  t.equal(second.status, lockHeld)
  t.match(readState(second.stdout).lock, { owner: 'ann@laptop, process 1', reason: 'up' })
  t.equal(run(acquireLock('other', 'bob@desk, process 2', 'up', '').sh).status, 0, 'another project is free')
  run(releaseLock('shop', 'bob@desk, process 2', true).sh)
  t.ok(state().lock, 'only its owner releases it')
  t.equal(
    run(acquireLock('shop', 'cid@x, process 3', 'up', 'ann@laptop, process 1').sh).status,
    0,
    'a stale one is taken over',
  )
  run(releaseLock('shop', 'cid@x, process 3', true).sh)
  t.notOk(state().lock)
  t.match(state().serial, /cid@x/, 'a change leaves a new serial')
  t.same(state().key, key, 'the key stays')
  run(acquireLock('shop', 'dee', 'up', '').sh)
  run(breakLock('shop').sh)
  t.notOk(state().lock)

  const interrupted = 'mkdir() { command mkdir "$@"; set -- $?; kill -TERM $$; return $1; }'
  t.equal(run(`${interrupted}\n${acquireLock('shop', 'eve', 'up', '').sh}`).status, 0)
  t.equal(state().lock?.owner, 'eve', "an interrupt leaves no lock that is nobody's")
  run(releaseLock('shop', 'eve', false).sh)
  const full = ['mkdir() { case $* in */lock) ls /none;; *) command mkdir "$@";; esac; }', 'date() { ls /none; }']
  for (const text of full)
    t.match(run(`${text}\n${acquireLock('shop', 'eve', 'up', '').sh}`), { status: 1, stderr: /none/ }, text)
  t.notOk(state().lock, 'what cannot be made is not said to be held, and nothing of it is left')
  t.equal(run(markPending('shop', ['play/tell', "it's"]).sh).status, 0)
  t.same(new Set(state().pending), new Set([pendingKey('play/tell'), pendingKey("it's")]))
  run(clearPending('shop', 'play/tell').sh)
  t.same(state().pending, [pendingKey("it's")])
  t.end()
})

test('secrets are masked in every common form', t => {
  const masker = createMasker()
  const value = `p4ss/wörd "x"'y\nsecond line`
  masker.add(new Secret('DB', value))
  const forms = [
    value,
    JSON.stringify(value),
    encodeURIComponent(value),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('hex'),
    'second line',
  ]
  for (const form of forms) {
    const masked = masker.mask(`before ${form} after`)
    t.match(masked, /\(secret DB\)/, form)
    t.notMatch(masked, /second line|p4ss/, form)
  }
  t.equal(`${new Secret('DB', 'x')} ${JSON.stringify({ a: new Secret('DB', 'x') })}`, '(secret DB) {"a":"(secret DB)"}')
  t.not(
    new Secret('A', 'one').fingerprint(Buffer.alloc(32)),
    new Secret('A', 'one').fingerprint(Buffer.alloc(32, 1)),
    'keyed',
  )
  t.equal(masker.mask('nothing here'), 'nothing here')
  t.end()
})
