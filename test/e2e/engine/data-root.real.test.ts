// The engine's data moved by the real command: a step of its own in the plan, the project's containers back after it, and the old folder named until it is gone.
import { readFileSync } from 'node:fs'
import { t as all, test } from 'tap'
import { busyboxTarball, labHost } from '../../lab/index.js'
import { hostEntry, type Ran, testProject, told } from '../command.js'

all.setTimeout(600_000)

test('data_root_move: copy', async t => {
  const host = await labHost({ release: 'trixie', engine: true, mounts: ['/data'] })
  t.teardown(() => host.remove())
  const project = testProject({})
  t.teardown(() => project.remove())
  await host.sh('docker import - box:1 >/dev/null', { input: readFileSync(await busyboxTarball()), check: true })
  const said = async (script: string): Promise<string> => (await host.sh(script)).stdout.trim()
  const run = (engine: string, ...args: string[]): Promise<Ran> => {
    project.write(
      'longshore.yaml',
      `project: shop
hosts: { web: ${hostEntry(host)} }
engine: { source: distro${engine} }
containers:
  db: { image: "box:1", pull_policy: never, command: [sh, -c, "cat /data/word || cat /proc/sys/kernel/random/uuid >/data/word; exec sleep 100000"], volumes: ["words:/data"] }
volumes: { words: {} }
`,
    )
    return project.run(args)
  }
  const done = async (engine: string): Promise<Ran> => {
    const ran = await run(engine, 'up', '--yes')
    t.equal(ran.code, 0, told(ran))
    return ran
  }
  await done('')
  const word = await said('docker exec shop-db-1 cat /data/word')
  t.match(word, /^[0-9a-f-]{36}$/)

  const away = ', daemon: { data-root: /data/docker, debug: true }'
  const refused = await run(away, 'plan')
  t.equal(refused.code, 3, told(refused))
  t.match(refused.stderr, /holds 1 container, 1 image, 1 volume.*data_root_move: copy[\s\S]*at longshore\.yaml:3:/)

  const copy = `${away}, data_root_move: copy`
  const plan = await run(copy, 'plan')
  t.equal(plan.code, 0, told(plan))
  t.match(
    plan.stdout,
    /move engine data in \/data\/docker.* [KM]iB are copied[\s\S]*1 container stops: shop-db-1/,
    told(plan),
  )
  t.match(plan.stdout, /configure engine configuration[\s\S]*debug/, told(plan))
  t.equal(await said('ls -A /data'), '', 'a plan touches nothing')

  await done(copy)
  t.same(
    await said(
      "docker info -f '{{.DockerRootDir}} {{.Debug}}'; docker exec shop-db-1 cat /data/word; ls /var/lib/docker | grep -c .",
    ),
    `/data/docker true\n${word}\n${await said('ls /var/lib/docker | grep -c .')}`,
  )
  const again = await done(copy)
  t.match(again.stdout, /Nothing to do/, told(again))
  t.match(`${again.stdout}${again.stderr}`, /still in \/var\/lib\/docker/, told(again))
  t.match((await run(away, 'plan')).stdout, /0 to change/, 'once it is there the word is needed no more')
})
