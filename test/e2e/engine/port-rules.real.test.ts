// `allow` of published ports on real hosts: who gets through and who does not, over restarts and a boot, and until it is taken back.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import tap, { test } from 'tap'
import { busyboxTarball, type LabHost, labHost } from '../../lab/index.js'
import { hostEntry, type Ran, testProject, told } from '../command.js'
import { said } from '../trouble/trouble-told.js'

tap.setTimeout(600_000)
tap.jobs = 2

const [web, newer, friend] = await Promise.all([
  labHost({ name: 'web', engine: true }),
  labHost({ name: 'newer', engine: true, release: 'trixie' }),
  labHost({ name: 'friend' }),
])
tap.teardown(() => Promise.all([web.remove(), newer.remove(), friend.remove()]))
for (const host of [web, newer])
  await host.sh('docker import - box:1', { input: readFileSync(await busyboxTarball()), check: true })

for (const [host, address] of [
  [web, 'fd00:5::1'],
  [friend, 'fd00:5::2'],
  [newer, 'fd00:5::3'],
] as const)
  await host.sh(
    `for f in all default eth0; do echo 0 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done; ip -6 address add ${address}/64 dev eth0 nodad`,
    { check: true },
  )

const answers = (host: LabHost, address: string, port: number): Promise<boolean> =>
  host.sh(`timeout 1 bash -c 'exec 3<>/dev/tcp/${address}/${port}'`).then(({ code }) => code === 0)

/** Whether this machine, whom nobody has allowed, gets through. */
const letsUsIn = (address: string, port: number): Promise<boolean> =>
  new Promise(done => {
    const socket = connect({ host: address, port, timeout: 1000 })
    const end = (reached: boolean) => (): void => {
      socket.destroy()
      done(reached)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })

/** Who reaches the ports of a host: the friend, and this machine. */
const reach = (host: LabHost, port: number): Promise<[friend: boolean, us: boolean]> =>
  Promise.all([answers(friend, host.ip, port), letsUsIn(host.ip, port)])

const service = (ports: string): string =>
  `{ image: "box:1", command: [httpd, -f, -p, "80", -h, /], init: true, restart: always, ports: [${ports}] }`

const file = (project: string, host: LabHost, services: Record<string, string>): string =>
  `project: ${project}\nhosts: { h: ${hostEntry(host)} }\nengine: { source: none }\ncontainers:\n${Object.entries(
    services,
  )
    .map(([name, ports]) => `  ${name}: ${service(ports)}\n`)
    .join('')}`

const only = (published: number, ...allow: string[]): string =>
  `{ target: 80, published: ${published}, allow: ${JSON.stringify(allow)} }`

const rulesOn = (host: LabHost): Promise<string> =>
  said(
    host,
    '{ iptables -S; ip6tables -S; nft list tables; ls /etc/systemd/system /etc/systemd/system/docker.service.wants; } 2>/dev/null | grep -e LS- -e longshore || :; ls /var/lib/longshore/*/ports* 2>/dev/null || :',
  )
const ids = (host: LabHost): Promise<string> => said(host, "docker ps --no-trunc --format '{{.Names}} {{.ID}}' | sort")

const stepsOf = (ran: Ran): string[] =>
  ran
    .events()
    .flatMap(event => (event.type === 'plan' ? (event.steps as { verb: string; thing: string }[]) : []))
    .map(({ verb, thing }) => `${verb} ${thing}`)

test('only those who are allowed get through, whatever is started anew', async t => {
  const project = testProject({
    'longshore.yaml': file('shop', web, { app: only(8080, friend.ip), open: '"8081:80"' }),
  })
  t.teardown(() => project.remove())
  const write = (services: Record<string, string>): void => project.write('longshore.yaml', file('shop', web, services))
  const up = async (code = 0): Promise<Ran> => {
    const ran = await project.run(['up', '--yes'])
    t.equal(ran.code, code, told(ran))
    return ran
  }

  await t.test('the plan shows the rules before the containers', async t => {
    const plan = await project.run(['plan', '--json'])
    const steps = stepsOf(plan)
    t.ok(steps.indexOf('set port rules of shop') >= 0, told(plan))
    t.ok(steps.indexOf('set port rules of shop') < steps.findIndex(step => step.includes('container shop-app-1')))
    t.match(plan.stdout, new RegExp(`port 8080/tcp of app, open to[^}]*everybody[^}]*"${friend.ip}/32 only`))
    t.equal(await rulesOn(web), '')
  })

  await t.test('in force, and a second time nothing', async t => {
    await up()
    t.same(
      [await reach(web, 8080), await reach(web, 8081)],
      [
        [true, false],
        [true, true],
      ],
    )
    t.match((await up()).stdout, 'Nothing to do.')
    const cost = await project.run(['-v', 'plan'])
    t.match(cost.stderr, /1 connection, 2 execs/, told(cost))
  })

  await t.test('the host itself reaches its port, and the containers reach the world on the same port', async t => {
    await web.sh(`timeout 2 bash -c 'exec 3<>/dev/tcp/${web.ip}/8080'`, { check: true })
    await web.sh(`timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080'`, { check: true })
    await friend.sh(
      'nohup perl -MIO::Socket::INET -e \'$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1); while ($c = $s->accept) { print $c "hello\\n"; close $c }\' >/dev/null 2>&1 &',
      { check: true },
    )
    t.equal(await said(web, `docker exec shop-open-1 sh -c 'sleep 0.3; nc -w 2 ${friend.ip} 8080'`), 'hello')
  })

  await t.test('over IPv6, which the engine answers by a proxy of its own', async t => {
    write({ app: only(8080, friend.ip, 'fd00:5::2'), open: '"8081:80"' })
    await up()
    const six = async (port: number) => [
      await answers(friend, 'fd00:5::1', port),
      await answers(newer, 'fd00:5::1', port),
    ]
    t.same(
      [await six(8080), await six(8081)],
      [
        [true, false],
        [true, true],
      ],
    )
    write({ app: only(8080, friend.ip), open: '"8081:80"' })
    await up()
    t.same(await six(8080), [false, false], 'who is not named in either family is shut out')
  })

  await t.test('after a restart of the engine, after a flush and a restart of the unit, after a boot', async t => {
    await web.sh('systemctl restart docker', { check: true })
    t.same(await reach(web, 8080), [true, false])
    await web.sh('iptables -F DOCKER-USER; iptables -F INPUT', { check: true })
    t.same(await reach(web, 8080), [true, true], 'flushed by hand')
    t.match((await project.run(['plan'])).stdout, /rules: not in force → in force/)
    await web.sh('systemctl restart longshore-ports-shop.service', { check: true })
    t.same(await reach(web, 8080), [true, false])
    t.match((await up()).stdout, 'Nothing to do.')
    await web.sh('systemctl reboot')
    await web.start()
    await web.sh('until docker ps | grep -q shop-app-1; do sleep 0.2; done', { check: true })
    t.same(await reach(web, 8080), [true, false])
  })

  await t.test('two projects do not fight', async t => {
    const other = testProject({ 'longshore.yaml': file('other', web, { app: only(8090, '192.0.2.0/24') }) })
    t.teardown(() => other.remove())
    const first = await other.run(['up', '--yes'])
    t.equal(first.code, 0, told(first))
    write({ app: only(8080, friend.ip), open: '"8081:80"' })
    t.match((await up()).stdout, 'Nothing to do.')
    t.same(
      [await reach(web, 8080), await reach(web, 8090)],
      [
        [true, false],
        [false, false],
      ],
    )
    const down = await other.run(['down', '--yes'])
    t.equal(down.code, 0, told(down))
    t.same(await reach(web, 8080), [true, false])
    t.notMatch(await rulesOn(web), /other/)
  })

  await t.test(
    'other networks are a step that replaces no container; without `allow` the port is open again',
    async t => {
      const before = await ids(web)
      write({ app: only(8080, '192.0.2.0/24'), open: '"8081:80"' })
      await up()
      t.same(await reach(web, 8080), [false, false])
      write({ app: '"8080:80"', open: '"8081:80"' })
      const plan = await project.run(['plan'])
      t.match(plan.stdout, /port 8080\/tcp of app, open to: 192\.0\.2\.0\/24 only → everybody/)
      await up()
      t.same(await reach(web, 8080), [true, true])
      t.equal(await rulesOn(web), '')
      t.equal(await ids(web), before)
    },
  )

  await t.test('a service that is no longer declared keeps its rule as long as its container', async t => {
    write({ app: only(8080, friend.ip), open: '"8081:80"' })
    await up()
    write({ open: '"8081:80"' })
    await up()
    t.same(await reach(web, 8080), [true, false])
    const pruned = await project.run(['up', '--prune', '--yes'])
    t.equal(pruned.code, 0, told(pruned))
    t.same([await reach(web, 8080), await rulesOn(web)], [[false, false], ''])
  })

  await t.test('down leaves no rule', async t => {
    write({ app: only(8080, friend.ip) })
    await up()
    t.not(await rulesOn(web), '')
    const down = await project.run(['down', '--yes'])
    t.equal(down.code, 0, told(down))
    t.equal(await rulesOn(web), '')
  })
})

test('a newer engine', async t => {
  await t.test('without iptables a table of nftables does it, on a newer engine', async t => {
    const install = 'apt-get -qq update && apt-get -qq install -y nftables >/dev/null 2>&1'
    await newer.sh(`${install} && mkdir -p /opt/away /etc/docker`, { check: true })
    const project = testProject({ 'longshore.yaml': file('tables', newer, { app: only(8080, friend.ip) }) })
    t.teardown(() => project.remove())
    const up = await project.run(['up', '--yes'])
    t.equal(up.code, 0, told(up))
    t.same(await reach(newer, 8080), [true, false])
    // From here on only what is in force already speaks for the engine, which itself can do nothing without iptables.
    await newer.sh('mv /usr/sbin/iptables /usr/sbin/ip6tables /opt/away', { check: true })
    const again = await project.run(['up', '--yes'])
    t.equal(again.code, 0, told(again))
    t.match(await said(newer, 'nft list table inet longshore-tables'), /dport 8080 drop/)
    t.same(await reach(newer, 8080), [true, false])
    await newer.sh('mv /opt/away/iptables /opt/away/ip6tables /usr/sbin/; iptables -F DOCKER-USER; iptables -F INPUT', {
      check: true,
    })
    t.same(await reach(newer, 8080), [true, false], 'by the table alone')
    const down = await project.run(['down', '--yes'])
    t.equal(down.code, 0, told(down))
    t.equal(await rulesOn(newer), '')
  })

  await t.test('the plan says where a port goes past ufw', async t => {
    const project = testProject({
      'longshore.yaml': file('past', newer, { app: '"8080:80", "127.0.0.1:8082:80"', safe: only(8083, friend.ip) }),
    })
    t.teardown(() => project.remove())
    t.notMatch((await project.run(['plan'])).stderr, /ufw/)
    await newer.sh('mkdir -p /etc/ufw && echo ENABLED=yes >/etc/ufw/ufw.conf', { check: true })
    const warned = await project.run(['plan'])
    t.equal(warned.stderr.match(/ufw/g)?.length, 1, told(warned))
    t.match(
      warned.stderr,
      /longshore\.yaml:5:\d+[\s\S]*app: port 8080 of h is published past the rules of ufw|app: port 8080 of h is published past the rules of ufw[\s\S]*longshore\.yaml:5:\d+/,
    )
  })
})
