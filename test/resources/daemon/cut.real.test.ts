// A change of an engine that is cut off at each of its stages: its script killed, its host too, its payload torn.
import { t as all, type Test, test } from 'tap'
import type { HostOptions } from '../../lab/host.js'
import { apply, begin, converge, kindOf, plan } from '../shells.js'
import { engineHost } from './engine-host.js'
import { holder, type PlaceName, places } from './hold.js'

all.setTimeout(600_000)

const kind = 'engine_config'
const stage = '/var/lib/longshore/engine/change'

/** A place, and what the next plan says of a change that was cut off there. */
type Cut = readonly [PlaceName, RegExp]

/** Of a change that restarts the engine. */
const restarts: readonly Cut[] = [
  ['the files arrive', /cleared away/],
  ['all has arrived', /cleared away/],
  ['the engine checks the file', /cleared away/],
  ['the file is to be written', /gone back/],
  ['the file is written', /gone back/],
  ['the engine is to be restarted', /gone back/],
  ['the engine starts', /gone back/],
  ['the engine is asked', /gone back/],
  ['it is done', /cleared away/],
  ['the end is told', /cleared away/],
]
const reloads: readonly Cut[] = [
  ['the engine is to take it over', /gone back/],
  ['the engine was told', /gone back/],
]

type Host = Awaited<ReturnType<typeof engineHost>>

/** Kills the change at one place; what is left is the old state or the new one, and the next run brings the new one. */
async function cutAt(
  t: Test,
  title: string,
  { host, shell, said, file }: Host,
  [name, word]: Cut,
  yaml: { daemon: Record<string, unknown> },
  power = false,
): Promise<void> {
  const at = `${title}, ${name}`
  const hold = await holder(host)
  const place = places[name]
  const old = await file()
  const look = await plan(kind, yaml, shell)
  await hold.arm(place)
  const running = apply(kind, look, shell)
  t.ok(await hold.reached(), `${at}: it comes there`)
  if (power) {
    await host.stop()
    await host.start()
  } else await hold.kill()
  const { code } = await running
  if (name !== 'the end is told') t.not(code, 0, `${at}: nobody was told that it is done`)
  const now = await file()
  if (now !== old) t.match(JSON.parse(now), yaml.daemon, `${at}: the whole new file`)
  const next = await plan(kind, yaml, shell)
  t.match(next.changes[0], { what: 'interrupted change', to: word }, `${at}: it is seen`)
  if (word.test('gone back')) {
    const back = await plan(kind, old === '' ? {} : { daemon: JSON.parse(old) }, shell)
    // the engine that was told of the new file goes by it still
    const told = name === 'the engine was told' && !power ? ['daemon.debug', 'engine'] : []
    t.same(
      back.changes.map(({ what }) => what),
      ['interrupted change', ...told],
      `${at}: all that the old wish needs`,
    )
  } else if (place[2] === 'done') t.equal(next.changes.length, 1, `${at}: the new state is there`)
  const mended = await converge(kind, yaml, shell)
  t.same([mended.ended.code, mended.left], [0, []], `${at}: ${mended.ended.stdout}${mended.ended.stderr}`)
  t.match(JSON.parse(await file()), yaml.daemon, at)
  t.equal(await said(`ls ${stage}; docker info -f '{{.ServerVersion}}' | grep -c .`), '1', `${at}: all is tidy`)
}

const hosts: [string, HostOptions][] = [
  ['bookworm', { release: 'bookworm' }],
  ['trixie', { release: 'trixie' }],
  ['bookworm without an init', { release: 'bookworm', init: 'none' }],
]

test('a change that is killed on the host, at each of its stages', async t => {
  const all = hosts.map(async ([title, options]) => {
    const made = await engineHost(t, options.release ?? 'bookworm', ['sh'], options)
    const daemon: Record<string, unknown> = { mtu: 1400, debug: false, 'live-restore': true }
    const cut = (place: Cut, change: Record<string, unknown>, power = false): Promise<void> =>
      cutAt(t, title, made, place, { daemon: Object.assign(daemon, change) }, power)
    let mtu = 1400
    // engines before 23.0 check no file
    for (const place of restarts)
      if (options.release === 'trixie' || place[0] !== 'the engine checks the file') await cut(place, { mtu: ++mtu })
    for (const place of reloads) await cut(place, { debug: !daemon.debug })
    if (options.release === 'trixie')
      for (const name of ['the engine is to be restarted', 'the engine is asked'] as const)
        await cut([name, /gone back/], { mtu: ++mtu }, true)
  })
  await Promise.all(all)
})

test('a payload that is torn', async t => {
  const { host, shell, said, file } = await engineHost(t, 'trixie', ['sh'])
  const yaml = { daemon: { debug: true } }
  const look = await plan(kind, yaml, shell)
  const [command] = kindOf(kind).apply(look.want, look.seen)
  const payload = command?.stdin
  if (command === undefined || typeof payload !== 'object' || !('secret' in payload))
    throw new Error('the payload is a secret')
  const half = payload.secret.reveal().slice(0, payload.secret.reveal().length / 2)
  const child = begin(command, shell)
  const closed = new Promise(done => child.on('close', done))
  child.stdin.write(half)
  await host.sh(`until [ -d ${stage}/old ]; do sleep 0.05; done; read -r boot pid rest <${stage}/front; kill -9 $pid`, {
    timeout: 20_000,
  })
  await closed
  t.equal(await file(), '', 'half a message changes nothing')
  const mended = await converge(kind, yaml, shell)
  t.match(mended.changes[0], { what: 'interrupted change', to: 'cleared away' })
  t.same([mended.ended.code, mended.left], [0, []], mended.ended.stderr)

  const short = await plan(kind, { daemon: { debug: false } }, shell)
  const [cut] = kindOf(kind).apply(short.want, short.seen)
  const torn = begin({ sh: cut?.sh ?? '', stdin: '' }, shell)
  const ended = new Promise(done => torn.on('close', done))
  torn.stdin.end('run eA==\n')
  t.equal(await ended, 1)
  t.equal(await said(`ls ${stage}`), '', 'a connection that ends early leaves nothing')
})
