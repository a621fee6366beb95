// The front door under load on this machine's engine: replacements, a rollback, a version that never becomes healthy; certificates by ACME and given.
import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import tap, { test } from 'tap'
import { acmeAuthority, caddyImage } from '../../lab/front-door.js'
import { docker, ensureEngine, tryDocker } from '../../lab/index.js'
import { freePort } from '../../lab/ports.js'
import { makeAuthority, makeCertificate } from '../../lab/registry.js'
import { testProject, told } from '../command.js'
import { get, startLoad } from './door/load.js'

tap.setTimeout(480_000)

const name = 'lsdoor'
const image = `${name}-caddy`

/** The text that a site answers over TLS, asked as one who trusts this authority alone; or why it is not trusted. */
const getTls = (port: number, host: string, ca: string): Promise<string> =>
  new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port, servername: host, ca })
    let out = ''
    socket.on('secureConnect', () => socket.write(`GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`))
    socket.on('data', data => {
      out += data.toString()
    })
    socket.on('error', error => resolve(error.message))
    socket.on('close', () => resolve(out.split('\r\n\r\n')[1]?.trim() ?? out))
  })

test('the front door', async t => {
  await ensureEngine()
  const project = testProject({})
  t.teardown(async () => {
    await project.run(['down', '--yes', '--volumes'])
    const rest = (await tryDocker(['ps', '-aq', '--filter', `label=longshore.project=${name}`])).stdout
      .trim()
      .split('\n')
    for (const id of rest.filter(Boolean)) await tryDocker(['rm', '-f', id])
    await tryDocker(['volume', 'rm', `${name}_front-door`])
    for (const network of ['default', 'front-door']) await tryDocker(['network', 'rm', `${name}_${network}`])
    await tryDocker(['rmi', '-f', image])
    rmSync(`/var/lib/longshore/${name}`, { recursive: true, force: true })
    project.remove()
  })
  await caddyImage(image)
  const [http, https] = [await freePort(), await freePort()]
  // An address of this machine that containers of every network reach.
  const gateway = (await docker(['network', 'inspect', 'bridge', '-f', '{{(index .IPAM.Config 0).Gateway}}'])).trim()
  const acme = await acmeAuthority(gateway, http)
  t.teardown(() => acme.stop())
  const authority = await makeAuthority(project.folder, 'a shop')
  const own = await makeCertificate(authority, '192.0.2.1', 'given.test')
  project.write('given.crt', own.certificate)

  const write = (version: string, more = ''): void =>
    project.write(
      'longshore.yaml',
      `project: ${name}
secrets: { KEY: { env: DOOR_KEY } }
front_door:
  image: ${image}
  http: ${http}
  https: ${https}
  email: ops@example.com
  acme: ${acme.url}
  ca_root: ${acme.rootFile}
  certificates: { given.test: { cert: given.crt, key: { secret: KEY } } }
containers:
  app:
    image: ${image}
    init: true
    stop_grace_period: 1s
    scale: 4
    environment: { V: "${version}" }
    command: [sh, -c, "mkdir -p /w/cgi-bin; [ $$V = bad ] || echo $$V >/w/index.html; printf '#!/bin/sh\\nsleep 3\\nprintf \\"\\\\r\\\\n$$V slow\\"' >/w/cgi-bin/slow; chmod +x /w/cgi-bin/slow; exec httpd -f -p 8000 -h /w"]
    gate: { http: { port: 8000, path: /index.html, status: 200 }, timeout: 2s, interval: 200ms }
    deploy: { update_config: { parallelism: 2 } }
    domains: [{ host: plain.test, tls: "off" }, auto.test, given.test${more}]
`,
    )
  const run = (...args: string[]) => project.run(args, { env: { DOOR_KEY: own.key } })
  const good = async (...args: string[]): Promise<string> => {
    const ran = await run(...args)
    t.equal(ran.code, 0, `${args.join(' ')}: ${told(ran)}`)
    return ran.stdout + ran.stderr
  }
  const settled = async (): Promise<void> => {
    const ran = await run('plan', '--exit-code')
    t.equal(ran.code, 0, told(ran))
  }

  await t.test('comes with the services that have domains, and twice is once', async t => {
    write('v1')
    const out = await good('up', '--yes')
    t.match(out, /route front door {2}\(.*auto\.test: not set → app:8000 \(4\)/)
    t.notMatch(out, own.key.split('\n')[1] ?? 'no key')
    t.equal(await get(http, 'plain.test'), 'v1')
    await t.rejects(get(http, 'other.test'), /status (404|308)/)
    await settled()
    // What it serves is what it finds after a boot, too.
    await docker(['restart', '-t', '1', `${name}-front-door-1`])
    await sleep(500)
    t.equal(await get(http, 'plain.test'), 'v1')
    await settled()
  })

  await t.test('certificates: given, and by an authority that asks for proof', async t => {
    t.equal(await getTls(https, 'given.test', authority.ca), 'v1')
    t.match(await getTls(https, 'given.test', readFileSync(acme.rootFile, 'utf8')), /unable to|self|issuer/)
    const root = await acme.root()
    let said = ''
    for (const end = Date.now() + 30_000; said !== 'v1' && Date.now() < end; await sleep(300))
      said = await getTls(https, 'auto.test', root)
    t.equal(said, 'v1', 'the certificate of Pebble')
    await t.rejects(get(http, 'auto.test'), /status 308/, 'plain HTTP leads to HTTPS')
    const place = await docker(['exec', `${name}-front-door-1`, 'sh', '-c', 'ls -l /front-door/given/*.key'])
    t.match(place, /^-r--------/, 'the key is for its owner alone')
  })

  await t.test('twenty replacements and a rollback under load: nobody notices', async t => {
    const load = startLoad(http, 'plain.test')
    // One for each container that is about to go: its server would cut them off, if it were told to stop.
    const slow = Promise.all([1, 2, 3, 4].map(() => get(http, 'plain.test', '/cgi-bin/slow')))
    for (const version of ['v2', 'v3', 'v4', 'v5', 'v6']) {
      write(version)
      const out = await good('up', '--yes')
      t.equal(out.match(/replace container .* done/g)?.length, 4, out)
    }
    await load.more(100)
    t.same(await slow, Array(4).fill('v1 slow'))
    t.match(await good('rollback', '--yes'), /replace container .* done/)
    await load.more(100)
    await load.stop()
    t.same(load.failures, [], `${[...load.answers].join(' ')}`)
    t.same([...load.answers.keys()].sort(), ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'])
    t.equal(await get(http, 'plain.test'), 'v5')
  })

  await t.test('a version that never becomes healthy: the old one serves on', async t => {
    const load = startLoad(http, 'plain.test')
    write('bad')
    const ran = await run('up', '--yes')
    t.equal(ran.code, 6, told(ran))
    await load.more(100)
    await load.stop()
    t.same(load.failures, [])
    t.same([...load.answers.keys()], ['v5'])
  })

  await t.test('another domain is another route, and what somebody changed by hand is put right', async t => {
    write('v5', ', { host: more.test, path: /cgi-bin, tls: "off" }')
    t.match(
      (await run('plan')).stdout,
      /route front door {2}\(more\.test\/cgi-bin: not set → app:8000 \(4\), tls off\)/,
    )
    const out = await good('up', '--yes')
    t.notMatch(out, /container/)
    t.equal(await get(http, 'more.test', '/cgi-bin/slow'), 'v5 slow')
    await docker(['exec', `${name}-front-door-1`, 'sh', '-c', 'rm /front-door/state/serving/app/2/*'])
    t.match((await run('plan')).stdout, new RegExp(`route front door {2}\\(${name}-app-2: not led to → led to\\)`))
    await good('up', '--yes')
    await settled()
  })

  await t.test('down keeps the certificates, and with --volumes nothing', async t => {
    const volumes = () => docker(['volume', 'ls', '-q', '--filter', `label=longshore.project=${name}`])
    await good('down', '--yes')
    t.equal((await volumes()).trim(), `${name}_front-door`)
    await good('down', '--yes', '--volumes')
    t.equal((await volumes()).trim(), '')
  })
})
