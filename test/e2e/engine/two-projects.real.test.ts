// Two projects that look after the engine of one host: what one brings for its registries stays when the other takes its own away.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { labHost } from '../../lab/index.js'
import { hostEntry, packageRoot, type TestProject, testProject, told } from '../command.js'

all.setTimeout(600_000)

test('registries of two projects on one host, and an engine configured twice', async t => {
  const host = await labHost({ release: 'bookworm', engine: true })
  t.teardown(() => host.remove())
  const pem = readFileSync(join(packageRoot, 'test/resources/fixtures/registry-ca.crt'), 'utf8').replace(/^#.*\n/, '')
  const names = ['red', 'blue'] as const
  const projects = names.map((): TestProject => {
    const project = testProject({ 'ca.pem': pem })
    t.teardown(() => project.remove())
    return project
  })
  const says = async (who: 0 | 1, registries: string[], more = ''): Promise<string> => {
    const block = { source: 'none', registries: Object.fromEntries(registries.map(name => [name, { ca: 'ca.pem' }])) }
    const entry = hostEntry(host, { address: host.ip, port: 22 })
    const project = projects[who]
    project?.write(
      'longshore.yaml',
      `project: ${names[who]}\nhosts: { web: ${entry} }\nengine: ${JSON.stringify(block)}\n${more}`,
    )
    const ran = await project?.run(['provision', '--yes'])
    t.equal(ran?.code, 0, ran ? told(ran) : '')
    return ran ? told(ran) : ''
  }
  const there = async (): Promise<string> =>
    (await host.sh('ls /etc/docker/certs.d 2>/dev/null | tr "\\n" " "')).stdout.trim()

  await says(0, ['both.example', 'red.example'])
  t.match(
    await says(1, ['blue.example', 'both.example']),
    /authority of both\.example: another project's → this one's, too/,
  )
  t.equal(await there(), 'blue.example both.example red.example')
  t.match(await says(0, ['both.example', 'red.example']), /Nothing to do/)
  t.match(await says(1, ['blue.example', 'both.example']), /Nothing to do/)
  await says(0, [])
  t.equal(await there(), 'blue.example both.example')
  t.match(await says(0, []), /Nothing to do/)
  await says(1, [])
  t.equal(await there(), '', 'what two needed goes with the last')
  projects[0]?.write(
    'play.yaml',
    '- hosts: all\n  become: true\n  tasks:\n    - engine_config: { daemon: { debug: true } }\n',
  )
  const twice = 'playbooks: [play.yaml]\n'
  projects[0]?.write('longshore.yaml', readFileSync(join(projects[0].folder, 'longshore.yaml'), 'utf8') + twice)
  const plan = await projects[0]?.run(['plan'])
  t.notMatch(plan && told(plan), /both configure/, 'one alone is no trouble')
  const file = readFileSync(join(projects[0]?.folder ?? '', 'longshore.yaml'), 'utf8')
  projects[0]?.write('longshore.yaml', file.replace('"source":"none"', '"source":"none","daemon":{"mtu":1400}'))
  const both = await projects[0]?.run(['plan'])
  t.match(both && told(both), /play\.yaml:4:\d+: .*this task and the file's `engine:` block both configure the engine/)
})
