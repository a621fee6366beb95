// Podman for real: brought to a bare host by our playbook, two linked containers on it, a change, a rollback, a boot, and all that a provider must do.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { hostEntry, testProject } from '../../e2e/command.js'
import { busyboxRootfs, busyboxTarball, docker, type LabHost, labHost, pause } from '../../lab/index.js'
import { liveOneFile, runOneFile } from '../one-file.js'

const page = (port: number): Promise<string> =>
  fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(3000) }).then(
    async answer => (answer.ok ? (await answer.text()).trim() : ''),
    () => '',
  )

const until = async (port: number, wanted: string): Promise<string> => {
  const end = Date.now() + 20_000
  let said = await page(port)
  while (said !== wanted && Date.now() < end) {
    await pause(300)
    said = await page(port)
  }
  return said
}

const file = (host: LabHost, tarball: string, colour: string): string => `
project: podshop
hosts:
  pod: ${hostEntry(host)}
engine:
  provider: podman
  source: distro
  registries: { "plain.test:5000": { insecure: true } }
  proxy: { http: "http://proxy.test:3128", https: { secret: PROXY } }
secrets: { PROXY: { env: PROXY } }
images:
  podbox: { import: { tar: ${tarball}, at: here } }
containers:
  web:
    image: podbox
    init: true
    command: [sh, -c, "mkdir /www; echo ${colour} >/www/index.html; exec httpd -f -p 8000 -h /www"]
    healthcheck: { test: [CMD, wget, -qO-, "http://127.0.0.1:8000/"], interval: 1s }
    restart: unless-stopped
    volumes: ["data:/data"]
  front:
    image: podbox
    init: true
    links: [web:backend]
    depends_on: { web: { condition: service_healthy } }
    command: [sh, -c, "mkdir /www; (while :; do wget -qO /www/new http://backend:8000/ && mv /www/new /www/index.html; sleep 0.3; done) & exec httpd -f -p 80 -h /www"]
    restart: always
    ports: ["8080:80"]
volumes: { data: {} }
`

test('podman, from a bare host on', async t => {
  const [host, tarball] = await Promise.all([labHost({ publish: [8080] }), busyboxTarball()])
  const port = host.ports[8080] ?? 0
  const project = testProject({ 'longshore.yaml': file(host, tarball, 'red') })
  t.teardown(async () => {
    project.remove()
    await host.remove()
  })
  const env = { PROXY: 'http://ci:podman-proxy-pw@proxy.test:3128' }
  const run = (...args: string[]) => project.run(args, { env })

  const first = await run('up', '--yes')
  t.equal(first.code, 0, first.stderr)
  t.notMatch(first.stdout + first.stderr, /podman-proxy-pw/)
  t.equal(await until(port, 'red'), 'red', 'the link leads from one container to the other')
  const again = await run('plan', '--exit-code')
  t.equal(again.code, 0, `the second time changes nothing: ${again.stdout}`)
  t.match((await run('ps')).stdout, /front .*podbox +Up .*0\.0\.0\.0:8080->80\/tcp/)
  const variables = await host.sh('podman inspect podshop-web-1; podman exec podshop-web-1 env', { check: true })
  t.notMatch(variables.stdout, /proxy/i, 'the proxy is no container’s business')
  const drop = await host.sh(
    'cd /etc/systemd/system/podman.service.d; stat -c %a *; cat *; cat /etc/containers/registries.conf.d/50*',
  )
  t.match(
    drop.stdout,
    /^600\n[\s\S]*HTTPS_PROXY=http:\/\/ci:podman-proxy-pw@[\s\S]*location = "plain\.test:5000"\ninsecure = true/,
  )

  project.write('longshore.yaml', file(host, tarball, 'blue'))
  const changed = await run('up', '--yes')
  t.equal(changed.code, 0, changed.stderr)
  t.match(changed.stdout, /replace container podshop-web-1/)
  t.equal(await until(port, 'blue'), 'blue')
  const back = await run('rollback', '--yes')
  t.equal(back.code, 0, back.stderr)
  t.equal(await until(port, 'red'), 'red', 'what ran before runs again')

  await host.stop()
  await host.start()
  t.equal(await until(port, 'red'), 'red', 'containers come back after a boot, of both policies')

  const doctor = await run('doctor')
  t.match(doctor.stdout, /ok +engine +podman 4\./)
  const refused = testProject({ 'longshore.yaml': file(host, tarball, 'red').replace('source: distro', 'users: [ci]') })
  const users = await refused.run(['plan'], { env })
  refused.remove()
  t.equal(users.code, 3)
  t.match(users.stderr, /podman has no group that may use its socket[\s\S]*become/)

  await docker(['cp', tarball, `${host.container}:/root/box.tar`])
  await host.sh('podman import /root/box.tar docker.io/library/podconform', { check: true })
  const tried = await run('provider', 'test', 'podman', '--image', 'podconform')
  t.equal(tried.code, 0, tried.stdout)
  t.match(tried.stdout, /# podman on pod: podman 4\.[\s\S]*\n1\.\.17/)
  t.notMatch(tried.stdout, /SKIP/)

  const down = await run('down', '--yes', '--volumes', '--images')
  t.equal(down.code, 0, down.stderr)
  t.equal(
    (
      await host.sh('podman ps -aq; podman volume ls -q; podman network ls -q --filter label=longshore.project')
    ).stdout.trim(),
    '',
  )

  await t.test('the file of docker and the swarm comes up with one word changed', async t => {
    const root = await mkdtemp(join(tmpdir(), 'lspodman-'))
    const site = { labs: [host], root, project: testProject({}) }
    t.teardown(async () => {
      site.project.remove()
      await rm(root, { recursive: true, force: true })
    })
    await busyboxRootfs(root)
    await liveOneFile(t, site, 'podman')
    const down = await runOneFile(site, 'down', '--yes', '--images')
    t.equal(down.code, 0, down.stderr)
    t.equal((await host.sh('podman ps -aq; podman images -q --filter reference=lsswarm-web')).stdout.trim(), '')
  })
})
