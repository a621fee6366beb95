// What belongs to somebody else stays theirs: containers, volumes, locks, and folders where others could plant something.
import { hostname } from 'node:os'
import type { Test } from 'tap'
import type { LabHost } from '../../lab/index.js'
import { hostEntry, type TestProject, testProject } from '../command.js'
import { containersOn, idsOn, thingsOn } from '../host-state.js'
import { ended, said } from '../trouble/trouble-told.js'

const app =
  'containers: { app: { image: "box:1", command: [sleep, "1000"], init: true, volumes: ["data:/data"] } }\nvolumes: { data: {} }\n'

const projectNamed = (t: Test, host: LabHost, name: string, more = app): TestProject => {
  const project = testProject({ 'longshore.yaml': `project: ${name}\nhosts: { bad: ${hostEntry(host)} }\n${more}` })
  t.teardown(async () => {
    await project.run(['down', '--volumes', '--yes'])
    project.remove()
  })
  return project
}

export async function testNeighbours(t: Test, host: LabHost): Promise<void> {
  // Names of which one is the beginning, and the end, of another.
  const [first, ...others] = ['aa', 'aa-bb', 'bb'].map(name => projectNamed(t, host, name))
  for (const project of others) ended(t, await project.run(['up', '--yes']), 0)
  const before = [await idsOn(host), await thingsOn(host)]
  ended(t, await (first as TestProject).run(['up', '--yes']), 0)
  t.equal(Object.keys(await containersOn(host)).length, 3)
  ended(t, await (first as TestProject).run(['down', '--volumes', '--images', '--yes']), 0)
  t.same([await idsOn(host), await thingsOn(host)], before, 'the neighbours did not notice')
}

export async function testForeign(t: Test, host: LabHost): Promise<void> {
  const project = projectNamed(t, host, 'taken')
  const owners = [
    ['', /belongs to somebody else/],
    ['--label longshore.project=other --label longshore.service=app', /belongs to Longshore project other/],
    [
      '--label com.docker.compose.project=taken --label com.docker.compose.service=app',
      /belongs to Docker Compose project taken/,
    ],
  ] as const
  for (const [labels, says] of owners) {
    await said(host, `docker run -d --init --name taken-app-1 ${labels} box:1 sleep 1000`)
    const before = await idsOn(host)
    ended(t, await project.run(['up', '--yes']), 1, /taken-app-1/, says)
    await project.run(['down', '--volumes', '--yes'])
    t.same(await idsOn(host), before, 'it is left alone')
    await said(host, 'docker rm -f taken-app-1')
  }
  await said(host, 'docker volume create taken_data; docker network create taken_default')
  ended(t, await project.run(['up', '--yes']), 1, /taken_data/, /taken_default/)
  ended(t, await project.run(['down', '--volumes', '--yes']), 0)
  t.match(await thingsOn(host), { volumes: ['taken_data'], networks: ['taken_default'] })
  await said(host, 'docker volume rm taken_data; docker network rm taken_default')
  await said(
    host,
    `docker run -d --init --name taken-app-1 --label longshore.project=taken --label "longshore.service=$(printf 'app\\033[31m')" --label 'longshore.spec={"x":' --label longshore.number=NaN box:1 sleep 1000`,
  )
  for (const args of [['plan', '-v'], ['ps'], ['status'], ['up', '--yes']]) {
    const ran = await project.run(args)
    ended(t, ran, 0)
    t.notMatch(ran.stdout + ran.stderr, /\u001b/)
  }
}

const task = 'playbooks: [play.yaml]\n'
const work = '[{ tasks: [{ command: "true" }] }]'

export async function testLocks(t: Test, host: LabHost): Promise<void> {
  const project = projectNamed(t, host, 'locked', task)
  project.write('play.yaml', work)
  const folder = '/var/lib/longshore/locked/lock'
  const owners = [
    'eve@elsewhere, process 999999',
    // The same name, but another machine, or the same one before it was started anew.
    `root@${hostname()}, process 999999`,
    `root@${hostname()}#00000000, process 999999`,
    "it's; $(touch /tmp/pwned)",
    '-n',
    '\x1b[31mred\x1b[0m\nsince=1\nkey=00',
    'é'.repeat(3000),
    '',
  ]
  for (const owner of owners) {
    await host.sh(
      `rm -rf ${folder} && mkdir -p ${folder} && cat >${folder}/owner && echo up >${folder}/reason && date +%s >${folder}/since`,
      { input: `${owner}\n`, check: true },
    )
    ended(t, await project.run(['up', '--yes']), 5, /is locked/)
    const shown = await project.run(['lock'])
    ended(t, shown, 5, /held by \S/)
    t.notMatch(shown.stdout, /\u001b/)
    t.equal(await said(host, `cat ${folder}/owner`), owner.trim(), 'it is still theirs')
  }
  ended(t, await project.run(['lock', '--release', '--yes']), 0)
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal((await host.sh(`ls /tmp/pwned ${folder}`)).code, 2)
}

/** Root keeps its key and its locks only where nobody else can put something. */
export async function testFolders(t: Test, host: LabHost): Promise<void> {
  const project = projectNamed(t, host, 'planted', task)
  project.write('play.yaml', work)
  const folder = '/var/lib/longshore/planted'
  const plants = [
    `mkdir ${folder} && chown nobody ${folder}`,
    `mkdir -m 777 ${folder}`,
    `mkdir -m 775 ${folder}`,
    `mkdir -p /tmp/theirs && chown nobody /tmp/theirs && ln -s /tmp/theirs ${folder}`,
    `mkdir ${folder} && mkdir -m 1777 ${folder}/pending`,
    `chmod 777 /var/lib/longshore`,
  ]
  for (const plant of plants) {
    await said(host, `rm -rf ${folder} && ${plant}`)
    ended(t, await project.run(['up', '--yes']), 1, /others than root may write to/)
    t.equal((await host.sh(`ls -d ${folder}/lock ${folder}/serial`)).stdout, '', plant)
    await said(host, 'chmod 755 /var/lib/longshore')
  }
  await said(host, `rm -rf ${folder} && mkdir -p /srv/ours && ln -s /srv/ours ${folder}`)
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await said(host, `rm -rf ${folder}; ls /srv/ours`), 'pending\nserial', "root's own other place is fine")
}
