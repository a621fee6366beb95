// The commands for images, as people type them: built, pushed with a login, pulled when the tag has moved, saved, loaded, told of, pruned.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { testProject } from '../e2e/command.js'
import { busyboxTarball, docker as client, ensureEngine, tryDocker } from '../lab/index.js'
import { loopbackRegistry } from '../lab/loopback-registry.js'
import { pushBusybox } from '../lab/registry-image.js'

const password = 'pa55-of-ci'

test('commands for images', async t => {
  await ensureEngine()
  const registry = await loopbackRegistry({ username: 'ci', password })
  t.teardown(() => registry.remove())
  await client(['import', await busyboxTarball(), 'lsimages-base:1'])
  const app = `${registry.name}/team/app:1`
  const redis = `${registry.name}/team/redis:7`
  await pushBusybox(registry, 'team/redis', '7')
  const project = testProject({
    'longshore.yaml': `project: lsimages
hosts: { here: { connection: local } }
secrets: { REGISTRY: { env: REGISTRY_PASSWORD } }
engine: { source: none, registries: { "${registry.name}": { username: ci, password: { secret: REGISTRY } } } }
images:
  cache: { pull: { image: "${redis}", policy: always } }
containers:
  app: { image: "${app}", build: { context: ./app, args: { N: "1" } }, command: [sleep, "100"], init: true, stop_grace_period: 1s }
  cache: { image: cache, init: true, stop_grace_period: 1s }
`,
    'app/Dockerfile': 'FROM lsimages-base:1\nARG N\nLABEL number=$N\nCOPY text /text\n',
    'app/text': 'one\n',
  })
  t.teardown(async () => {
    await project.run(['down', '--images', '--volumes', '--yes'], { env: { REGISTRY_PASSWORD: password } })
    const mine = await client([
      'images',
      '-q',
      '--filter',
      'reference=lsimages-*',
      '--filter',
      `reference=${registry.name}/*/*`,
    ])
    await tryDocker(['rmi', '-f', ...new Set(mine.split('\n').filter(Boolean))])
    const dangling = await client(['images', '-q', '--filter', 'label=longshore.project=lsimages'])
    await tryDocker(['rmi', '-f', ...new Set(dangling.split('\n').filter(Boolean))])
    project.remove()
  })
  const output: string[] = []
  const run = async (...args: string[]) => {
    const ran = await project.run(args, { env: { REGISTRY_PASSWORD: password } })
    output.push(ran.stdout, ran.stderr)
    return ran
  }
  const good = async (...args: string[]): Promise<string> => {
    const ran = await run(...args)
    t.equal(ran.code, 0, `${args.join(' ')}: ${ran.stderr}`)
    return ran.stdout
  }

  await t.test('build, push and pull', async t => {
    const built = await good('build', '--yes')
    t.match(built, `build image ${app}  (not there)`)
    t.notMatch(built, /container|pull image/)
    t.match(await good('build', '--yes'), 'Nothing to do')
    t.match(await good('build', 'app', '--no-cache', '--yes'), /build image \S+ {2}\(asked for\)/)
    t.match(await good('push', '--yes'), `push image ${app} to ${registry.name}  (not there)`)
    t.match(await good('push', 'app', '--yes'), 'Nothing to do')
    project.write('app/text', 'two\n')
    const pushed = await good('build', '--push', '--yes')
    t.match(pushed, /build image .*files changed/)
    t.match(pushed, /push image /)
    t.match(await good('pull', 'cache', '--yes'), `pull image ${redis}  (not there)`)
    t.match(await good('pull', '--yes'), 'Nothing to do')
    t.match(await run('pull', 'cahce', '--yes'), {
      code: 3,
      stderr: /there is no service and no image "cahce"; did you mean "cache"/,
    })
  })

  await t.test('a moved tag in a plan, with the login', async t => {
    await good('up', '--yes')
    t.match(await good('plan'), '0 to change')
    await pushBusybox(registry, 'team/redis', '7', 'next')
    const plan = await good('plan')
    t.match(plan, /pull image \S+ {2}\(its tag has moved in \S+: sha256:\w{12} → sha256:\w{12}\)/)
    t.match(plan, /replace container lsimages-cache-1/)
    await good('up', '--yes')
    t.match(await good('plan', '--exit-code'), '0 to change')
    const stranger = await project.run(['plan'], { env: { REGISTRY_PASSWORD: 'wrong-one' } })
    t.match(stranger, { code: 0, stderr: /does not tell whether its tag has moved: .*refuses the login of ci/ })
  })

  await t.test('history, save, load, tag, commit, search', async t => {
    t.match(await good('images', 'history', app), /COPY .*\n/)
    await good('images', 'tag', app, 'lsimages-other:1')
    t.match(await good('images'), /lsimages-other:1/)
    const file = join(project.folder, 'app.tar')
    await good('images', 'save', 'lsimages-other:1', '-o', file)
    t.equal(statSync(file).mode & 0o777, 0o600)
    await client(['rmi', 'lsimages-other:1'])
    t.match(await good('images', 'load', '-i', file), 'here  lsimages-other:1')
    t.match(await good('images', 'load', '-i', file), 'here  lsimages-other:1')
    await client(['exec', 'lsimages-app-1', 'sh', '-c', 'echo made >/made'])
    t.match(
      await good('images', 'commit', 'app', 'lsimages-made:1', '-m', 'by hand', '-c', 'LABEL by=hand'),
      /here {2}lsimages-made:1 {2}[0-9a-f]{12}/,
    )
    t.equal(await client(['run', '--rm', 'lsimages-made:1', 'cat', '/made']), 'made\n')
    t.match(
      await client(['image', 'inspect', '-f', '{{.Config.Cmd}} {{.Config.Labels.by}}', 'lsimages-made:1']),
      '[sleep 100] hand',
    )
    t.match(await good('--json', 'images', 'history', 'lsimages-made:1'), /"comment":"by hand"/)
    const wrong: [args: string[], code: number, told: RegExp][] = [
      [['images', 'history', 'lsimages-none'], 1, /no chosen host has lsimages-none/],
      [['images', 'save', 'lsimages-none', '-o', file], 1, /no chosen host has lsimages-none/],
      [['images', 'load', '-i', 'none.tar'], 3, /there is no file .*none\.tar/],
      [['images', 'load', '-i', 'longshore.yaml'], 1, /here: .*longshore\.yaml cannot be loaded/],
      [['images', 'tag', app], 3, /takes an image and its further name/],
      [['images', 'tag', app, 'Not A Name'], 1, /cannot be named Not A Name/],
      [['images', 'commit', 'none', 'x'], 3, /no container "none" is there/],
      [['images', 'search', 'redis'], 1, /nothing can be searched for redis/],
      [['images', 'histry', app], 3, /images knows no "histry"; did you mean "history"/],
      [['prune', '--keep', 'x'], 3, /--keep takes a number/],
    ]
    for (const [args, code, told] of wrong) t.match(await run(...args), { code, stderr: told }, args.join(' '))
  })

  await t.test('prune shows what would go', async t => {
    project.write('app/text', 'three\n')
    await good('up', '--yes')
    const shown = await good('prune', '--dry-run', '--keep', '0', '--all')
    t.match(shown, /remove image lsimages-made:1 {2}\(no container is made from it; frees /)
    t.notMatch(shown, 'lsimages-other', 'the history may go back to it')
    t.notMatch(shown, `remove image ${app}`)
    t.notMatch(shown, `remove image ${redis}`)
    t.match(await client(['images', 'lsimages-made']), 'lsimages-made', 'nothing was removed')
  })

  t.notMatch(output.join('\n'), password, 'the password is told nowhere')
})
