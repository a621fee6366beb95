// A change of an engine that is cut off: its controller killed, its host too, its payload torn.
import { t as all, test } from 'tap'
import { apply, begin, converge, kindOf, plan } from '../shells.js'
import { engineHost } from './engine-host.js'

all.setTimeout(600_000)

const kind = 'engine_config'
const stage = '/var/lib/longshore/engine/change'

test('a change whose controller dies, or whose host does', async t => {
  const { host, shell, said, file } = await engineHost(t, 'trixie', ['sh'])
  // every file takes its time, so that a change can be met while it writes
  await host.sh(
    `printf '#!/bin/sh\\nsleep 1\\nexec /bin/chown "$@"\\n' >/usr/local/bin/chown; chmod 755 /usr/local/bin/chown`,
  )
  const reached = (word: string): string =>
    `i=0; until grep -qsx ${word} ${stage}/stage; do sleep 0.05; i=$((i+1)); [ $i -lt 400 ] || exit 1; done;`
  const killFront = `read -r boot pid rest <${stage}/front; kill -9 $pid;`
  const killBoth = `${killFront} read -r boot pid rest <${stage}/owner; kill -9 -$pid;`
  let mtu = 1400
  for (const word of ['installing', 'restarting'])
    for (const [who, kill] of [
      ['the controller', killFront],
      ['both', killBoth],
      ['the host', ''],
    ] as const) {
      const yaml = { daemon: { mtu: ++mtu, 'live-restore': true } }
      const look = await plan(kind, yaml, shell)
      const old = await file()
      const running = apply(kind, look, shell)
      const killed = await host.sh(`${reached(word)} ${kill}`)
      t.equal(killed.code, 0, `${word} was reached; ${killed.stderr}`)
      if (who === 'the host') {
        await host.stop()
        await host.start()
      }
      t.not((await running).code, 0, 'nobody was told that it is done')
      const next = await plan(kind, yaml, shell)
      if (who === 'the controller')
        t.same([next.changes, JSON.parse(await file()).mtu], [[], mtu], `${word}: it ran on`)
      else {
        t.match(next.changes[0], { what: 'interrupted change', to: /gone back/ }, `${word}: it is seen`)
        const back = await plan(kind, old === '' ? {} : { daemon: JSON.parse(old) }, shell)
        t.same(
          back.changes.map(({ what }) => what),
          ['interrupted change'],
          'going back is all that the old wish needs',
        )
        const mended = await converge(kind, yaml, shell)
        t.same([mended.ended.code, mended.left, JSON.parse(await file()).mtu], [0, [], mtu], mended.ended.stderr)
      }
      t.equal(await said(`ls ${stage}; systemctl is-active docker`), 'active')
    }

  const yaml = { daemon: { debug: true, mtu, 'live-restore': true } }
  const look = await plan(kind, yaml, shell)
  const [command] = kindOf(kind).apply(look.want, look.seen)
  const payload = command?.stdin
  if (command === undefined || typeof payload !== 'object' || !('secret' in payload))
    throw new Error('the payload is a secret')
  const half = payload.secret.reveal().slice(0, payload.secret.reveal().length / 2)
  const child = begin(command, shell)
  const closed = new Promise(done => child.on('close', done))
  child.stdin.write(half)
  await host.sh(`until [ -d ${stage}/old ]; do sleep 0.05; done; ${killFront}`, { timeout: 20_000 })
  await closed
  t.equal(JSON.parse(await file()).debug, undefined, 'half a message changes nothing')
  const mended = await converge(kind, yaml, shell)
  t.match(mended.changes[0], { what: 'interrupted change', to: 'cleared away' })
  t.same([mended.ended.code, mended.left], [0, []], mended.ended.stderr)

  const short = await plan(kind, { daemon: { debug: false, mtu, 'live-restore': true } }, shell)
  const [cut] = kindOf(kind).apply(short.want, short.seen)
  const torn = begin({ sh: cut?.sh ?? '', stdin: '' }, shell)
  const ended = new Promise(done => torn.on('close', done))
  torn.stdin.end('run eA==\n')
  t.equal(await ended, 1)
  t.equal(await said(`ls ${stage}`), '', 'a connection that ends early leaves nothing')
})
