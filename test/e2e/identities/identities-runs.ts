// How the identity tests run a project: brought up twice without a trace of what is secret, or refused without a trace at all.
import type { Test } from 'tap'
import type { LabHost } from '../../lab/index.js'
import { type Ran, type TestProject, told } from '../command.js'
import { ended, said } from '../trouble/trouble-told.js'
import { type Leaks, marksOf, watch } from './identities-host.js'
import {
  type Cost,
  costOf,
  fetchPage,
  identityProject,
  type ProjectOptions,
  password,
  secret,
  surroundings,
} from './identities-project.js'

interface BroughtUp {
  /** The first run: it did everything. */
  first: Ran
  /** What the second one cost, that did nothing. */
  cost: Cost
}

function noLeaks(t: Test, leaks: Leaks, runs: readonly Ran[]): void {
  t.ok(leaks.looks > 10, `the host's processes were looked at ${leaks.looks} times`)
  t.same(
    leaks.processes,
    [],
    'no argument and no environment of a process on the host holds the password or the secret',
  )
  t.same(leaks.files, [], 'no file on the host holds them, but the environment of the container itself')
  t.same(leaks.journal, [], 'no line of the journal holds them')
  t.same(leaks.engine, [], 'no label and nothing else on the engine holds them')
  for (const ran of runs)
    for (const value of [password, secret, JSON.stringify(password).slice(1, -1)])
      t.notOk(told(ran).includes(value), 'the command never says them')
}

const idsOf = (on: LabHost, project: string): Promise<string> =>
  said(on, `docker ps -aq --no-trunc --filter label=longshore.project=${project} | sort`)

/** Brings the project up twice; looks at the host first, then at exit codes, then at what was said. */
export async function bringUp(t: Test, on: LabHost, options: ProjectOptions): Promise<BroughtUp> {
  const project = identityProject(on, options)
  t.teardown(() => project.remove())
  const { name, port } = options
  const stop = await watch(on, password, secret)
  const before = await marksOf(on)
  const planned = await project.run(['-v', 'plan'], { env: surroundings })
  t.equal(await marksOf(on), before, 'the plan touches nothing')
  t.equal(planned.code, 0, told(planned))

  const first = await project.run(['--json', '-v', 'up', '--yes'], { env: surroundings })
  if (first.code !== 0) t.comment(told(first))
  t.equal(
    await fetchPage(on, port),
    `200 stored by ${name}`,
    'the page comes from the other container, through the link',
  )
  t.match(
    await said(on, `docker inspect -f '{{json .Config.Env}}' ${name}-store-1`),
    `TOKEN=${secret}`,
    'the container has its secret',
  )
  if (options.package !== undefined) {
    t.equal(
      await said(on, `stat -c '%U %a' /srv/${name} /srv/${name}/settings; cat /srv/${name}/settings`),
      `${name}-keeper 750\n${name}-keeper 640\nkept by ${name}`,
    )
    t.equal(await said(on, `dpkg-query -W -f '\${db:Status-Status}' ${options.package}`), 'installed')
  }
  const [ids, marks] = [await idsOf(on, name), await marksOf(on)]
  t.equal(ids.split('\n').length, 2)

  const second = await project.run(['-v', 'up', '--yes'], { env: surroundings })
  t.equal(await idsOf(on, name), ids, 'the containers are the same ones')
  t.equal(await marksOf(on), marks, 'nothing on the host has changed')
  noLeaks(t, await stop(), [planned, first, second])
  t.equal(first.code, 0, told(first))
  t.equal(second.code, 0, told(second))
  t.match(second.stdout, /Nothing to do\./)
  const cost = costOf(second)
  t.equal(cost.connections, 1, 'one connection')
  t.ok(cost.execs <= 2, `at most two execs: ${cost.execs}`)
  t.ok(cost.waves <= 3, `at most three waves: ${cost.waves}`)
  return { first, cost }
}

/** The run ends with this error, on time, and the host is as it was. */
export async function refused(
  t: Test,
  host: LabHost,
  project: TestProject,
  env: Record<string, string>,
  ...says: RegExp[]
): Promise<void> {
  t.teardown(() => project.remove())
  const marks = await marksOf(host)
  const began = Date.now()
  const ran = await project.run(['up', '--yes'], { env })
  t.ok(Date.now() - began < 20_000, 'it does not hang')
  t.equal(await marksOf(host), marks, 'nothing on the host has changed')
  ended(t, ran, 1, ...says)
  for (const value of Object.values(env)) t.notOk(told(ran).includes(value), 'it does not say a password')
}
