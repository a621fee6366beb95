// Hosts that cannot be reached or trusted: told clearly, not harmed, and the others are done.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { busyboxTarball, docker, labHost } from '../../lab/index.js'
import { freePort } from '../../lab/ports.js'
import { hostEntry, testProject } from '../command.js'
import { ended, marks, said, stateOf } from './trouble-told.js'

tap.setTimeout(600_000)

const [web, plain] = await Promise.all([
  labHost({ name: 'web', engine: true }),
  labHost({ name: 'plain', init: 'none' }),
])
await web.sh(`docker import - box:1`, { input: readFileSync(await busyboxTarball()), check: true })
const nobody = await freePort()

test('one host refuses connections: the others are done, and what waits for it is skipped', async t => {
  const project = testProject({
    'longshore.yaml': `project: partly
hosts:
  web: ${hostEntry(web)}
  db: ${hostEntry(web, { port: nobody })}
playbooks: [play.yaml]
containers:
  store: { image: "box:1", command: [sleep, "1000"], init: true, on: db }
  page: { image: "box:1", command: [sleep, "1000"], init: true, on: web }
  shop: { image: "box:1", command: [sleep, "1000"], init: true, on: web, depends_on: [store] }
`,
    'play.yaml': marks('partly'),
  })
  t.teardown(project.remove)
  const refused = [/\bdb\b/, new RegExp(`127\\.0\\.0\\.1:${nobody}`), /nothing listens/]
  const first = await project.run(['up', '--yes'])
  t.equal(await said(web, 'cat /srv/partly'), 'made', 'the playbook ran on the other host')
  t.equal(
    await said(web, "docker ps -a --filter label=longshore.project=partly --format '{{.Names}} {{.State}}'"),
    'partly-page-1 running',
  )
  ended(t, first, 4, ...refused, /skipped.*partly-shop-1|partly-shop-1.*skipped/i)
  const before = await said(web, 'docker ps -aq --no-trunc')
  const second = await project.run(['up', '--yes', '--json'])
  t.equal(second.code, 4, 'the second run ends alike')
  const steps = second.events().filter(({ type }) => type === 'step')
  t.same([...new Set(steps.map(({ thing, state }) => `${thing} ${state}`))], ['container partly-shop-1 skipped'])
  t.equal(await said(web, 'docker ps -aq --no-trunc'), before, 'nothing was made anew')
  ended(t, await project.run(['down', '--yes']), 4, ...refused)
  t.equal(await said(web, 'docker ps -aq --filter label=longshore.project=partly'), '', 'what is reachable is removed')
})

test('a host that swallows all packets is given up after the time for connecting, and the others are done', async t => {
  const deaf = await labHost({ name: 'deaf', init: 'none' })
  const project = testProject({
    'longshore.yaml': `project: deaf\nhosts: { deaf: ${hostEntry(deaf)}, plain: ${hostEntry(plain)} }\nplaybooks: [play.yaml]\n`,
    'play.yaml': marks('deaf'),
  })
  t.teardown(project.remove)
  t.teardown(deaf.remove)
  await docker(['pause', deaf.container])
  const began = Date.now()
  const ran = await project.run(['up', '--yes'])
  const seconds = (Date.now() - began) / 1000
  await docker(['unpause', deaf.container])
  t.equal(await said(plain, 'cat /srv/deaf'), 'made', 'the other host is done')
  t.notOk((await deaf.sh('test -e /srv/deaf')).code === 0, 'nothing came through')
  ended(t, ran, 4, /\bdeaf\b/, new RegExp(`127\\.0\\.0\\.1:${deaf.port}`), /timed out/, /firewall/)
  t.ok(seconds < 25, `it took ${seconds} s`)
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await said(deaf, 'cat /srv/deaf'), 'made', 'when it is back, it is done')
})

test('a host whose key is not the one we know is not spoken to; an unknown one only with --accept-new-host-keys', async t => {
  const files = (more: Record<string, unknown>): Record<string, string> => ({
    'longshore.yaml': `project: keys\nhosts: { plain: ${hostEntry(plain, more)} }\nplaybooks: [play.yaml]\n`,
    'play.yaml': marks('keys'),
  })
  const project = testProject(files({ host_key: web.hostKey }))
  t.teardown(project.remove)
  const before = await stateOf(plain)
  const known = join(project.folder, '.home/.ssh/known_hosts')
  const name = `[127.0.0.1]:${plain.port}`

  ended(t, await project.run(['up', '--yes']), 4, /\bplain\b/, /another key/, /host_key/, /SHA256:/)

  project.write('longshore.yaml', files({ host_key: undefined })['longshore.yaml'] ?? '')
  project.write('.home/.ssh/known_hosts', `${name} ${web.hostKey}\n`)
  ended(
    t,
    await project.run(['up', '--yes', '--accept-new-host-keys']),
    4,
    /has changed/,
    /known_hosts:1/,
    /ssh-keygen -R/,
  )
  t.equal(readFileSync(known, 'utf8'), `${name} ${web.hostKey}\n`, 'a changed key is not written over')

  project.write('.home/.ssh/known_hosts', '')
  ended(t, await project.run(['up', '--yes']), 4, /not known/, /--accept-new-host-keys/, /SHA256:/)
  t.equal(readFileSync(known, 'utf8'), '', 'an unknown key is not written down unasked')
  t.equal(await stateOf(plain), before, 'the host was not touched by any of these')

  ended(t, await project.run(['up', '--yes', '--accept-new-host-keys']), 0)
  t.equal(await said(plain, 'cat /srv/keys'), 'made')
  t.ok(existsSync(known))
  t.match(
    readFileSync(known, 'utf8'),
    `${name} ${plain.hostKey}`,
    'the accepted key is in known_hosts of the home folder',
  )
  ended(t, await project.run(['plan', '--exit-code']), 0)
})

test('hosts are removed', async () => {
  await Promise.all([web.remove(), plain.remove()])
})
