// What every provider must do, on this machine's engine: docker, and the provider of the example, which a person could have written.
import { join } from 'node:path'
import { test } from 'tap'
import { packageRoot, testProject } from '../../e2e/command.js'
import { busyboxTarball, docker, ensureEngine, tryDocker } from '../../lab/index.js'

const image = `lsconform-${process.pid}`
const example = join(packageRoot, 'examples', 'own-provider', 'docker-cli.mjs')

test('providers do what they must', async t => {
  await ensureEngine()
  await docker(['import', await busyboxTarball(), image])
  const project = testProject({})
  t.teardown(async () => {
    project.remove()
    await tryDocker(['rmi', '-f', image])
  })
  const runs = await Promise.all(
    ['docker', example].map(provider => project.run(['provider', 'test', provider, '--image', image])),
  )
  for (const ran of runs) {
    t.equal(ran.code, 0, ran.stdout)
    t.match(ran.stdout, /\nok 17 - .*\n1\.\.17\n$/)
    t.notMatch(ran.stdout, /not ok|SKIP/)
  }
  t.match(runs[0]?.stdout, /^# docker on here: docker /)

  project.write(
    'forgetful.mjs',
    `import { provider as good } from ${JSON.stringify(example)}
export const provider = { ...good, diff: (scope, wanted, seen, options) => ({ ...good.diff(scope, wanted, seen, options), orphans: [] }) }
`,
  )
  const forgetful = await project.run(['provider', 'test', './forgetful.mjs', '--image', image, '--json'])
  t.equal(forgetful.code, 1)
  const broken = forgetful.events().filter(({ state }) => state === 'not ok')
  t.match(broken, [{ type: 'check', host: 'here', name: /no longer declared/, text: 'the orphan is not named' }])
  t.equal(broken.length, 1, 'and nothing else')
})
