// What `doctor` says of hosts: each judgement with the answers of a host that call for it, and none where all is well.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { makeAuthority } from '../../cli/certificates/issue.js'
import { accessFindings } from '../../cli/doctor/access-findings.js'
import { engineFindings } from '../../cli/doctor/engine-findings.js'
import type { Finding, Look } from '../../cli/doctor/finding.js'
import { hostFindings } from '../../cli/doctor/host-findings.js'
import { type Answers, gib, healthy, look, now } from './doctor-host.js'

const findings = (given: Answers): Finding[] => {
  const seen = look(given)
  return [...hostFindings(seen), ...engineFindings(seen), ...accessFindings(seen)]
}

const bad = (given: Answers): string[] =>
  findings(given)
    .filter(({ state }) => state !== 'ok')
    .map(({ about, state, text }) => `${state} ${about}: ${text}`)

test('a host on which all is well', async t => {
  t.same(bad({}), [])
  t.same(
    findings({}).map(({ about }) => about),
    ['root', 'clock', 'disk', 'limits', 'left behind', 'engine', 'daemon.json', 'storage', 'cgroup', 'socket'],
  )
  t.same(bad({ daemon: '{ "log-driver": "local", "live-restore": true }' }), [])
  t.same(bad({ argv: ['dockerd', '-H', 'tcp://0.0.0.0:2376', '--tlsverify'] }), [], 'sockets that ask for certificates')
})

test('each fault is told, and what to do', async t => {
  const tcp = (address: string) => ({ argv: ['dockerd', '-H', 'fd://', '-H', address] })
  const ufw = (...ports: string[]) => ({
    detection: `${healthy}\nfirewall=ufw`,
    told: ports.map(port => `published=${port}`).join('\n'),
  })
  const rows: [given: Answers, told: (RegExp | string)[]][] = [
    [{ user: { uid: 1000, name: 'deploy' }, unread: 'no root' }, [/^problem root: deploy cannot become root/]],
    [{ unread: 'a change still runs' }, [/^warning engine: a change still runs/]],
    [{ available: 0.5 * gib }, [/^problem disk: 512 MiB of 100\.0 GiB free at \/var\/lib\/docker$/]],
    [{ available: 9 * gib }, [/^warning disk: 9\.0 GiB of/]],
    [{ available: 9 * gib, info: { DockerRootDir: '/srv/docker' } }, []],
    [
      { state: { lock: { owner: 'ann@laptop', reason: 'up', since: 1, age: 7200 } } },
      [/^warning lock: held by ann@laptop for up, since 120 min/],
    ],
    [{ state: { pending: ['a', 'b'] } }, [/^warning handlers: 2 due/]],
    [{ more: 'pending=cut' }, [/^problem engine change: .*cut off half way/]],
    [{ more: 'pending=leftover' }, [/^warning engine change/]],
    [{ rules: 'no' }, [/^problem port rules: .*not in force/]],
    [{ rules: 'yes' }, []],
    [{ detection: 'uid=0\nlogin=root' }, [/^warning engine: is not installed/]],
    [
      { detection: 'uid=0\nlogin=root', engine: { source: 'none' } },
      [/^problem engine: is not installed, and `engine.source` says none/],
    ],
    [
      { detection: 'uid=0\nlogin=root\ndockerd=yes\npackage=docker.io' },
      [/^problem engine: docker 26\.1\.5\+dfsg1 \(distro\) is installed and does not run/],
    ],
    [{ engine: { source: 'docker-ce' } }, [/^problem engine: .*\(distro\) is not from docker-ce/]],
    [{ daemon: '{ "debug": true, }' }, [/^problem daemon\.json: is no valid JSON/]],
    [
      { daemon: '{ "debgu": true }' },
      [/^problem daemon\.json: no engine knows the key `debgu`; did you mean `debug`\?/],
    ],
    [{ daemon: '{ "debug": "yes" }' }, [/^problem daemon\.json: `debug`/]],
    [
      { version: '20.10.24+dfsg1', daemon: '{ "proxies": { "http-proxy": "http://p:1" } }' },
      [/^problem daemon\.json: engine 20\.10\.24\+dfsg1 refuses to start with `proxies`: it is known since 23\.0/],
    ],
    [
      { daemon: '{ "hosts": ["fd://"] }' },
      [/^problem daemon\.json: names `hosts`, and the engine is started with -H fd:\/\//],
    ],
    [{ daemon: '{ "hosts": ["unix:///var/run/docker.sock"] }', argv: ['dockerd'], unit: '' }, []],
    [
      { daemon: '{ "debug": true }', argv: ['dockerd', '--debug'] },
      [/^problem daemon\.json: names `debug`, and the engine is started with --debug/],
    ],
    [
      { daemon: '{ "live-restore": true }', info: { Swarm: { LocalNodeState: 'active' } } },
      [/^problem daemon\.json: `live-restore` cannot be used on a host that is part of a swarm/],
    ],
    [{ daemon: '{ "iptables": false }' }, [/^warning daemon\.json: `iptables: false`/]],
    [{ info: { Driver: 'vfs' } }, [/^warning storage: vfs copies every layer whole/]],
    [{ info: { CgroupDriver: 'cgroupfs' } }, [/^warning cgroup: version 2, cgroupfs: systemd and the engine both/]],
    [{ info: { CgroupDriver: 'cgroupfs', CgroupVersion: '1' } }, []],
    [tcp('tcp://0.0.0.0:2375'), [/^problem socket: tcp:\/\/0\.0\.0\.0:2375 is open to everybody/]],
    [tcp('tcp://127.0.0.1:2375'), [/^warning socket: tcp:\/\/127\.0\.0\.1:2375 is open to every user/]],
    [
      ufw('shop-web-1 0.0.0.0:80->80/tcp, :::80->80/tcp', 'shop-db-1 127.0.0.1:5432->5432/tcp', 'shop-x-1 9000/tcp'),
      [/^warning firewall: .*past its rules: 80\/tcp of shop-web-1$/],
    ],
    [
      ufw('shop-web-1 0.0.0.0:80->80/tcp', 'shop-a-1 0.0.0.0:90->80/tcp\nrule=# rule a tcp * 90 10.0.0.0/8'),
      [/past its rules: 80\/tcp of shop-web-1$/],
    ],
    [ufw('shop-db-1 127.0.0.1:5432->5432/tcp'), []],
    [{ told: 'published=shop-web-1 0.0.0.0:80->80/tcp' }, []],
  ]
  for (const [given, expected] of rows) {
    const told = bad(given)
    const name = `${JSON.stringify(given)}: ${told.join(' | ')}`
    t.equal(told.length, expected.length, name)
    for (const [index, pattern] of expected.entries()) t.match(told[index], pattern, name)
  }
  for (const [given] of rows)
    for (const { state, hint, about } of findings(given))
      if (state === 'problem') t.ok(hint, `${about} says what to do`)
})

test('clock, limits, socket and group', async t => {
  const own = (given: Answers, lines: Record<string, string>): Look => ({
    ...look(given),
    told: new Map(Object.entries({ now: String(now / 1000), ...lines }).map(([name, value]) => [name, [value]])),
  })
  const states = (seen: Look, about: string): string[] =>
    [...hostFindings(seen), ...accessFindings(seen)]
      .filter(one => one.about === about)
      .map(({ state, text }) => `${state}: ${text}`)
  t.same(states(own({}, { now: String(now / 1000 + 60) }), 'clock'), ['warning: 59 s ahead of this machine’s'])
  t.same(states(own({}, { now: String(now / 1000 - 3600) }), 'clock'), ['problem: 3599 s behind this machine’s'])
  t.same(states(own({}, { now: String(now / 1000 - 1) }), 'clock'), ['ok: as this machine’s'])
  t.same(states(own({}, { inotify: '100 128' }), 'limits'), ['warning: 100 of 128 inotify instances in use'])
  t.match(states(own({}, { socket: '666 root docker' }), 'socket'), [/^problem: .*may be written by every user/])
  const rootOnly = healthy.replace('login=root\ngroups=root', 'login=deploy\ngroups=deploy')
  t.match(states(own({ detection: rootOnly }, { socket: '660 root docker' }), 'socket'), [
    /^ok: .*; deploy uses it through root$/,
  ])
  t.match(
    states(own({ detection: rootOnly, engine: { users: ['deploy'] } }, { socket: '660 root docker' }), 'socket'),
    [/^warning: .*deploy is not in the group$/],
  )
})

async function certificateStates(t: Test, days: number, made: number, more = ''): Promise<string[]> {
  const { certificate } = await makeAuthority('web1', days, new Date(made))
  const file = join(t.testdir({ 'cert.pem': certificate }), 'cert.pem')
  const told = execFileSync('sed', ['s/^/certificate=/', file], { encoding: 'utf8' })
  return bad({ told, more })
}

test('certificates that run out, and keys that others may read', async t => {
  const day = 86_400_000
  t.same(await certificateStates(t, 90, now), [])
  t.match(await certificateStates(t, 90, now - 80 * day), [
    /^warning certificate: runs out in \d+ days, on 2026-05-1\d/,
  ])
  t.match(await certificateStates(t, 90, now - 100 * day), [/^problem certificate: has run out on 2026-04-2\d/])
  t.match(await certificateStates(t, 90, now, 'key_sum=abc\nkey_mode=644'), [
    /^problem certificate: its key has mode 0644/,
  ])
  t.same(await certificateStates(t, 90, now, 'key_sum=abc\nkey_mode=600'), [])
  t.match(bad({ told: 'certificate=-----BEGIN CERTIFICATE-----\ncertificate=nonsense' }), [
    /^problem certificate: .*cannot be read/,
  ])
})
