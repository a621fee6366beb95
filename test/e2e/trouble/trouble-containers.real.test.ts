// What goes wrong while things are made: images, ports, builds, tasks, health. What served before serves on.
import { readFileSync } from 'node:fs'
import tap, { type Test, test } from 'tap'
import { busyboxTarball, labHost } from '../../lab/index.js'
import { hostEntry, type TestProject, testProject } from '../command.js'
import { page } from '../host-state.js'
import { ended, said } from './trouble-told.js'

tap.setTimeout(600_000)

const [web, other] = await Promise.all([
  labHost({ name: 'web', engine: true }),
  labHost({ name: 'other', init: 'none' }),
])
await web.sh(`docker import - box:1`, { input: readFileSync(await busyboxTarball()), check: true })

const sleeps = 'image: "box:1", command: [sleep, "1000"], init: true'

/** A project on `web` with these containers (YAML lines of flow maps by name). */
const containers = (project: string, services: Record<string, string>): string => `project: ${project}
hosts: { web: ${hostEntry(web)} }
containers:
${Object.entries(services)
  .map(([name, text]) => `  ${name}: { ${text} }\n`)
  .join('')}`

const made = (t: Test, files: Record<string, string>): TestProject => {
  const project = testProject(files)
  t.teardown(async () => {
    await project.run(['down', '--volumes', '--yes'])
    project.remove()
  })
  return project
}

const names = (project: string): Promise<string> =>
  said(web, `docker ps -a --filter label=longshore.project=${project} --format '{{.Names}} {{.State}}' | sort`)
const idOf = (name: string): Promise<string> => said(web, `docker inspect -f '{{.Id}} {{.State.Running}}' ${name}`)

test('an image that is nowhere is named with its place, and the other containers are done', async t => {
  const project = made(t, {
    'longshore.yaml': containers('noimage', {
      ghost: 'image: "registry.invalid/team/ghost:7", command: [sleep, "1000"]',
      page: sleeps,
    }),
  })
  const ran = await project.run(['up', '--yes'])
  t.equal(await names('noimage'), 'noimage-page-1 running')
  ended(t, ran, 1, /registry\.invalid\/team\/ghost:7/, /longshore\.yaml:4:\d+/, /noimage-ghost-1.*skipped/)
  const page = await idOf('noimage-page-1')
  ended(t, await project.run(['up', '--yes']), 1, /registry\.invalid\/team\/ghost:7/)
  t.equal(await idOf('noimage-page-1'), page, 'the other one is left alone')
  project.write('longshore.yaml', containers('noimage', { ghost: sleeps, page: sleeps }))
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await names('noimage'), 'noimage-ghost-1 running\nnoimage-page-1 running')
})

test('a port that somebody else has is named, whoever that is, and what has it keeps it', async t => {
  await said(web, 'docker run -d --name foreign -p 8088:80 box:1 sleep 1000')
  t.teardown(() => web.sh('docker rm -f foreign'))
  const foreign = await idOf('foreign')
  const project = made(t, { 'longshore.yaml': containers('ports', { page: `${sleeps}, ports: ["8088:80"]` }) })
  const byContainer = await project.run(['up', '--yes'])
  t.equal(await idOf('foreign'), foreign, 'the foreign container runs on')
  ended(t, byContainer, 1, /ports-page-1/, /\b8088\b/, /\bforeign\b/)

  // sshd of the host has this one.
  project.write('longshore.yaml', containers('ports', { page: `${sleeps}, ports: ["22:80"]` }))
  const byProcess = await project.run(['up', '--yes'])
  ended(t, byProcess, 1, /ports-page-1/, /\b22\b/, /another program/)

  project.write('longshore.yaml', containers('ports', { page: `${sleeps}, ports: ["8089:80"]` }))
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await names('ports'), 'ports-page-1 running')
  ended(t, await project.run(['plan', '--exit-code']), 0)
})

test('a replacement that finds its new port taken is undone: the old container serves on', async t => {
  const serves = (port: number): string =>
    `image: "box:1", command: [sh, -c, "echo old > /index.html; httpd -f -p 80 -h /"], init: true, ports: ["${port}:80"]`
  const project = made(t, { 'longshore.yaml': containers('moved', { page: serves(8091) }) })
  ended(t, await project.run(['up', '--yes']), 0)
  const before = await idOf('moved-page-1')
  project.write('longshore.yaml', containers('moved', { page: serves(22) }))
  const ran = await project.run(['up', '--yes'])
  t.equal(await idOf('moved-page-1'), before, 'the old container runs')
  t.equal(await page(web, 8091), 'old')
  t.equal(await names('moved'), 'moved-page-1 running', 'no half-made container is left')
  ended(t, ran, 6, /moved-page-1/, /\b22\b/)
})

test('a build that fails shows its last lines, and the old container serves on', async t => {
  const dockerfile = (...lines: string[]): string => ['FROM box:1', ...lines, ''].join('\n')
  const project = made(t, {
    'longshore.yaml': containers('builds', {
      page: 'build: ./page, init: true, ports: ["8092:80"], command: [httpd, -f, -p, "80", -h, /]',
    }),
    'page/Dockerfile': dockerfile('RUN echo good > /index.html'),
  })
  ended(t, await project.run(['up', '--yes']), 0)
  const before = await idOf('builds-page-1')
  project.write('page/Dockerfile', dockerfile('RUN echo bad > /index.html', 'RUN echo the disk is sad >&2; exit 3'))
  const ran = await project.run(['up', '--yes'])
  t.equal(await idOf('builds-page-1'), before, 'the old container runs')
  t.equal(await page(web, 8092), 'good')
  ended(t, ran, 1, /the disk is sad/, /builds-page/, /exit 3|code:? 3/, /builds-page-1.*skipped/)
  project.write('page/Dockerfile', dockerfile('RUN echo better > /index.html'))
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await page(web, 8092), 'better')
  ended(t, await project.run(['plan', '--exit-code']), 0)
})

test('a replacement that never gets healthy is rolled back: the same container serves on', async t => {
  const version = (text: string, check: string): string =>
    `image: "box:1", init: true, ports: ["8093:80"], command: [sh, -c, "echo ${text} > /index.html; httpd -f -p 80 -h /"], ` +
    `healthcheck: { test: [CMD-SHELL, "${check}"], interval: 300ms, timeout: 1s, retries: 2 }`
  const project = made(t, { 'longshore.yaml': containers('health', { page: version('one', 'true') }) })
  ended(t, await project.run(['up', '--yes']), 0)
  const before = await idOf('health-page-1')
  project.write('longshore.yaml', containers('health', { page: version('two', 'echo the heart is out >&2; exit 1') }))
  const ran = await project.run(['up', '--yes'])
  t.equal(await idOf('health-page-1'), before, 'the old container runs')
  t.equal(await page(web, 8093), 'one')
  t.equal(await names('health'), 'health-page-1 running', 'the failed one is gone')
  ended(t, ran, 6, /health-page-1/, /healthy/, /the heart is out/)
  project.write('longshore.yaml', containers('health', { page: version('one', 'true') }))
  ended(t, await project.run(['plan', '--exit-code']), 0)
  project.write('longshore.yaml', containers('health', { page: version('three', 'true') }))
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await page(web, 8093), 'three')
})

test('a replacement cut off while the new one comes up is finished by the next run, whether interrupted or killed', async t => {
  const version = (text: string, check: string): string =>
    `image: "box:1", init: true, ports: ["8094:80"], command: [sh, -c, "echo ${text} > /index.html; httpd -f -p 80 -h /"], ` +
    `healthcheck: { test: [CMD-SHELL, "${check}"], interval: 500ms, timeout: 1s, retries: 4 }`
  const project = made(t, { 'longshore.yaml': containers('cut', { page: version('one', 'true') }) })
  const locked = async (): Promise<boolean> => (await web.sh('test -e /var/lib/longshore/cut/lock')).code === 0
  ended(t, await project.run(['up', '--yes']), 0)
  const one = await idOf('cut-page-1')

  project.write('longshore.yaml', containers('cut', { page: version('two', 'test -e /ready') }))
  const interrupted = await project.run(['up', '--yes', '-v'], { interruptAt: /waiting until it is healthy/ })
  t.equal(await idOf('cut-page-1'), one, 'interrupted: the old container serves on')
  t.equal(await page(web, 8094), 'one')
  t.equal(await names('cut'), 'cut-page-1 running', 'and the new one is gone')
  t.notOk(await locked(), 'the lock is given back')
  ended(t, interrupted, 130, /interrupted/i)

  const killed = await project.run(['up', '--yes', '-v'], { killAt: /waiting until it is healthy/ })
  t.equal(killed.code, 137)
  t.ok(await locked(), 'killed: the lock stays')
  ended(t, await project.run(['up', '--yes']), 6, /interrupted run/, /cut-page-1 is unhealthy/)
  t.equal(
    await idOf('cut-page-1'),
    one,
    'what never got healthy is undone by the next run: the old container serves on',
  )
  t.equal(await page(web, 8094), 'one')

  await project.run(['up', '--yes', '-v'], { killAt: /waiting until it is healthy/ })
  project.write('longshore.yaml', containers('cut', { page: version('three', 'true') }))
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await page(web, 8094), 'three')
  t.equal(await names('cut'), 'cut-page-1 running', 'nothing is left of the two before')
  t.notOk(await locked(), 'the stale lock is gone')
  ended(t, await project.run(['plan', '--exit-code']), 0)
})

test('a task that fails shows its last lines; its host does no more, the others go on', async t => {
  const project = testProject({
    'longshore.yaml': `project: tasks
hosts: { web: ${hostEntry(web)}, other: ${hostEntry(other)} }
playbooks: [play.yaml]
containers: { page: { ${sleeps}, on: web } }
`,
    'play.yaml': `
- name: tasks
  hosts: all
  tasks:
    - name: first
      copy: { content: first, dest: /srv/tasks-first }
    - name: breaks on web
      command: { sh: "test -e /usr/bin/docker || exit 0; echo line one; echo the wheel came off >&2; exit 9", creates: /srv/tasks-done }
    - name: last
      copy: { content: last, dest: /srv/tasks-last }
`,
  })
  t.teardown(async () => {
    await project.run(['down', '--yes'])
    project.remove()
  })
  await other.sh('touch /srv/tasks-done')
  const ran = await project.run(['up', '--yes'])
  t.equal(await said(web, 'ls /srv'), 'tasks-first', 'nothing later was done on its host')
  t.equal(await names('tasks'), '', 'nor were its containers')
  t.equal(await said(other, 'cat /srv/tasks-last'), 'last', 'the other host is done')
  ended(t, ran, 1, /web, breaks on web/, /code 9/, /line one/, /the wheel came off/, /play\.yaml:7:\d+/, /skipped/)
  await web.sh('touch /srv/tasks-done')
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await names('tasks'), 'tasks-page-1 running')
  ended(t, await project.run(['plan', '--exit-code']), 0)
})

test('hosts are removed', async () => {
  await Promise.all([web.remove(), other.remove()])
})
