// The order in which a service's containers are replaced over all hosts, and what failures mean for the rest; and how the file says it.
import { test } from 'tap'
import { rolloutOf } from '../../core/containers/rollout.js'
import { serviceSchema } from '../../core/containers/schema/service.js'
import { UserError } from '../../core/errors.js'
import type { Event } from '../../core/events.js'
import { inBatches } from '../../core/rollout/batches.js'
import { concludeRollouts } from '../../core/rollout/conclude.js'
import { createTurns } from '../../core/rollout/turns.js'
import { executeSteps } from '../../core/run/execute.js'
import type { Step } from '../../core/step.js'
import type { ContainerWant, Rollout, Wanted } from '../../core/wanted.js'
import { container, wanted } from '../providers/samples.js'

const rules = { parallelism: 1, delayMs: 0, monitorMs: 0, maxFailureRatio: 0 }
const rollout = (part: Partial<Rollout> = {}): Rollout => ({ ...rules, failureAction: 'pause', back: rules, ...part })

/** Hosts with so many containers of a service `web`, all to be replaced. */
function site(counts: Record<string, number>, told: Rollout | undefined): { steps: Step[]; want: Map<string, Wanted> } {
  const want = new Map<string, Wanted>()
  const steps: Step[] = []
  for (const [host, count] of Object.entries(counts)) {
    const containers = Array.from({ length: count }, (_, index): ContainerWant => {
      const name = `shop-web-${index + 1}`
      return container('web', {}, { name, number: index + 1, ...(told && { rollout: told }) })
    })
    want.set(host, wanted({ containers }))
    for (const { name } of containers)
      steps.push({
        ...{ id: `${host}/container ${name}`, host, thing: `container ${name}`, verb: 'replace' },
        ...{ cause: '', after: [], certainty: 'will' },
      })
  }
  return { steps, want }
}

/** Runs it; steps of which `fails` is true fail. Gives when each started, what ran beside it at most, how all ended, what was concluded. */
async function roll(
  counts: Record<string, number>,
  told: Rollout | undefined,
  fails: (id: string) => boolean = () => false,
) {
  const { steps, want } = site(counts, told)
  const ordered = inBatches(steps, want)
  const turns = createTurns(ordered, want)
  const log: string[] = []
  const events: Event[] = []
  let running = 0
  let most = 0
  const short = (id: string): string => id.replace('/container shop-web-', '')
  const signal = new AbortController().signal
  const began = performance.now()
  const ends = await executeSteps(ordered, {
    ...{ signal, forks: 10, perHost: 10, broken: new Set<string>() },
    policy: step => turns.decide(step),
    async perform(step) {
      await turns.turn(step, signal)
      most = Math.max(most, ++running)
      log.push(short(step.id))
      await new Promise(resolve => setTimeout(resolve, 5))
      running--
      if (fails(short(step.id))) throw new UserError('no good', { exit: 6 })
      return { state: 'done' }
    },
    started: () => undefined,
    ended: (step, end) => turns.note(step, end),
  })
  const errors = await concludeRollouts(turns, {
    ...{ steps: ordered, ends, signal, emit: event => void events.push(event) },
    async conclude(step, how) {
      log.push(`${how} ${short(step.id)}`)
    },
  })
  const states = Object.fromEntries([...ends].map(([id, { state }]) => [short(id), state]))
  return { log, most, states, errors, events, ms: performance.now() - began }
}

test('the first host comes first; then so many at once as the file says', async t => {
  const plain = await roll({ b: 1, a: 2, c: 1 }, undefined)
  t.same(plain.log, ['a1', 'a2', 'b1', 'c1'], 'one at a time, hosts by name')
  t.equal(plain.most, 1)
  const many = await roll({ a: 1, b: 2, c: 1 }, rollout({ parallelism: 0 }))
  t.equal(many.log[0], 'a1')
  t.equal(many.most, 3, 'all others at once, when the first host is good')
  const two = await roll({ a: 1, b: 2, c: 1 }, rollout({ parallelism: 2, delayMs: 60 }))
  t.equal(two.most, 2)
  t.ok(two.ms >= 120, `two pauses in ${two.ms} ms`)
})

test('failures: pause, continue, rollback, and the share that may fail', async t => {
  const first = (id: string): boolean => id === 'a1'
  t.same((await roll({ a: 1, b: 1, c: 1 }, undefined, first)).states, { a1: 'failed', b1: 'blocked', c1: 'blocked' })
  t.same((await roll({ a: 1, b: 1 }, rollout({ failureAction: 'continue' }), first)).states, {
    a1: 'failed',
    b1: 'done',
  })
  const lenient = rollout({ maxFailureRatio: 0.34 })
  t.same((await roll({ a: 1, b: 1, c: 1 }, lenient, first)).states, { a1: 'failed', b1: 'done', c1: 'done' })
  const both = await roll({ a: 1, b: 1, c: 1, d: 1 }, lenient, id => ['a1', 'b1'].includes(id))
  t.same(both.states, { a1: 'failed', b1: 'failed', c1: 'blocked', d1: 'blocked' })

  const back = rollout({ failureAction: 'rollback' })
  const undone = await roll({ a: 2, b: 1, c: 1 }, back, id => id === 'b1')
  t.same(undone.log, ['a1', 'a2', 'b1', 'undo a2', 'undo a1'], 'the last one is put back first')
  t.same(undone.states, { a1: 'failed', a2: 'failed', b1: 'failed', c1: 'blocked' })
  t.match(undone.events, [
    { state: 'rolled-back', thing: 'container shop-web-2', text: 'put back, because b/container shop-web-1 failed' },
    { state: 'rolled-back' },
  ])
  t.same((await roll({ a: 1, b: 1 }, back)).log, ['a1', 'b1', 'keep a1', 'keep b1'])
  t.same((await roll({ a: 1, b: 1 }, undefined)).log, ['a1', 'b1'], 'nothing is left open')
})

test('where batches would close a circle with what steps wait for already, they do not', t => {
  const { steps, want } = site({ a: 1, b: 1 }, undefined)
  const [one, other] = steps
  t.ok(one && other)
  if (!one || !other) return t.end()
  const ordered = inBatches([{ ...one, after: [other.id] }, other], want)
  t.same(
    ordered.map(({ waits }) => waits),
    [undefined, undefined],
  )
  t.same(inBatches(steps, want)[1]?.waits, [one.id])
  t.end()
})

test('how the file says it', t => {
  const read = (more: object) => rolloutOf(serviceSchema.parse({ image: 'x', ...more }))
  t.same(read({}), {})
  const update = {
    parallelism: 2,
    delay: '10s',
    monitor: '1m',
    order: 'start-first',
    failure_action: 'rollback',
    max_failure_ratio: 0.5,
  }
  t.same(read({ deploy: { update_config: update, rollback_config: { parallelism: 0 } } }).rollout, {
    ...{ parallelism: 2, delayMs: 10_000, monitorMs: 60_000, maxFailureRatio: 0.5, order: 'start-first' },
    failureAction: 'rollback',
    back: { ...rules, parallelism: 0 },
  })
  const times = { timeoutMs: 60_000, intervalMs: 1000 }
  const gates: [object, object][] = [
    [{ http: 'http://:8000/health?deep=1' }, { kind: 'http', port: 8000, path: '/health?deep=1', status: [200, 399] }],
    [{ http: { port: 80, status: 204 } }, { kind: 'http', port: 80, path: '/', status: [204, 204] }],
    [{ http: { port: 80, path: '/a', status: '200-299' } }, { kind: 'http', port: 80, path: '/a', status: [200, 299] }],
    [{ tcp: 5432 }, { kind: 'tcp', port: 5432 }],
    [{ command: 'pg_isready -q' }, { kind: 'command', argv: ['pg_isready', '-q'] }],
  ]
  for (const [gate, ask] of gates) t.same(read({ gate }).gate, { ask, ...times }, JSON.stringify(gate))
  t.same(read({ gate: { tcp: 80, timeout: '5s', interval: '200ms' } }).gate, {
    ask: { kind: 'tcp', port: 80 },
    ...{ timeoutMs: 5000, intervalMs: 200 },
  })
  const mistakes: [object, RegExp][] = [
    [{}, /exactly one of http, tcp and command/],
    [{ tcp: 80, command: 'x' }, /exactly one of http, tcp and command/],
    [{ http: 'https://:443/' }, /no address in the container: write it as http:\/\/:8000\/health/],
    [{ http: { port: 80, status: '299-200' } }, /no status/],
    [{ tcp: 0 }, /whole number from 1 to 65535/],
  ]
  for (const [gate, text] of mistakes)
    t.match(JSON.stringify(serviceSchema.safeParse({ image: 'x', gate }).error?.issues), text)
  t.end()
})
