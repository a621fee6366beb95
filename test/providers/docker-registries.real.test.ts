// Real registries, a real mirror and a real proxy: pulls by the command on two engine generations, and where the passwords do not appear.
import tap, { test } from 'tap'
import { type Ran, told } from '../e2e/command.js'
import { doneOn, registrySite, served } from './registry-site.js'
import { leakyFiles, leakyLogs, textsBelow, timesSeen, tracesOf, watchHere, watchHost } from './secret-traces.js'

tap.setTimeout(600_000)

const password = 'open-sesame+77/plain~text'
const wrong = 'never-the-right-one-91'
const traces = tracesOf(password, wrong)

const site = await registrySite(password)
tap.teardown(() => site.remove())
const { plain, secured, mirror, proxy, inner, hosts, project, run, write, everywhere, forget } = site
const here = watchHere()
await Promise.all(hosts.map(watchHost))

const account = { username: 'ci', password: { secret: 'REGISTRY' } }
const app = { image: `${secured.name}/team/app:1` }
const full = { [secured.name]: { ...account, ca: 'ca.crt' } }
const upJson = (): Promise<Ran> => run(['up', '--yes', '--json'])

test('a private registry: pulled, and built upon, with a login that stays nowhere', async t => {
  const command = 'sleep 1000'
  const cached = { build: { context: './built', dockerfile: 'Dockerfile.cache' }, command }
  write(full, { app, built: { build: './built', command }, cached })
  const plan = await run(['plan', '--json'])
  t.equal(plan.code, 0, told(plan))
  t.match(plan.stdout, `authority of ${secured.name}`)
  const first = await upJson()
  t.equal(first.code, 0, told(first))
  for (const { name } of hosts)
    t.match(
      doneOn(first, name).sort(),
      [
        'build image shop-built',
        'build image shop-cached',
        'configure registries of the engine',
        'create container shop-app-1',
        'create container shop-built-1',
        'create container shop-cached-1',
        'create network shop_default',
        `pull image ${secured.name}/team/app:1`,
      ],
      name,
    )
  const requests = await served(secured)
  t.equal(requests.filter(request => request === 'HEAD /v2/team/app/manifests/1').length, 2, 'both have asked')
  t.match(requests.join('\n'), 'GET /v2/team/base/blobs/', 'the base image was fetched with the login, too')
  const again = await upJson()
  t.equal(again.code, 0, told(again))
  t.same(
    hosts.flatMap(({ name }) => doneOn(again, name)),
    [],
  )
  t.same(await served(secured), requests, 'nothing was pulled again')
})

test('what stands in the way is told with the line that helps', async t => {
  await forget()
  const refused = await run(['up', '--yes'], wrong)
  t.equal(refused.code, 1, told(refused))
  t.match(refused.stderr, `${secured.name} refuses the login of ci: unauthorized`)
  t.match(refused.stderr, 'are the username and the secret REGISTRY right')

  write({ [secured.name]: { ca: 'ca.crt' } }, { app })
  const without = await run(['up', '--yes'])
  t.equal(without.code, 1, told(without))
  t.match(without.stderr, `${secured.name} wants a login`)
  t.match(without.stderr, 'username: NAME, password: { secret: NAME }')

  write({ [secured.name]: account }, { app, other: { image: `${plain.name}/library/busybox:lab` } })
  const unknown = await run(['up', '--yes'])
  t.equal(unknown.code, 1, told(unknown))
  t.match(unknown.stderr, 'certificate of an authority that the engine does not know')
  t.match(unknown.stderr, `"${secured.name}": { ca: PATH }`)
  t.match(unknown.stderr, `${plain.name} speaks plain HTTP`)
  t.match(unknown.stderr, `"${plain.name}": { insecure: true }`)
  t.same(
    await everywhere('ls -A /etc/docker/certs.d /var/lib/longshore/engine; ls -A /root/.docker 2>/dev/null', false),
    ['/etc/docker/certs.d:\n\n/var/lib/longshore/engine:\n', '/etc/docker/certs.d:\n\n/var/lib/longshore/engine:\n'],
  )

  const absent = await project.run(['plan'])
  t.equal(absent.code, 3, told(absent))
  t.match(absent.stderr, 'REGISTRY_PASSWORD is not set')
})

test('a mirror: used, and never shown a login that is not its own', async t => {
  const image = { image: 'busybox:lab' }
  write({ 'docker.io': account, [mirror.name]: { ca: 'ca.crt' } }, { image })
  const kept = await run(['up', '--yes'])
  t.equal(kept.code, 1, told(kept))
  t.match(kept.stderr, `the login of ci was not sent, because the engine would show it to its mirror ${mirror.name}`)
  t.same(await served(mirror), [], 'a mirror that asks for a login was told none')

  write({ 'docker.io': account, [mirror.name]: { ...account, ca: 'ca.crt' } }, { image })
  const shared = await upJson()
  t.equal(shared.code, 0, told(shared))
  const requests = await served(mirror)
  t.match(requests.join('\n'), 'HEAD /v2/library/busybox/manifests/lab', 'the mirror was asked')
  t.match((await served(plain)).join('\n'), '/v2/library/busybox/manifests/lab', 'and asked the registry behind it')
  t.equal((await upJson()).code, 0)
  t.same(await served(mirror), requests)
})

test('a forward proxy: the registry that only it can reach', async t => {
  write({ [inner]: { ...account, ca: 'ca.crt' } }, { app: { image: `${inner}/team/app:1` } })
  const before = await proxy.log()
  t.notMatch(before, inner)
  const ran = await upJson()
  t.equal(ran.code, 0, told(ran))
  t.match(await proxy.log(), `CONNECT ${inner}`)
})

test('a login that is to stay: kept among others, for root alone, and gone with its line', async t => {
  const config = '/root/.docker/config.json'
  const others =
    '{\n\t"auths": {\n\t\t"other.example": {\n\t\t\t"auth": "eDp5"\n\t\t}\n\t},\n\t"psFormat": "{{.ID}}"\n}\n'
  await Promise.all(
    hosts.map(host => host.sh(`mkdir -p /root/.docker && cat >${config}`, { input: others, check: true })),
  )
  await forget()
  write({ [secured.name]: { ...account, ca: 'ca.crt', login: true } }, { app })
  const first = await upJson()
  t.equal(first.code, 0, told(first))
  t.same(await everywhere(`stat -c %a ${config}; docker pull -q ${secured.name}/team/base:1`), [
    `600\n${secured.name}/team/base:1\n`,
    `600\n${secured.name}/team/base:1\n`,
  ])
  const again = await upJson()
  t.same(
    hosts.flatMap(({ name }) => doneOn(again, name)),
    [],
  )
  write(full, { app })
  const gone = await upJson()
  t.equal(gone.code, 0, told(gone))
  for (const { name } of hosts) t.same(doneOn(gone, name), ['configure registries of the engine'])
  t.same(await everywhere(`cat ${config}`), [others, others], 'what others wrote is as it was')
})

test('no password in a file, a command line, an environment, a log or an event', async t => {
  for (const host of hosts) {
    t.ok((await timesSeen(host, '/usr/sbin/dockerd')) > 50, `${host.name} was watched`)
    t.same(await leakyFiles(host, traces), [], `${host.name}: files, what was watched among them`)
    t.equal(await leakyLogs(host, traces), '', `${host.name}: logs`)
  }
  const told = [...here.stop(), ...site.output].join('\n')
  const texts = await textsBelow(project.folder)
  for (const trace of traces) {
    t.notOk(told.includes(trace), 'not in a command line here, nor in anything that was told')
    t.notOk(
      texts.some(text => text.includes(trace)),
      'not in a file here',
    )
  }
  t.match(told, 'longshore.cjs', 'it was looked at')
})
