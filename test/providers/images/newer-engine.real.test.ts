// Images on a host with a newer engine, over SSH: its own builder is BuildKit, its registry is elsewhere, and its disk can be full.
import { join } from 'node:path'
import { test } from 'tap'
import { hostEntry, testProject } from '../../e2e/command.js'
import { busyboxRootfs, busyboxTarball, docker as client, labHost, tryDocker } from '../../lab/index.js'

test('images on a host with a newer engine', async t => {
  const host = await labHost({ name: 'new1', engine: true, release: 'trixie' })
  t.teardown(() => host.remove())
  const project = testProject({
    'app/a': 'a\n',
    'app/Dockerfile':
      'FROM lshosts-base\nCOPY . /all\nRUN df -k /dev/shm | tail -n 1 >/shm; ulimit -n >/files; false || echo ran\n',
  })
  t.teardown(() => project.remove())
  await busyboxRootfs(join(project.folder, 'root'))
  await client(['import', await busyboxTarball(), 'lshosts-saved:1'])
  t.teardown(() => tryDocker(['rmi', 'lshosts-saved:1']))
  await client(['save', '-o', join(project.folder, 'saved.tar'), 'lshosts-saved:1'])
  const write = (images: object, containers: object): void =>
    project.write(
      'longshore.yaml',
      JSON.stringify({
        project: 'lshosts',
        hosts: { new1: JSON.parse(hostEntry(host)) },
        engine: { source: 'none' },
        images: { 'lshosts-base': { import: { dir: 'root' } }, ...images },
        containers,
      }),
    )
  const run = async (...args: string[]): Promise<string> => {
    const ran = await project.run(args)
    t.equal(ran.code, 0, `${args.join(' ')}: ${ran.stderr}`)
    return `${ran.stdout}${ran.stderr}`
  }
  const app = {
    build: {
      context: 'app',
      shm_size: '8m',
      ulimits: { nofile: { soft: 512, hard: 1024 } },
      labels: { team: 'blue' },
    },
    ...{ command: ['sleep', '1000'], init: true, stop_grace_period: '1s' },
  }

  await t.test('built by BuildKit, twice nothing, and what it printed is told where it fails', async t => {
    write({}, { app })
    const first = await run('up', '--yes', '-v')
    t.match(first, /build image lshosts-app/)
    t.notMatch(first, /Step 1|DEPRECATED/)
    t.match((await host.sh('docker exec lshosts-app-1 cat /files /shm')).stdout, /^512\n\w+ +8192 /)
    t.match(await run('plan'), '0 to change')
    project.write('app/Dockerfile', 'FROM lshosts-base\nRUN echo so it fails; false\n')
    const broken = await project.run(['build', '--yes'])
    t.match(broken, { code: 1, stderr: /so it fails/ })
  })

  await t.test('an archive of an older engine is loaded there', async t => {
    write({ 'lshosts-here:1': { load: 'saved.tar' } }, { here: { image: 'lshosts-here:1', command: ['true'] } })
    t.match(await run('build', '--yes'), /load image lshosts-here:1/)
    t.match(await run('build', '--yes'), 'Nothing to do')
  })

  await t.test('prune removes what it showed', async t => {
    const shown = await run('prune', '--dry-run')
    t.match(shown, /remove image lshosts-saved:1|an older build|does not name any more/)
    const pruned = await run('prune', '--keep', '0', '--all', '--yes')
    t.match(pruned, /remove build cache … done/)
    t.match(await run('prune', '--keep', '0', '--all', '--yes'), 'Nothing to do')
    t.match((await host.sh('docker images')).stdout, /lshosts-here/)
  })

  await t.test('a full disk is told with its host and folder', async t => {
    // A small file system in place of the engine's temporary folder: that is where it unpacks what it is to load.
    await host.sh('mount -t tmpfs -o size=64k none /var/lib/docker/tmp', { check: true })
    write({ 'lshosts-full:1': { load: 'saved.tar' } }, { full: { image: 'lshosts-full:1', command: ['true'] } })
    const full = await project.run(['build', '--yes'])
    t.match(full, {
      code: 1,
      stderr: /no space left on new1, where the engine keeps its images \(\/var\/lib\/docker\)/,
    })
    await host.sh('umount /var/lib/docker/tmp', { check: true })
  })
})
