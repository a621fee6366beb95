// How far a host is from its file: status, and provision, which leaves containers alone.
import type { Test } from 'tap'
import { type TestProject, testProject, told } from '../command.js'
import { changedFacts, hostState, idsOn } from '../host-state.js'
import { type Fleet, fileWith, nobody, talker, ticker } from './project.js'

/** `status` counts what differs, names what is no longer declared, and changes nothing. */
export async function testStatus(t: Test, project: TestProject, fleet: Fleet): Promise<void> {
  const same = await project.run(['status'])
  t.equal(same.code, 0, told(same))
  const version = (await fleet.web.sh(`docker version -f '{{.Server.Version}}'`)).stdout.trim()
  t.match(
    same.stdout,
    new RegExp(`^web  as the file says, Debian GNU/Linux 12.*, docker ${version.replaceAll('+', '\\+')} `, 'm'),
  )
  t.match(same.stdout, /^ {2}look-talker-1 {2}base {2}Up .*0\.0\.0\.0:8080->80\/tcp$/m)
  t.match(same.stdout, /^db {2}as the file says/m)

  const drifted = testProject({ 'longshore.yaml': fileWith(fleet, ticker(', environment: { MORE: "1" }'), nobody) })
  t.teardown(() => drifted.remove())
  const before = await hostState(fleet.web)
  const plan = await drifted.run(['--json', 'plan', '--on', 'web'])
  const steps = plan.events().find(event => event.type === 'plan')?.steps as unknown[]
  const shown = await drifted.run(['status', '--on', 'web'])
  t.equal(shown.code, 0, told(shown))
  t.ok(steps.length > 0, told(plan))
  t.match(shown.stdout, new RegExp(`^web  ${steps.length} to change, `), told(shown))
  t.match(shown.stdout, /^ {2}container look-talker-1 {2}no longer declared$/m)
  t.same(changedFacts(before, await hostState(fleet.web)), [], 'looking changes nothing')
  const all = await drifted.run(['status'])
  t.equal(all.code, 4, told(all))
  t.match(all.stdout, /^gone {2}not reached$/m)
  t.match(all.stdout, /^db {2}\d+ to change/m, 'the others are shown')
  const json = (await drifted.run(['--json', 'status', '--on', 'web'])).events()
  t.match(
    json.find(event => event.type === 'status'),
    { host: 'web', pending: steps.length, orphans: ['container look-talker-1'], engine: /docker/i },
  )
}

/** `provision` does what playbooks and engine want, and leaves containers alone, whatever the file says of them. */
export async function testProvision(t: Test, fleet: Fleet): Promise<void> {
  const play = `- hosts: all\n  tasks:\n    - name: mark\n      copy: { content: "made\\n", dest: /srv/provisioned }\n`
  const project = testProject({
    'longshore.yaml': `${fileWith(fleet, talker.replace('line', 'other') + ticker(', environment: { MORE: "1" }'))}playbooks: [mark.yaml]\n`,
    'mark.yaml': play,
  })
  t.teardown(() => project.remove())
  const before = [await idsOn(fleet.web), await idsOn(fleet.db)]
  const done = await project.run(['provision', '--yes'])
  for (const host of [fleet.web, fleet.db])
    t.equal((await host.sh('cat /srv/provisioned')).stdout, 'made\n', told(done))
  t.same([await idsOn(fleet.web), await idsOn(fleet.db)], before, 'the same containers')
  t.equal(done.code, 0, told(done))
  const again = await project.run(['provision', '--yes'])
  t.equal(again.code, 0, told(again))
  t.match(again.stdout, /Nothing to do\./)
}
