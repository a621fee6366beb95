// The command with an image that this machine builds once and three hosts receive: plan, up, twice nothing, a change, the list, down.
import { join } from 'node:path'
import type { Test } from 'tap'
import { hostEntry, testProject } from '../../e2e/command.js'
import { busyboxRootfs, type LabHost } from '../../lab/index.js'

/** `labs` are named old, new and store; that one has the containerd store. */
export async function shipByCommand(t: Test, labs: readonly LabHost[]): Promise<void> {
  const project = testProject({
    'longshore.yaml': [
      'project: lsone',
      'hosts:',
      ...labs.map(lab => `  ${lab.name}: ${hostEntry(lab)}`),
      '  here: { connection: local }',
      'images: { lsone-base: { import: { dir: ./root } } }',
      'containers:',
      '  app: { build: { context: ./app, at: here }, on: ["old", "new", "store"], init: true, stop_grace_period: 1s }',
      '',
    ].join('\n'),
    'app/Dockerfile': 'FROM lsone-base\nCOPY text /text\nCMD ["sleep", "1000"]\n',
    'app/text': 'one\n',
  })
  t.teardown(() => project.remove())
  await busyboxRootfs(join(project.folder, 'root'))
  const plan = await project.run(['plan'])
  t.match(plan.stdout, /receive image lsone-app {2}\(from here: not there\)/)
  t.equal(plan.stdout.match(/import image lsone-base/g)?.length, 1, 'the base image is wanted on the builder alone')
  const up = await project.run(['up', '--yes'])
  t.equal(up.code, 0, up.stderr)
  t.match((await project.run(['plan'])).stdout, /0 to change/)
  project.write('app/text', 'two\n')
  const changed = await project.run(['up', '--yes'])
  t.equal(changed.code, 0, changed.stderr)
  t.match(changed.stderr, /receive image lsone-app … done .*kB, 1 layer/)
  t.match((await project.run(['up', '--yes'])).stdout, /0 to change/)
  for (const lab of labs) t.equal((await lab.sh('docker exec lsone-app-1 cat /text')).stdout, 'two\n')
  const listed = await project.run(['--on', 'new', 'images'])
  t.match(listed.stdout, /new +lsone-app:latest +[0-9a-f]{12} +[\d.]+ MB +lsone-app-1\n/)
  t.match((await project.run(['--on', 'store', 'images'])).stdout, /\(layers of lsone-app:latest\)/)
  const unused = await project.run(['--on', 'new', '--json', 'images', '--unused'])
  t.match(unused.stdout, /"usedBy":\[\]/)
  t.notMatch(unused.stdout, /"name":"lsone-app:latest"/)
  const down = await project.run(['down', '--images', '--yes'])
  t.equal(down.code, 0, down.stderr)
  for (const lab of labs) {
    const left = 'docker images -q lsone-app; docker images -q --filter label=longshore.ships=lsone-app:latest'
    t.equal((await lab.sh(left)).stdout, '', `${lab.name}: nothing is left`)
  }
}
