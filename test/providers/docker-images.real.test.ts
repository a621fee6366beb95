// Images on a real engine: built, built anew for a reason, imported, refused, removed.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { localFiles } from '../../cli/files.js'
import { exitCodes, UserError } from '../../core/errors.js'
import type { ImageWant } from '../../core/wanted.js'
import { detectScript, readDetection } from '../../providers/docker/detect.js'
import { docker } from '../../providers/docker/index.js'
import { busyboxRootfs, docker as client, tryDocker } from '../lab/index.js'
import { linesOf, realProject, runIn } from './real-engine.js'
import { at } from './samples.js'

test('images are built when what they are made of changes, and only then', async t => {
  const project = await realProject('lsprovbuild')
  t.teardown(() => project.clean())
  const base = await project.folder({ Dockerfile: `FROM ${project.image}\nCOPY message /message\n`, message: 'one\n' })
  const app = await project.folder({
    Dockerfile: 'ARG BASE\nFROM $BASE\nARG MODE\nRUN echo "$MODE" >/mode\nCMD ["sleep", "1000"]\n',
    '.dockerignore': 'notes\n',
    notes: 'x',
  })
  const images = (mode: string): ImageWant[] => [
    {
      ref: 'lsprov-app',
      from: 'build',
      context: app,
      dockerfile: 'Dockerfile',
      args: { BASE: 'lsprov-base', MODE: mode },
      at,
    },
    { ref: 'lsprov-base', from: 'build', context: base, dockerfile: 'Dockerfile', args: {}, at },
  ]
  const plain = project.box('app', { image: 'lsprov-app' })
  const { command: _, ...config } = plain.config
  const want = (mode: string) => project.want({ images: images(mode), containers: [{ ...plain, config }] })
  const first = await project.up(want('fast'))
  t.same(first.errors, [])
  t.same(first.plan, [
    'build image lsprov-base: not there',
    'build image lsprov-app: not there',
    'create container lsprovbuild-app-1: not there',
  ])
  t.ok(
    first.events.some(event => event.type === 'output' && /Step 1/.test(event.text)),
    'progress is told',
  )
  t.match(await runIn(project, plain.name, ['cat', '/message', '/mode']), { out: 'one\nfast' })
  t.same((await project.up(want('fast'))).plan, [], 'twice is nothing')
  await writeFile(join(app, 'notes'), 'y')
  t.same((await project.up(want('fast'))).plan, [], 'an ignored file does not count')

  const slow = await project.up(want('slow'))
  t.same(slow.plan, [
    'build image lsprov-app: args.MODE: fast → slow',
    'replace container lsprovbuild-app-1: image is built anew; start-first',
  ])
  t.match(await runIn(project, plain.name, ['cat', '/mode']), { out: 'slow' })

  await writeFile(join(base, 'message'), 'two\n')
  const rebased = await project.up(want('slow'))
  t.same(rebased.plan, [
    'build image lsprov-base: files changed',
    'build image lsprov-app: base image lsprov-base is built anew',
    'replace container lsprovbuild-app-1: image is built anew; start-first',
  ])
  t.same(rebased.errors, [])
  t.match(await runIn(project, plain.name, ['cat', '/message']), { out: 'two' })
  t.same((await project.up(want('slow'))).plan, [])

  // Made by hand from our image, and from one built upon it: not ours to touch.
  await client(['run', '-d', '--name', 'lsprov-byhand', 'lsprov-app'])
  t.teardown(() => tryDocker(['rm', '-f', 'lsprov-byhand']))
  t.same((await project.up(want('slow'), { prune: true })).plan, [])
  const down = await project.down()
  t.same(down.errors, [])
  const warnings = down.events.filter(({ type }) => type === 'warning')
  t.match(warnings, [{ text: /lsprov-app.*(?:using|used by)/ }], 'what is in use is kept, and said so')
  await client(['rm', '-f', '-v', 'lsprov-byhand'])
  t.same((await project.down()).errors, [])
  t.same(
    linesOf(await client(['images', '-aq', '--filter', 'label=longshore.project=lsprovbuild'])),
    [],
    'no image is left',
  )
})

test('a build that fails shows its last lines, with both builders', async t => {
  const project = await realProject('lsprovbroken')
  t.teardown(() => project.clean())
  const script = 'RUN for i in $(seq 1 30); do echo "line $i"; done; echo "it broke here"; exit 3\n'
  for (const [builder, mount] of [
    ['classic', ''],
    ['BuildKit', '--mount=type=tmpfs,target=/scratch '],
  ] as const) {
    const context = await project.folder({
      Dockerfile: `FROM ${project.image}\n${script.replace('RUN ', `RUN ${mount}`)}`,
    })
    const image: ImageWant = { ref: 'lsprov-broken', from: 'build', context, dockerfile: 'Dockerfile', args: {}, at }
    const ran = await project.up(project.want({ images: [image] }))
    const error = ran.errors[0]
    t.ok(error instanceof UserError, builder)
    t.match(error, { exit: exitCodes.failed, at, message: /^image lsprov-broken cannot be built: / })
    const output = (error as UserError).output ?? ''
    t.match(output, /line 29\nline 30\n.*it broke here/s, builder)
    t.ok(output.split('\n').length <= 20)
  }
  const left = await client(['ps', '-a', '--filter', `ancestor=${project.image}`, '--format', '{{.Command}}'])
  t.notMatch(left, /it broke here|seq 1 30/, 'no half made container is left')

  const context = await project.folder({
    Dockerfile: `FROM ${project.image}\nRUN --mount=type=tmpfs,target=/scratch echo good >/made\n`,
  })
  const good: ImageWant = { ref: 'lsprov-good', from: 'build', context, dockerfile: 'Dockerfile', args: {}, at }
  t.same((await project.up(project.want({ images: [good] }))).errors, [])
  t.same((await project.up(project.want({ images: [good] }))).plan, [])
})

test('images are imported from a folder of the host or from here, and a pull that fails says so', async t => {
  const project = await realProject('lsprovimport')
  t.teardown(() => project.clean())
  const dir = await project.folder({})
  await busyboxRootfs(dir)
  const imports = (folder: string): ImageWant[] => [
    { ref: 'lsprov-there:1', from: 'import', dir: folder, where: 'host', at },
    { ref: 'lsprov-here:1', from: 'import', dir, where: 'here', at },
  ]
  const containers = [
    project.box('there', { image: 'lsprov-there:1' }),
    project.box('here', { image: 'lsprov-here:1' }),
  ]
  const want = project.want({ images: imports(dir), containers })
  const first = await project.up(want)
  t.same(first.errors, [])
  t.equal(first.plan.length, 4)
  t.match(await runIn(project, containers[1]?.name ?? '', ['sh', '-c', 'echo $((1+1))']), { out: '2' })
  t.same((await project.up(want)).plan, [])

  const missing = await project.up(project.want({ images: imports('/none/here'), containers }))
  t.match(missing.plan[0], 'import image lsprov-there:1: its folder is /none/here now')
  t.match(missing.errors, [{ message: 'image lsprov-there:1 cannot be imported: /none/here is not a folder on here' }])

  const absent = await project.up(project.want({ images: [{ ref: 'localhost:1/lsprov-none:1', from: 'pull', at }] }))
  t.match(absent.errors, [{ message: /^image localhost:1\/lsprov-none:1 cannot be pulled: /, hint: /registry/, at }])
})

test('the host tells how its engine stands', async t => {
  const project = await realProject('lsprovdetect')
  t.teardown(() => project.clean())
  const { stats } = project.engine
  t.same(stats, { requests: 1, waves: 1 }, 'opening is one request')
  await docker.observe(project.engine, project.want({}), localFiles)
  t.same(stats, { requests: 5, waves: 2 }, 'and observing four at the same time')
  for (const as of ['login', 'best'] as const) {
    const told = await project.connection.exec(detectScript([]), { as })
    t.equal(told.stderr, '')
    t.match(readDetection(told.stdout), {
      state: 'answers',
      rootOnly: false,
      client: true,
      socket: '/var/run/docker.sock',
    })
  }
  t.match(project.engine.about, /^docker \d+\.\d+\.\S+ \(API 1\.\d+\)$/)
})
