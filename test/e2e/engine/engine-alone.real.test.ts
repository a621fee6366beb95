// A host that is reached by its engine alone: TCP with certificates that another project of ours has made, and no shell.
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { t as all, type Test, test } from 'tap'
import { keepClient } from '../../../cli/certificates/authority.js'
import { issue, makeAuthority } from '../../../cli/certificates/issue.js'
import { anyEngine } from '../../../core/engine-want.js'
import { UserError } from '../../../core/errors.js'
import type { Host } from '../../../core/project.js'
import { connectEngine } from '../../../hosts/engine.js'
import { type Ran, type RunOptions, testProject, told } from '../command.js'
import { baseTls, engineSite, spareFolder } from './engine-site.js'

all.setTimeout(600_000)

const nothing = /Nothing to do/
const password = 'hunter22-of-the-shop'

const place = { file: 'longshore.yaml', line: 1, column: 1 }

/** The files of a client, under docker's names. */
const pair = (folder: string): Record<'ca' | 'cert' | 'key', string> => ({
  ca: `${folder}/ca.pem`,
  cert: `${folder}/cert.pem`,
  key: `${folder}/key.pem`,
})

/** A host whose engine listens there. */
const hostAt = (url: string, tls: object | undefined): Host => {
  const { hostname: name, port } = new URL(url)
  const address = { kind: 'tcp' as const, name, port: Number(port), url, at: place, leftOut: [] }
  const engineAddress = tls === undefined ? address : { ...address, tls: { ...tls, at: place } }
  const own = { name: 'e1', connection: 'engine' as const, address: name, engineAddress, at: place }
  return { ...own, labels: {}, groups: [], vars: {}, engine: anyEngine() }
}

/** A port of this machine, by an address that no certificate names, that leads to the engine's. */
async function forwarded(t: Test, address: string): Promise<number> {
  const server = createServer(socket => {
    const there = connect(2376, address)
    socket.pipe(there).pipe(socket)
    for (const one of [socket, there]) one.on('error', () => one.destroy())
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.2', done))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

test('containers on a host that only its engine reaches', async t => {
  const site = await engineSite(t, 'bookworm')
  const { host, said } = site
  await site.provision({ listen: ['unix', 'tcp://0.0.0.0:2376'], tls: baseTls })
  const shop = testProject({})
  t.teardown(() => shop.remove())
  const folder = (...path: string[]): string => join(shop.folder, ...path)
  cpSync(site.folder('pki/clients/ci'), folder('ci'), { recursive: true })
  const spare = spareFolder(t)
  const reach = { connection: 'engine', url: `tcp://${host.ip}:2376`, tls: 'ci' }
  const services = (color: string): object => ({
    web: {
      image: 'box:1',
      command: ['sh', '-c', 'mkdir /w; echo "$$COLOR" >/w/index.html; exec httpd -f -p 8000 -h /w'],
      environment: { COLOR: color, PASSWORD: { secret: 'SHOP' } },
      healthcheck: { test: ['CMD', 'wget', '-qO-', 'http://127.0.0.1:8000/'], interval: '1s' },
      stop_grace_period: '1s',
    },
    asker: { image: 'box:1', command: ['sleep', '100000'], links: ['web'], stop_grace_period: '0s' },
  })
  const write = (entry: object, containers: object, more: object = {}): void =>
    shop.write(
      'longshore.yaml',
      JSON.stringify({
        project: 'alone',
        hosts: { e1: entry },
        secrets: { SHOP: { env: 'SHOP' } },
        containers,
        ...more,
      }),
    )
  const run = (args: string[], options: RunOptions = {}): Promise<Ran> =>
    shop.run(args, { ...options, env: { SHOP: password, ...options.env } })
  const up = async (code = 0, options: RunOptions = {}): Promise<Ran> => {
    const ran = await run(['up', '--yes'], options)
    t.equal(ran.code, code, told(ran))
    return ran
  }

  await t.test('up, and a second time nothing', async t => {
    write(reach, services('red'))
    const plan = await run(['plan'])
    t.match(plan.stdout, /create container alone-web-1[\s\S]*create container alone-asker-1/, told(plan))
    t.equal(await said('docker ps -aq --filter name=longshore; docker volume ls -q'), '', 'a plan keeps nothing there')
    await up()
    t.match((await up()).stdout, nothing)
    const asked = await run(['exec', '-T', 'asker', '--', 'wget', '-qO-', 'http://web:8000/'])
    t.equal(asked.stdout, 'red\n', told(asked))
    const echoed = await run(['exec', '-T', 'asker', '--', 'cat'], { input: 'through TLS' })
    t.equal(echoed.stdout, 'through TLS', 'what is said to a program arrives, with its end')
    t.match((await run(['ps'])).stdout, /e1 +alone-asker-1[\s\S]*e1 +alone-web-1/)
    t.match((await run(['status'])).stdout, /^e1 {2}as the file says, docker 20\.10/)
    t.match((await run(['doctor'])).stdout, /ok +certificate +ours, until .* 89 days[\s\S]*0 problems, 0 warnings/)
    t.match(
      (await run(['env', 'e1'])).stdout,
      /^export DOCKER_HOST='?tcp:\/\/.*:2376'?\n.*\n.*DOCKER_CERT_PATH=.*ci'?\n$/,
    )
  })

  await t.test('the key is in a file of root alone, and no secret where it can be listed', async t => {
    t.equal(await said('stat -c "%a %U" /var/lib/docker/volumes/longshore_state/_data/key'), '600 root')
    const key = await said('cat /var/lib/docker/volumes/longshore_state/_data/key')
    t.match(key, /^[0-9a-f]{64}$/)
    const listed = await said('docker inspect $(docker ps -aq); docker volume inspect $(docker volume ls -q)')
    t.notOk(listed.includes(key))
    t.match(await said('docker inspect -f \'{{index .Config.Labels "longshore.spec"}}\' alone-web-1'), 'hmac-sha256:')
  })

  await t.test('a change replaces, a changed secret too, and no lock is left', async t => {
    write(reach, services('blue'))
    t.match((await up()).stdout, /replace container alone-web-1/)
    t.match((await run(['exec', '-T', 'asker', '--', 'wget', '-qO-', 'http://web:8000/'])).stdout, 'blue')
    const other = { env: { SHOP: `${password}-2` } }
    t.match((await up(0, other)).stdout, /replace container alone-web-1/)
    t.match((await up(0, other)).stdout, nothing)
    t.match((await run(['lock'])).stdout, 'e1  not locked')
    await up()
  })

  await t.test('a lock that somebody holds refuses, one of a run that was killed does not', async t => {
    await said(
      'docker create --name longshore-lock-alone --label longshore.lock.owner="ann@laptop#1, process 1" --label longshore.lock.reason=up longshore-state:1 x',
    )
    write(reach, services('green'))
    t.match((await up(5)).stderr, /locked: held by ann@laptop#1, process 1 for up, since \d+ s/)
    t.match((await run(['status'])).stdout, /lock held by ann@laptop/)
    t.equal((await run(['lock'])).code, 5)
    t.match((await run(['lock', '--release', '--yes'])).stdout, 'released')
    const killed = await run(['up', '--yes'], { killAt: /replace container alone-web-1 …/ })
    t.equal(killed.code, 137, told(killed))
    t.match((await run(['lock'])).stdout, 'held by')
    await up()
    t.match((await up()).stdout, nothing)
    const both = await Promise.all(
      ['one', 'two'].map(async color => {
        const twin = testProject({})
        t.teardown(() => twin.remove())
        cpSync(folder('ci'), join(twin.folder, 'ci'), { recursive: true })
        copyFileSync(folder('longshore.yaml'), join(twin.folder, 'longshore.yaml'))
        twin.write('longshore.yaml', readFileSync(folder('longshore.yaml'), 'utf8').replace('green', color))
        return twin.run(['up', '--yes'], { env: { SHOP: password } })
      }),
    )
    t.same(both.map(({ code }) => code).sort(), [0, 5], `of two at once one is refused: ${both.map(told).join('\n')}`)
    t.match((await run(['lock'])).stdout, 'not locked')
  })

  await t.test('who may not come in is told why', async t => {
    const stranger = await makeAuthority('strangers', 1)
    const their = await issue(stranger, { name: 'ci', use: 'client', names: [], days: 1 })
    const ours = readFileSync(folder('ci/ca.pem'), 'utf8')
    await keepClient(spare, 'stranger', their, ours)
    await keepClient(
      spare,
      'misled',
      { certificate: readFileSync(folder('ci/cert.pem'), 'utf8'), key: readFileSync(folder('ci/key.pem'), 'utf8') },
      stranger.certificate,
    )
    const [misled, loose] = [`${spare}/clients/misled`, folder('loose')]
    cpSync(folder('ci'), loose, { recursive: true })
    chmodSync(join(loose, 'key.pem'), 0o644)
    mkdirSync(folder('mixed'))
    for (const file of ['ca.pem', 'cert.pem']) copyFileSync(folder('ci', file), folder('mixed', file))
    writeFileSync(folder('mixed/key.pem'), their.key, { mode: 0o600 })
    const url = `tcp://${host.ip}:2376`
    const tls = pair(folder('ci'))
    const rows: [url: string, tls: object | undefined, code: number, says: RegExp][] = [
      [url, { ca: tls.ca }, 4, /it does not take us without a certificate/],
      [url, pair(`${spare}/clients/stranger`), 4, /it does not take our certificate/],
      [url, pair(misled), 4, /its certificate is not from the authority in .*misled\/ca\.pem/],
      [url, { cert: tls.cert, key: tls.key }, 4, /not from an authority that this machine trusts/],
      [`tcp://${host.ip}:22`, tls, 4, /it does not speak TLS there/],
      [`tcp://${host.ip}:2377`, tls, 4, /nobody listens there/],
      ['tcp://engine.invalid:2376', tls, 4, /there is no such name|cannot be looked up/],
      [url, undefined, 4, /it wants TLS/],
      [`tcp://127.0.0.2:${await forwarded(t, host.ip)}`, tls, 4, /not for 127\.0\.0\.2, but for .*web/],
      [url, pair(folder('nowhere')), 3, /cannot read the authority's certificate .*: there is no such file/],
      [url, pair(loose), 3, /everybody here can read the private key .*loose\/key\.pem/],
      [url, pair(folder('mixed')), 3, /the key does not belong to the certificate/],
    ]
    for (const [to, shown, code, says] of rows) {
      const error = await connectEngine(hostAt(to, shown), 5000).catch((thrown: unknown) => thrown)
      t.ok(error instanceof UserError && says.test(error.message) && error.exit === code, `${says}: ${error}`)
    }
    write({ ...reach, tls: misled }, services('green'))
    const ran = await run(['plan'])
    t.equal(ran.code, 4, told(ran))
    t.match(ran.stderr, /at longshore\.yaml:1:\d+[\s\S]*somebody may stand between/)
  })

  await t.test('what needs a shell is refused or left out; down leaves nothing of the project', async t => {
    shop.write('play.yaml', '- { name: hello, hosts: all, tasks: [{ command: { argv: [hostname] } }] }\n')
    write(reach, services('green'), { playbooks: ['play.yaml'], engine: { daemon: { debug: true } } })
    const plan = await run(['plan'])
    t.match(told(plan), /left out: the play "hello", engine\.daemon; it is reached by its engine alone/)
    for (const args of [
      ['ssh', 'e1', '--', 'true'],
      ['sh', 'e1', '--', 'true'],
      ['facts', 'e1'],
    ]) {
      const ran = await run(args)
      t.equal(ran.code, 3, told(ran))
      t.match(ran.stderr, 'e1 is reached by its engine alone')
    }
    write(reach, services('green'))
    const down = await run(['down', '--yes'])
    t.equal(down.code, 0, told(down))
    t.equal(await said('docker ps -a --format {{.Names}}; docker network ls -q -f name=alone'), 'longshore-state')
    t.match((await run(['down', '--yes'])).stdout, nothing)
  })
})
