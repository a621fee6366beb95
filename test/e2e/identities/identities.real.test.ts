// Who logs in decides what a run may do: the same project as root, through sudo in all its moods, and with the docker group alone.
import { readFileSync } from 'node:fs'
import t, { test } from 'tap'
import { busyboxTarball, labHost } from '../../lab/index.js'
import { told } from '../command.js'
import { ended, said } from '../trouble/trouble-told.js'
import { addLogin, marksOf, watch } from './identities-host.js'
import { identityProject, password, secret, surroundings } from './identities-project.js'
import { bringUp, refused } from './identities-runs.js'

t.setTimeout(600_000)

const withPassword = { method: 'sudo', user: 'root', password: { secret: 'SUDO' } }

const [host, bare] = await Promise.all([labHost({ name: 'host', engine: true }), labHost({ name: 'bare' })])
for (const one of [host, bare])
  await one.sh('mkdir -p /opt/rootfs && tar -C /opt/rootfs -x', {
    input: readFileSync(await busyboxTarball()),
    check: true,
  })
await addLogin(host, 'dora', { groups: ['docker'] })
await addLogin(host, 'ada', { password, sudoers: ['ada ALL=(ALL) ALL'] })
await addLogin(host, 'ned', { sudoers: ['ned ALL=(ALL) NOPASSWD: ALL'] })
await addLogin(host, 'tick', { password, sudoers: ['Defaults:tick timestamp_type=global', 'tick ALL=(ALL) ALL'] })
await addLogin(host, 'otto', { password })
await addLogin(bare, 'newt', { password, sudoers: ['newt ALL=(ALL) ALL'] })

/** Long enough for every run here, and far too short for one that waits for an answer that never comes. */
const patience = { timeout: 90_000 }

test('the watch finds what it looks for, so that its silence means something', patience, async t => {
  const stop = await watch(host, password, secret)
  await host.sh('cat >/srv/found; TOKEN=$(cat /srv/found) sleep 0.4', { input: secret, check: true })
  await host.sh('read -r word; sh -c "sleep 0.4; : \\"\\$1\\"" sh "$word"', {
    input: `${Buffer.from(password).toString('hex')}\n`,
    check: true,
  })
  // By a pipe: an argument of logger's would be found too, or not, as the sampling falls.
  await host.sh('read -r word; printf "%s\\n" "$word" | logger; rm -f /srv/kept; cp /srv/found /srv/kept', {
    input: `${secret}\n`,
    check: true,
  })
  const leaks = await stop()
  await host.sh('rm /srv/found /srv/kept; journalctl --rotate -q; journalctl --vacuum-time=1s -q', { check: true })
  // One that has ended by the time it is asked for its place is "gone".
  const found = leaks.processes.map(line => line.replace(' gone ', ' host '))
  t.same([...new Set(found)].sort(), [
    `cmdline host ${Buffer.from(password).toString('hex')}`,
    `environ host ${secret}`,
  ])
  t.same(leaks.files.filter(line => line.includes('/srv/')).sort(), [`/srv/found ${secret}`, `/srv/kept ${secret}`])
  t.same(leaks.journal, [secret])
})

test('root brings everything up', patience, async t => {
  await bringUp(t, host, { name: 'asroot', entry: { user: 'root' }, port: 8101, package: 'tree' })
  t.equal(await said(host, 'stat -c "%U %a" /var/lib/longshore/key'), 'root 600')
})

test('a login with a sudo password and without the docker group brings everything up', patience, async t => {
  const { cost } = await bringUp(t, host, {
    name: 'asada',
    entry: { user: 'ada', become: withPassword },
    port: 8102,
    package: 'ed',
  })
  t.equal(cost.dials, 2, 'the engine is reached by root: one try of the login itself, then one kept sudo session')
  t.equal(cost.execs, 1, 'which makes two sessions in all')
  t.match(await said(host, 'ls /var/lib/longshore'), /^asada$/m, 'what we keep is where root keeps it')
  t.equal(
    await said(host, 'ls -A /home/ada | grep -v "^\\.bash\\|^\\.profile\\|^\\.ssh"; true'),
    '',
    'nothing is kept at home',
  )
})

test('a login that sudo asks for no password brings everything up, with become and without', patience, async t => {
  await bringUp(t, host, { name: 'asned', entry: { user: 'ned', become: 'sudo' }, port: 8103, package: 'bc' })
  const silent = identityProject(host, { name: 'asned', entry: { user: 'ned' }, port: 8103, package: 'bc' })
  t.teardown(() => silent.remove())
  const ran = await silent.run(['-v', 'plan', '--exit-code'], { env: surroundings })
  t.equal(ran.code, 0, told(ran))
})

test('a ticket of sudo is used: the password is then not asked for, and is written nowhere', patience, async t => {
  await host.sh('su tick -c "sudo -S -p \'\' -v"', { input: `${password}\n`, check: true })
  await bringUp(t, host, {
    name: 'astick',
    entry: { user: 'tick', become: withPassword },
    port: 8104,
    package: 'figlet',
  })

  const bareSudo = identityProject(host, {
    name: 'astick',
    entry: { user: 'tick', become: 'sudo' },
    port: 8104,
    package: 'figlet',
  })
  const ran = await bareSudo.run(['plan', '--exit-code'], { env: surroundings })
  t.equal(ran.code, 0, `the ticket does without a password\n${told(ran)}`)
  await host.sh('su tick -c "sudo -K"', { check: true })
  await refused(t, host, bareSudo, surroundings, /lab: sudo wants a password for tick/, /hosts\.lab\.become\.password/)
})

test(
  'a login in the docker group without sudo brings up containers, and keeps its state at home',
  patience,
  async t => {
    await bringUp(t, host, { name: 'asdora', entry: { user: 'dora' }, port: 8105 })
    t.equal(
      await said(host, 'cd /home/dora/.local/state/longshore && stat -c "%n %U %a" key && ls -d asdora/serial'),
      'key dora 600\nasdora/serial',
    )
    t.equal(await said(host, 'ls /var/lib/longshore | grep asdora; true'), '')
  },
)

test(
  'a task that needs root is refused for a login that cannot become root, before anything is done',
  patience,
  async t => {
    await refused(
      t,
      host,
      identityProject(host, { name: 'nodora', entry: { user: 'dora' }, port: 8106, package: 'sl' }),
      surroundings,
      /lab, its program is there: needs to run as root, and the login user cannot become that/,
      /base\.yaml:6:\d+/,
      /hosts\.lab\.become/,
    )
  },
)

test('a wrong sudo password is told once, and changes nothing', patience, async t => {
  const asked = 'journalctl -o cat --no-pager | grep -c "pam_unix(sudo:auth): authentication failure.* user=ada"; true'
  const before = Number(await said(host, asked))
  await refused(
    t,
    host,
    identityProject(host, { name: 'noada', entry: { user: 'ada', become: withPassword }, port: 8107, package: 'sl' }),
    { ...surroundings, SUDO_PASSWORD: 'quite-another' },
    /lab: sudo refuses the password of ada/,
    /correct hosts\.lab\.become\.password/,
  )
  t.equal(Number(await said(host, asked)) - before, 1, 'it was tried once: hosts may lock a login that fails often')
})

test('a sudo password that the environment does not give is a mistake of the command line', patience, async t => {
  const project = identityProject(host, { name: 'noada', entry: { user: 'ada', become: withPassword }, port: 8107 })
  t.teardown(() => project.remove())
  const marks = await marksOf(host)
  const ran = await project.run(['up', '--yes'], { env: { STORE_TOKEN: secret } })
  t.equal(await marksOf(host), marks)
  ended(t, ran, 3, /SUDO_PASSWORD is not set/, /longshore\.yaml:\d+:\d+/)
})

test('a login that is not in the sudoers file is told so', patience, async t => {
  await refused(
    t,
    host,
    identityProject(host, { name: 'nootto', entry: { user: 'otto', become: withPassword }, port: 8108, package: 'sl' }),
    surroundings,
    /lab: otto may not become root through sudo/,
    /sudoers/,
  )
})

test('a login that may neither use the engine nor become root is told both ways out', patience, async t => {
  await refused(
    t,
    host,
    identityProject(host, { name: 'nootto', entry: { user: 'otto' }, port: 8108 }),
    surroundings,
    /lab: .*otto is not in the group docker/,
    /hosts\.lab\.become/,
    /usermod -aG docker otto/,
  )
})

test('a host without sudo is told apart; who needs no root works there', patience, async t => {
  await host.sh('mv /usr/bin/sudo /usr/bin/sudo.away', { check: true })
  t.teardown(() => host.sh('mv /usr/bin/sudo.away /usr/bin/sudo', { check: true }))
  await refused(
    t,
    host,
    identityProject(host, { name: 'asada', entry: { user: 'ada', become: withPassword }, port: 8102, package: 'ed' }),
    surroundings,
    /lab: sudo is not installed/,
    /hosts\.lab\.user: root/,
  )
  const containers = identityProject(host, { name: 'asdora', entry: { user: 'dora' }, port: 8105 })
  t.teardown(() => containers.remove())
  const ran = await containers.run(['plan', '--exit-code'], { env: surroundings })
  t.equal(ran.code, 0, told(ran))
})

test(
  'a login that joins the docker group in the same run that installs the engine uses it in that run',
  patience,
  async t => {
    t.equal(await said(bare, 'command -v dockerd; true'), '', 'the host has no engine')
    const { first } = await bringUp(t, bare, {
      name: 'asnewt',
      entry: { user: 'newt', become: withPassword },
      port: 8201,
      package: 'tree',
      engine: { source: 'distro', users: ['newt'] },
    })
    t.match(await said(bare, 'id -nG newt'), /\bdocker\b/)
    t.match(first.stdout, /"2 connections, /, 'the membership takes effect on a connection of its own')
  },
)

test('after all', async () => {
  await Promise.all([host.remove(), bare.remove()])
})
