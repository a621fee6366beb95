// `longshore doctor` on real hosts: nothing to say of a healthy one, and every fault that was planted on another.
import { readFileSync } from 'node:fs'
import tap, { test } from 'tap'
import { makeAuthority } from '../../../cli/certificates/issue.js'
import { busyboxTarball, labHost } from '../../lab/index.js'
import { hostEntry, testProject, told } from '../command.js'
import { changedFacts, hostState } from '../host-state.js'

tap.setTimeout(600_000)

const [sick, well, bare] = await Promise.all([
  labHost({ name: 'sick', engine: true }),
  labHost({ name: 'well', engine: true, release: 'trixie' }),
  labHost({ name: 'bare', init: 'none' }),
])
tap.teardown(() => Promise.all([sick.remove(), well.remove(), bare.remove()]))

const project = testProject({
  'longshore.yaml': `project: shop
hosts:
  sick: ${hostEntry(sick)}
  well: ${hostEntry(well)}
  bare: ${hostEntry(bare)}
  away: { address: 127.0.0.1, port: 1, user: root }
`,
})
tap.teardown(() => project.remove())

interface Found {
  host: string
  about: string
  state: string
  text: string
  hint?: string
}

test('a healthy host, and one without an engine', async t => {
  const ran = await project.run(['doctor', 'well'])
  t.equal(ran.code, 0, told(ran))
  t.match(ran.stdout, /^well\n {2}ok +reached +Debian GNU\/Linux 13/)
  t.match(ran.stdout, /0 problems, 0 warnings\n$/)
  const none = await project.run(['doctor', 'bare'])
  t.equal(none.code, 0, told(none))
  t.match(none.stdout, /warning +engine +is not installed\n +→ /)
  t.match(none.stdout, /0 problems, 1 warning\n$/)
})

test('a host that nobody reaches', async t => {
  const ran = await project.run(['doctor', 'away'])
  t.equal(ran.code, 1, told(ran))
  t.match(ran.stdout, /PROBLEM +reached +cannot reach 127\.0\.0\.1:1/)
})

test('planted faults are found, each once, and nothing is touched', async t => {
  const plant = (script: string, input?: string | Uint8Array) =>
    sick.sh(script, { check: true, ...(input === undefined ? {} : { input }) })
  await plant(`mkdir -p /etc/systemd/system/docker.service.d /etc/docker/tls /etc/ufw
    printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2375 --containerd=/run/containerd/containerd.sock\\n' >/etc/systemd/system/docker.service.d/open.conf
    echo '{ "storage-driver": "vfs" }' >/etc/docker/daemon.json
    systemctl daemon-reload; systemctl restart docker; chmod 666 /var/run/docker.sock`)
  await plant('docker import - box:1', readFileSync(await busyboxTarball()))
  await plant('docker run -d --name page -p 8080:80 box:1 httpd -f -p 80')
  // What the engine could not start with comes last: it would not come back.
  await plant(`echo ENABLED=yes >/etc/ufw/ufw.conf
    echo '{ "storage-driver": "vfs", "hosts": ["fd://"], "nonsense": true }' >/etc/docker/daemon.json
    mkdir -p /var/lib/longshore/shop/lock /var/lib/longshore/shop/pending
    echo ann@laptop >/var/lib/longshore/shop/lock/owner; echo up >/var/lib/longshore/shop/lock/reason
    date +%s >/var/lib/longshore/shop/lock/since; : >/var/lib/longshore/shop/pending/0123456789abcdef`)
  const { certificate } = await makeAuthority('sick', 10, new Date(Date.now() - 20 * 86_400_000))
  await plant('cat >/etc/docker/tls/cert.pem', certificate)
  const before = await hostState(sick)

  const ran = await project.run(['--json', 'doctor', 'sick'])
  const found = ran.events() as unknown as Found[]
  t.equal(ran.code, 1, told(ran))
  const faults: [about: string, state: string, text: RegExp][] = [
    ['lock', 'warning', /held by ann@laptop for up/],
    ['handlers', 'warning', /1 due/],
    ['daemon.json', 'problem', /no engine knows the key `nonsense`/],
    ['daemon.json', 'problem', /names `hosts`, and the engine is started with -H fd:\/\//],
    ['storage', 'warning', /vfs copies every layer whole/],
    ['socket', 'problem', /may be written by every user/],
    ['socket', 'problem', /tcp:\/\/0\.0\.0\.0:2375 is open to everybody/],
    ['certificate', 'problem', /has run out on 20/],
    ['firewall', 'warning', /ufw is active, and these ports go past its rules: 8080\/tcp of page/],
  ]
  t.same(
    found.filter(({ state }) => state === 'warning' || state === 'problem').map(({ about, state }) => [about, state]),
    faults.map(([about, state]) => [about, state]),
    told(ran),
  )
  for (const [about, state, text] of faults)
    t.ok(
      found.some(one => one.about === about && one.state === state && text.test(one.text) && one.hint),
      `${about}: ${text}`,
    )
  t.same(changedFacts(before, await hostState(sick)), [])

  const page = await project.run(['doctor', 'sick'])
  t.equal(page.code, 1, told(page))
  t.match(page.stdout, /5 problems, 4 warnings\n$/)
})
