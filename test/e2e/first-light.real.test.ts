// First light over SSH: from one file, bare systemd hosts come to an engine and to linked containers that answer; the plan says all of it before.
import tap, { type Test, test } from 'tap'
import { type LabHost, labHost, type Release } from '../lab/index.js'
import { hostEntry, type Ran, type TestProject, testProject, told } from './command.js'
import { changedFacts, giveRootfs, hostState, idsOn, page, thingsOn } from './host-state.js'
import { ends, planned } from './run-events.js'

// Hosts boot and packages are installed: more than the usual half minute.
tap.setTimeout(600_000)

const idsPlanned = (ran: Ran): string[] => planned(ran).map(({ id }) => id)

/** Ids of steps by how they ended, in the order of their ids. */
const ended = (ran: Ran): string[] =>
  Object.entries(ends(ran))
    .map(([id, state]) => `${state === 'already' ? 'done' : state} ${id}`)
    .sort()

const file = (hosts: Record<string, LabHost>, rest: string): string =>
  `project: first\nhosts:\n${Object.entries(hosts)
    .map(([name, host]) => `  ${name}: ${hostEntry(host)}\n`)
    .join('')}images:\n  base: { import: { dir: /opt/rootfs, at: host } }\n${rest}`

const linked = `containers:
  store:
    image: base
    init: true
    command: [sh, -c, 'mkdir -p /data/cgi-bin; echo kept >>/data/word; exec httpd -f -p 8000 -h /data']
    volumes: ["data:/data"]
    healthcheck: { test: [CMD, wget, -qO-, "http://127.0.0.1:8000/word"], interval: 500ms, timeout: 2s, retries: 20 }
  page:
    build: ./page
    init: true
    links: ["store:cache"]
    depends_on: { store: { condition: service_healthy } }
    ports: ["8080:8000"]
    environment: { GREETING: Ahoy }
volumes: { data: {} }
`

const pageFiles = {
  'page/Dockerfile':
    'FROM base\nCOPY index.cgi /srv/cgi-bin/index.cgi\nRUN chmod 755 /srv/cgi-bin/index.cgi\nCMD ["httpd", "-f", "-p", "8000", "-h", "/srv"]\n',
  'page/index.cgi': `#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n%s, %s\\n' "$GREETING" "$(wget -qO- http://cache:8000/word)"\n`,
}

/** Runs plan and the first up, and holds the one to the other. */
async function firstUp(t: Test, project: TestProject, hosts: LabHost[]): Promise<string[]> {
  const before = await Promise.all(hosts.map(hostState))
  const plan = await project.run(['--json', 'plan'])
  const after = await Promise.all(hosts.map(hostState))
  for (const [index, host] of hosts.entries())
    t.same(
      changedFacts(before[index] ?? new Set(), after[index] ?? new Set()),
      [],
      `the plan touched nothing on ${host.name}`,
    )
  t.equal(plan.code, 0, told(plan))
  t.same(
    planned(plan).filter(step => step.certainty !== 'will'),
    [],
    'nothing is left unknown',
  )
  t.same(
    planned(plan).filter(step => step.cause === ''),
    [],
    'every step has a cause',
  )

  const up = await project.run(['--json', 'up', '--yes'])
  t.equal(up.code, 0, told(up))
  t.same(idsPlanned(up), idsPlanned(plan), 'up has the plan that was shown')
  t.same(
    ended(up),
    idsPlanned(plan)
      .map(id => `done ${id}`)
      .sort(),
    'every listed step was done, and nothing else',
  )
  return planned(plan).map(({ thing }) => thing)
}

/** A run that changes nothing, at the price that we promise. */
async function nothingMore(t: Test, project: TestProject, hosts: LabHost[]): Promise<void> {
  const [ids, before] = [await Promise.all(hosts.map(idsOn)), await Promise.all(hosts.map(hostState))]
  const again = await project.run(['-v', 'up', '--yes'])
  const after = await Promise.all(hosts.map(hostState))
  t.same(await Promise.all(hosts.map(idsOn)), ids)
  for (const [index, host] of hosts.entries())
    t.same(
      changedFacts(before[index] ?? new Set(), after[index] ?? new Set()),
      [],
      `nothing was touched on ${host.name}`,
    )
  t.equal(again.code, 0, told(again))
  t.match(again.stdout, /Plan: 0 to change, \d+ unchanged\nNothing to do\./)
  const costs = [
    ...again.stderr.matchAll(/(\d+) connections?, (\d+) execs?, \d+ dials, \d+ API requests in (\d+) waves/g),
  ]
  t.equal(costs.length, hosts.length, told(again))
  for (const [, connections, execs, waves] of costs) {
    t.equal(Number(connections), 1, 'one connection')
    t.ok(Number(execs) <= 2, `${execs} execs`)
    t.ok(Number(waves) <= 3, `${waves} waves`)
  }
}

test('a bare host comes to linked containers, as the plan said, and stays so', async t => {
  const host = await labHost()
  t.teardown(() => host.remove())
  await giveRootfs(host)
  const project = testProject({ ...pageFiles, 'longshore.yaml': file({ one: host }, linked) })
  t.teardown(() => project.remove())

  const things = await firstUp(t, project, [host])
  const expected = [
    ...['package docker.io', 'service docker', 'image base', 'image first-page', 'network first_default'],
    ...['volume first_data', 'container first-store-1', 'container first-page-1'],
  ]
  for (const thing of expected) t.ok(things.includes(thing), `${thing} among ${things.join(', ')}`)
  t.equal(await page(host, 8080), 'Ahoy, kept', 'the page reached its link')
  t.equal((await host.sh('systemctl is-enabled docker; systemctl is-active docker')).stdout, 'enabled\nactive\n')
  t.same((await thingsOn(host)).containers, ['first-page-1', 'first-store-1'])

  await nothingMore(t, project, [host])

  await t.test('after a reboot it starts the containers that were there, with their data', async t => {
    const ids = await idsOn(host)
    await host.stop()
    await host.start()
    project.write('longshore.yaml', file({ one: host }, linked))
    const up = await project.run(['up', '--yes'])
    t.equal(await page(host, 8080), 'Ahoy, kept\nkept', 'its volume is still there')
    t.same(await idsOn(host), ids, 'the same containers')
    t.equal(up.code, 0, told(up))
  })
})

test('the engines of other Debian releases are installed and used alike', async t => {
  const releases: Release[] = ['bullseye', 'trixie']
  const hosts = await Promise.all(releases.map(release => labHost({ release, name: release })))
  t.teardown(() => Promise.all(hosts.map(host => host.remove())))
  await Promise.all(hosts.map(giveRootfs))
  const [bullseye, trixie] = hosts
  if (bullseye === undefined || trixie === undefined) return t.fail('no hosts')
  const one = `containers:
  hello:
    image: base
    init: true
    command: [sh, -c, 'mkdir /srv; hostname >/srv/index.html; exec httpd -f -p 8000 -h /srv']
    hostname: "{{ facts.os.codename }}"
    ports: ["8080:8000"]
    on: all
`
  const project = testProject({ 'longshore.yaml': file({ bullseye, trixie }, one) })
  t.teardown(() => project.remove())
  await firstUp(t, project, hosts)
  t.equal(await page(bullseye, 8080), 'bullseye')
  t.equal(await page(trixie, 8080), 'trixie')
  const version = `docker version -f '{{.Server.Version}}'`
  t.match((await bullseye.sh(version)).stdout, /^20\.10\.5/)
  t.match((await trixie.sh(version)).stdout, /^26\.1\./)
  await nothingMore(t, project, hosts)
})
