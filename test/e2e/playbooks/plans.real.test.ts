// More than forty playbooks on fresh hosts: what the plan lists is what `up` does, and then there is nothing left to do.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import tap, { type Test, test } from 'tap'
import { type LabHost, labHost, type Release } from '../../lab/index.js'
import { hostEntry, packageRoot, type Ran, testProject, told } from '../command.js'
import { ends, planned } from '../run-events.js'

// Packages are installed on four hosts.
tap.setTimeout(900_000)

const folder = join(packageRoot, 'test', 'e2e', 'plans')
const playbooks = readdirSync(folder).filter(name => /^\d\d-.*\.yaml$/.test(name))
const groups: readonly Release[] = ['bookworm', 'trixie', 'bookworm', 'bullseye']

/** Steps that fail by intent, because a rescue catches them. */
const meantToFail: Record<string, readonly string[]> = {
  '22-rescued.yaml': ['one/rescued/needs what is not there'],
}

/** Steps that every plan lists, because nobody can tell whether they are needed. */
const neverSettled: Record<string, RegExp> = {
  '31-unchecked.yaml': /^one\/unchecked\/shell /,
}

const projectText = (host: LabHost, playbook: string): string => `project: plans
hosts:
  one: ${hostEntry(host)}
secrets: { P42: { env: P42 } }
playbooks: [${join(folder, playbook)}]
`

const count = { playbooks: 0, listed: 0, done: 0, already: 0, unknown: 0, unlisted: 0 }

async function check(t: Test, host: LabHost, playbook: string): Promise<void> {
  const there = testProject({ 'longshore.yaml': projectText(host, playbook) })
  t.teardown(() => there.remove())
  const run = (...args: string[]): Promise<Ran> => there.run(['--json', ...args], { env: { P42: 'a-secret-of-42' } })
  const plan = await run('plan')
  t.equal(plan.code, 0, told(plan))
  const steps = planned(plan)
  t.ok(steps.length > 0, 'it lists something on a fresh host')
  const up = await run('up', '--yes')
  t.equal(up.code, 0, told(up))
  const ended = ends(up)
  const mayFail = meantToFail[playbook] ?? []
  for (const { id } of steps) {
    if (mayFail.includes(id)) t.equal(ended[id], 'failed', `${id} fails and is rescued`)
    else t.ok(ended[id] === 'done' || ended[id] === 'already', `${id} ended as ${ended[id]}`)
  }
  const listed = new Set(steps.map(({ id }) => id))
  const unlisted = Object.keys(ended).filter(id => !listed.has(id))
  t.same(unlisted, [], 'nothing unlisted was done')
  count.playbooks += 1
  count.listed += steps.length
  count.unknown += steps.filter(({ certainty }) => certainty === 'unknown').length
  count.done += Object.values(ended).filter(state => state === 'done').length
  count.already += Object.values(ended).filter(state => state === 'already').length
  count.unlisted += unlisted.length
  const again = await run('plan')
  t.equal(again.code, 0, told(again))
  const left = planned(again).filter(({ id }) => !neverSettled[playbook]?.test(id))
  t.same(left, [], 'then the plan is empty')
}

test('plan equals up', { jobs: groups.length }, async t => {
  const hosts = await Promise.all(groups.map((release, index) => labHost({ name: `plans-${index + 1}`, release })))
  t.teardown(() => Promise.all(hosts.map(host => host.remove())))
  t.ok(playbooks.length >= 40, `${playbooks.length} playbooks`)
  await Promise.all(
    hosts.map((host, group) =>
      t.test(`on ${groups[group]} (${group + 1})`, { buffered: true }, async t => {
        for (const playbook of playbooks.filter((_, index) => index % hosts.length === group))
          await t.test(playbook, t => check(t, host, playbook))
      }),
    ),
  )
  t.comment(
    `${count.playbooks} playbooks, ${count.listed} steps listed: ${count.done} done, ${count.already} already so, ` +
      `${count.unknown} of them unknown before, ${count.unlisted} done that were not listed`,
  )
  t.ok(count.unknown * 20 <= count.listed, 'at most one in twenty was unknown')
})
