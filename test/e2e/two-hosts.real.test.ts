// The example of two hosts, as it stands: the page on one machine and its counter on the other, named as in ~/.ssh/config.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { type LabHost, labHost } from '../lab/index.js'
import { packageRoot, testProject, told } from './command.js'
import { containersOn, idsOn, page, thingsOn } from './host-state.js'

// Hosts boot and packages are installed: more than the usual half minute.
tap.setTimeout(300_000)

const example = join(packageRoot, 'examples', 'two-hosts', 'longshore.yaml')

const sshConfig = (hosts: Record<string, LabHost>): string =>
  Object.entries(hosts)
    .map(
      ([name, { address, port, identity }]) =>
        `Host ${name}\n  HostName ${address}\n  Port ${port}\n  User root\n  IdentityFile ${identity}\n`,
    )
    .join('\n')

const seen = async (web: LabHost): Promise<number> =>
  Number(/Two hosts run\.[\s\S]*seen (\d+) times/.exec(await page(web, 8080))?.[1])

test('the example of two hosts comes up from ~/.ssh/config alone, counts, and stays', async t => {
  const [web, db] = await Promise.all([labHost({ name: 'web' }), labHost({ name: 'db' })])
  t.teardown(() => Promise.all([web.remove(), db.remove()]))
  const project = testProject({ '.home/.ssh/config': sshConfig({ web, db }) })
  t.teardown(() => project.remove())
  const run = (...args: string[]) => project.run(['-f', example, ...args])

  await t.test('hosts that nobody has vouched for are refused', async t => {
    const ran = await run('up', '--yes')
    for (const host of [web, db]) t.not((await host.sh('command -v docker')).code, 0, `${host.name} is as it was`)
    t.equal(ran.code, 4, told(ran))
    t.match(ran.stderr, /web[\s\S]*--accept-new-host-keys/, told(ran))
  })

  await t.test('trusted once, they are set up and linked', async t => {
    const up = await run('--accept-new-host-keys', 'up', '--yes')
    t.equal(up.code, 0, told(up))
    const known = readFileSync(join(project.folder, '.home/.ssh/known_hosts'), 'utf8')
    for (const { port, hostKey } of [web, db]) t.ok(known.includes(`[127.0.0.1]:${port} ${hostKey}`), known)
    t.same(Object.keys(await containersOn(web)), ['two-hosts-web-1'])
    t.same(Object.keys(await containersOn(db)), ['two-hosts-counter-1'])
    t.match((await web.sh('docker exec two-hosts-web-1 cat /etc/hosts')).stdout, new RegExp(`${db.ip}\\s+counter`))
    const first = await seen(web)
    t.equal(await seen(web), first + 1)
    t.equal(await page(db, 8000, '/cgi-bin/count'), `${first + 1}`, 'the counter counts on the other host')
  })

  await t.test('a second time there is nothing to do', async t => {
    const [ids, count] = [[await idsOn(web), await idsOn(db)], await seen(web)]
    const up = await run('up', '--yes')
    t.same([await idsOn(web), await idsOn(db)], ids)
    t.equal(await seen(web), count + 1)
    t.equal(up.code, 0, told(up))
    t.match(up.stdout, 'Nothing to do.')
  })

  await t.test('one host alone can be worked on', async t => {
    const ids = await idsOn(db)
    await web.sh('docker rm -f two-hosts-web-1', { check: true })
    await db.sh('docker stop -t 1 two-hosts-counter-1', { check: true })
    const up = await run('--on', 'db', 'up', '--yes')
    t.same(await containersOn(db), { 'two-hosts-counter-1': { id: ids['two-hosts-counter-1'], state: 'running' } })
    t.same(await containersOn(web), {}, 'the other host was left alone')
    t.equal(up.code, 0, told(up))
    const rest = await run('up', '--yes')
    t.same(Object.keys(await containersOn(web)), ['two-hosts-web-1'])
    t.same(await idsOn(db), ids)
    t.equal(rest.code, 0, told(rest))
    t.ok((await seen(web)) > 0)
  })

  await t.test('down removes from both what is ours', async t => {
    const down = await run('down', '--volumes', '--images', '--yes')
    const nothing = { containers: [], images: [], networks: [], volumes: [] }
    t.same(await thingsOn(web), nothing)
    t.same(await thingsOn(db), nothing)
    t.equal(down.code, 0, told(down))
  })
})
