// A host that a swarm cannot take in, because packets between the two are dropped: nothing is left half joined, and the next run does it.
import tap, { test } from 'tap'
import { labHost } from '../../lab/index.js'
import { hostEntry, testProject } from '../command.js'
import { ended, said } from './trouble-told.js'

tap.setTimeout(300_000)

test('a join that comes to nothing is ended, and done when the way is free', async t => {
  const [head, hand] = await Promise.all([
    labHost({ name: 'head', engine: true }),
    labHost({ name: 'hand', engine: true, release: 'trixie' }),
  ])
  t.teardown(() => Promise.all([head.remove(), hand.remove()]))
  const project = testProject({
    'longshore.yaml': `project: joined
hosts:
  head: ${hostEntry(head, { engine: { swarm: { role: 'manager' } } })}
  hand: ${hostEntry(hand, { engine: { swarm: { role: 'worker' } } })}
engine: { provider: swarm, source: none }
`,
  })
  t.teardown(project.remove)
  const state = (): Promise<string> => said(hand, "docker info -f '{{.Swarm.LocalNodeState}}'")
  await said(hand, `iptables -A OUTPUT -d ${head.ip} -p tcp --dport 2377 -j DROP`)
  const ran = await project.run(['up', '--yes'])
  ended(
    t,
    ran,
    1,
    /hand, join swarm: the swarm does not take it in: Timeout was reached/,
    /reach the managers at 2377\/tcp/,
  )
  t.notMatch(ran.stderr, /in the background/, 'nothing goes on behind our back')
  t.equal(await state(), 'inactive')

  // As a run leaves it that was killed in the middle: the engine goes on by itself, and gives up.
  const token = await said(head, 'docker swarm join-token -q worker')
  await hand.sh(`timeout 2 docker swarm join --token ${token} ${head.ip}:2377`)
  t.equal(await state(), 'pending')
  await said(hand, 'iptables -F OUTPUT')
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await state(), 'active')
  ended(t, await project.run(['plan', '--exit-code']), 0)
})
