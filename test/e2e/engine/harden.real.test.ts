// `engine: { harden: true }` on a real host: every check that a configuration decides passes but for the named exceptions, services loosen by name, and it goes as it came.
import { readFileSync } from 'node:fs'
import tap, { test } from 'tap'
import { checks } from '../../../core/hardening/checks.js'
import { caddyImage } from '../../lab/front-door.js'
import { docker, tryDocker } from '../../lab/index.js'
import { makeAuthority, makeCertificate } from '../../lab/registry.js'
import { type Ran, told } from '../command.js'
import { benchmark, evidenceOf, failures } from './benchmark.js'
import { base, engineSite } from './engine-site.js'

tap.setTimeout(600_000)

const httpd = '["httpd", "-f", "-p", "8000", "-h", "/"]'
const health = '{ test: [CMD, wget, -qO, /dev/null, "http://127.0.0.1:8000/etc/hosts"], interval: 200ms, retries: 20 }'

/** Services that say nothing that the benchmark does not want. */
const strict = `containers:
  app: { image: "box:1", command: ${httpd}, init: true, ports: ["127.0.0.1:8080:8000"], healthcheck: ${health}, volumes: ["data:/data"] }
  job: { image: "box:1", command: [touch, /tmp/done] }
  last: { image: "box:1", command: ${httpd}, init: true, healthcheck: ${health}, depends_on: { job: { condition: service_completed_successfully } } }
volumes: { data: {} }
`

/** One that has its reasons. */
const loose = `containers:
  app:
    image: "box:1"
    command: ${httpd}
    init: true
    ports: ["8080:8000"]
    restart: always
    security_opt: ["seccomp=profile.json", "apparmor=docker-default"]
    loosen: [read_only, cap_drop, memory, healthcheck]
`
const profile = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
})

/** Exceptions by name; what only the kernel decides (there is no AppArmor in it); and that a port is published at all, which people judge. */
const unmet = [...checks.filter(({ met }) => met === 'yours').map(({ id }) => id), '5.2', '5.9']

/** Those of the benchmark that do not pass, where these do not besides. */
const expected = (...more: string[]): string[] => Object.keys(benchmark).filter(id => [...unmet, ...more].includes(id))

/** A front door with a certificate of its own, which has to travel into a container with a root that nobody writes to. */
const doorImage = 'lsharden-caddy'
const withDoor = `front_door: { image: ${doorImage}, certificates: { given.test: { cert: given.crt, key: given.key } } }
containers:
  app: { image: "box:1", command: ${httpd}, init: true, expose: [8000], healthcheck: ${health}, domains: [{ host: plain.test, tls: off }, { host: given.test }] }
`

test('a hardened host', async t => {
  const site = await engineSite(t, 'bookworm')
  const { host, project, said } = site
  const engine = {
    ...base,
    daemon: { labels: ['zone=a'] },
    proxy: undefined,
    harden: true,
    registries: { 'r.example:5000': { ca: 'ca.pem' } },
  }
  project.write(
    'ca.pem',
    `${await said(
      'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -subj /CN=r -days 9 2>/dev/null',
    )}\n`,
  )
  project.write('profile.json', profile)
  const up = async (more: string, code = 0, hardened: object = engine): Promise<Ran> => {
    site.write(hardened as Record<string, unknown>, more)
    const ran = await site.run(['up', '--yes'])
    t.equal(ran.code, code, told(ran))
    return ran
  }

  await t.test('the plan names what comes from it', async t => {
    await host.sh('chmod 664 /etc/default/docker; chown 7:7 /lib/systemd/system/docker.socket', { check: true })
    site.write(engine, strict)
    const plan = await site.run(['plan', '-v'])
    t.equal(plan.code, 0, told(plan))
    t.match(plan.stdout, /icc: not set → false \(harden\)/)
    t.match(plan.stdout, /read_only: not set → true \(harden\)/)
    t.match(plan.stdout, /docker\.socket owner: 7 → root|docker\.socket owner: \S+ → root/)
    t.equal(plan.stderr.match(/harden/g), null, 'nothing to warn of')
  })

  await t.test('applied, and a second time nothing', async t => {
    await up(strict)
    const again = await up(strict)
    t.match(again.stdout, /Nothing to do/, told(again))
    t.match(
      await said('docker exec eng-app-1 sh -c "touch /tmp/x && touch /data/x && ! touch /x && echo fine"'),
      'fine',
    )
    t.match(await said('cat /etc/audit/rules.d/longshore-docker.rules'), /-w \/usr\/sbin\/dockerd -p rwxa -k docker/)
    t.match(again.stderr, /audit/, 'that nothing follows the rules here is said')
    await host.sh(`timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080'`, { check: true })
  })

  await t.test('every check that a configuration decides passes, but for the exceptions', async t => {
    const evidence = await evidenceOf(host)
    t.equal(evidence.containers.length, 2)
    t.strictSame(failures(evidence), expected())
    const judged = checks.filter(({ id, met }) => /^[235]/.test(id) && met !== 'asked').map(({ id }) => id)
    t.strictSame(
      judged.filter(id => !(id in benchmark)),
      ['2.1'],
      'nothing else is left unjudged',
    )
    t.not(benchmark['2.7']?.(evidence), 'info', 'it listens on TCP')
    t.not(benchmark['3.8']?.(evidence), 'info', 'a registry has a certificate')
    t.not(benchmark['3.14']?.(evidence), 'info', 'there is a key')
  })

  await t.test('a service that cannot live with it is told why', async t => {
    const ran = await up(
      `containers: { app: { image: "box:1", command: [sh, -c, "touch /x && sleep 1000"], restart: "no", loosen: [restart, healthcheck] } }\n`,
      6,
    )
    t.match(ran.stderr + ran.stdout, /Read-only file system[\s\S]*`loosen: \[read_only\]`/)
  })

  await t.test('a service loosens by name, and the plan says so', async t => {
    const ran = await up(loose)
    t.match(
      ran.stderr,
      /app: of what `harden` asks for it loosens cap_drop \(5\.4\), healthcheck \(5\.27\), memory \(5\.11\), read_only \(5\.13\)/,
    )
    for (const word of ['bind', 'restart']) t.match(ran.stderr, new RegExp(`loosen: \\[${word}\\]`))
    t.match(ran.stderr, /no AppArmor/)
    const app = (await evidenceOf(host)).containers.find(({ Name }) => Name === '/eng-app-1')
    t.match(app?.HostConfig, {
      Memory: 0,
      ReadonlyRootfs: false,
      CapDrop: null,
      PidsLimit: 1024,
      RestartPolicy: { Name: 'always' },
    })
    t.match(
      await said('docker exec eng-app-1 sh -c "mkdir /tmp/new 2>&1; touch /x && echo written"'),
      /not permitted\nwritten/,
      'the profile is in force',
    )
    t.match((await up(loose)).stdout, /Nothing to do/)
  })

  await t.test('keys of the file win, and are told as exceptions', async t => {
    const ran = await up(loose, 0, { ...engine, daemon: { icc: true, 'log-driver': 'json-file' } })
    t.match(ran.stderr, /`icc: true` is an exception to check 2\.2/)
    t.match(ran.stderr, /log-driver: "json-file"` is an exception to check 2\.13/)
    t.match(await site.daemon(), {
      icc: true,
      'log-driver': 'json-file',
      'log-opts': { 'max-file': '5' },
      'userland-proxy': false,
    })
  })

  await t.test('without the word it goes', async t => {
    await up(loose, 0, { ...engine, harden: false })
    t.strictSame(
      Object.keys(await site.daemon()).filter(
        key => key === 'icc' || key === 'default-ulimits' || key === 'live-restore',
      ),
      [],
    )
    t.equal(await said('ls /etc/audit/rules.d | grep longshore || echo none'), 'none')
    const failing = failures(await evidenceOf(host))
    for (const id of ['2.2', '2.13', '2.14', '2.15', '2.16', '5.11', '5.12', '5.13', '5.15', '5.29'])
      t.ok(failing.includes(id), `the judge finds fault without it: ${id}`)
    t.match((await up(loose, 0, { ...engine, harden: false })).stdout, /Nothing to do/)
  })
})

test('a newer engine', async t => {
  const { host, project, said, write, run } = await engineSite(t, 'trixie')
  const engine = { source: 'distro', listen: ['unix'], harden: true }
  write(engine, strict)
  const first = await run(['up', '--yes'])
  t.equal(first.code, 0, told(first))
  t.match((await run(['up', '--yes'])).stdout, /Nothing to do/)
  const evidence = await evidenceOf(host)
  t.strictSame(failures(evidence), expected())
  t.match(await said('docker logs eng-app-1 2>&1 && docker info -f "{{.LoggingDriver}}"'), /local$/)
  await host.sh(`timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080'`, { check: true })

  await t.test('its front door is led to as anywhere, and is told in one line', async t => {
    await caddyImage(doorImage)
    t.teardown(() => tryDocker(['rmi', '-f', doorImage]))
    const saved = `${project.folder}/door.tar`
    await docker(['save', '-o', saved, doorImage])
    await host.sh('docker load >/dev/null', { input: readFileSync(saved), check: true })
    const given = await makeCertificate(await makeAuthority(project.folder), '192.0.2.1', 'given.test')
    project.write('given.crt', given.certificate)
    project.write('given.key', given.key)
    write(engine, withDoor)
    const ran = await run(['up', '--yes'])
    t.equal(ran.code, 0, told(ran))
    t.match(ran.stderr.match(/front-door: .*loosens.*/g), [/loosens bind .*, healthcheck .*, restart /])
    t.equal(ran.stderr.match(/front-door (is|publishes|adds|has)/g), null, 'nothing that nobody could change')
    t.match((await run(['up', '--yes'])).stdout, /Nothing to do/)
    const ask = `exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET /etc/hosts HTTP/1.0\\r\\nHost: plain.test\\r\\n\\r\\n' >&3; cat <&3`
    t.match(await said(`timeout 5 bash -c "${ask}"`), /200 OK/)
    const signed = `openssl s_client -connect 127.0.0.1:443 -servername given.test </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName`
    t.match(await said(signed), /DNS:given\.test/)
    t.strictSame(failures(await evidenceOf(host)), expected('5.8', '5.14', '5.15', '5.27'))
  })
})
