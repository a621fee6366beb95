// Every kind's example works as it stands on a fresh host, and the second time there is nothing to do. Told kind by kind.
import tap, { type Test, test } from 'tap'
import { resources } from '../../../resources/index.js'
import { labHost } from '../../lab/index.js'
import { hostEntry, type Ran, type TestProject, testProject, told } from '../command.js'
import { ends, planned } from '../run-events.js'

// Hosts boot and many packages are installed.
tap.setTimeout(900_000)

/** Files of this machine that examples name, beside their playbooks. */
const files = {
  'kinds/templates/motd.hbs': 'Welcome: {{upper facts.os.id}}, on {{facts.os.name}}.\n',
  'kinds/files/site/index.html': '<h1>shop</h1>\n',
  'kinds/files/site/css/main.css': 'h1 { color: teal }\n',
  'kinds/fill-shop.sh': '#!/bin/sh\nmkdir -p /var/lib/shop && echo "$@" >/var/lib/shop/filled\n',
}

/** Kinds whose example cannot be quiet the second time, and why. */
const neverQuiet: Record<string, string> = {}

/** Kinds that are about containers run where there is an engine. */
const hostOf = (kind: string): string => (kind.startsWith('docker_') || kind.startsWith('engine') ? 'engine' : 'plain')

const playbookOf = (kind: string, example: string): string =>
  `- name: kind ${kind}
  hosts: ${hostOf(kind)}
  become: true
  tags: [${kind}]
  tasks:
${example.trim().replace(/^(?=.)/gm, '    ')}
`

/** The kind that an error or a step is of. */
const kindIn = (text: string): string | undefined =>
  /kinds\/(\w+)\.yaml/.exec(text)?.[1] ?? /\/kind (\w+)\//.exec(text)?.[1]

/** Kinds that have failed, with what was said. */
function failures(ran: Ran): Map<string, string> {
  const found = new Map<string, string>()
  for (const event of ran.events()) {
    const { type, state, id } = event as { type: string; state?: string; id?: string }
    const text = JSON.stringify(event)
    if (type === 'step' && state === 'failed') found.set(kindIn(`/${id}/`) ?? '?', text)
  }
  for (const event of ran.events())
    if (event.type === 'error') {
      const kind = kindIn(JSON.stringify(event))
      if (kind !== undefined && !found.has(kind)) found.set(kind, JSON.stringify(event))
    }
  return found
}

const mostRounds = 8

/** Applies all kinds; one that fails is left out and the others go on, so that each is told of by itself. */
async function applyAll(project: TestProject, kinds: readonly string[]): Promise<Map<string, string>> {
  const failed = new Map<string, string>()
  for (let round = 1; ; round++) {
    const left = kinds.filter(kind => !failed.has(kind))
    const ran = await project.run(['up', '--yes', '--json', '--tags', left.join(',')])
    if (ran.code === 0) return failed
    const more = failures(ran)
    for (const [kind, text] of more) failed.set(kind, text)
    // What fails everywhere is no kind's own trouble.
    if (round === mostRounds || ![...more.keys()].some(kind => left.includes(kind))) {
      for (const kind of left) if (!failed.has(kind)) failed.set(kind, `not tried by itself: ${told(ran).slice(-2000)}`)
      return failed
    }
  }
}

/** What is planned once more, by kind. */
async function plannedAgain(t: Test, project: TestProject, kinds: readonly string[]): Promise<Map<string, string[]>> {
  const ran = await project.run(['up', '--yes', '--json', '--tags', kinds.join(',')])
  t.equal(ran.code, 0, `the second time: ${ran.code === 0 ? 'done' : told(ran)}`)
  const again = new Map<string, string[]>()
  const states = ends(ran)
  for (const { id, verb, thing, cause } of planned(ran)) {
    const kind = kindIn(`/${id}/`) ?? '?'
    again.set(kind, [...(again.get(kind) ?? []), `${verb} ${thing}: ${cause} (${states[id] ?? 'not done'})`])
  }
  return again
}

test('every kind has an example that works, and is quiet the second time', async t => {
  for (const { kind, summary, example } of resources) {
    t.ok(summary, `${kind} has a summary`)
    t.ok(example, `${kind} has an example`)
    t.ok(example === undefined || example.includes(kind), `the example of ${kind} shows it`)
  }
  const shown = resources.filter(({ example }) => example !== undefined)
  const kinds = shown.map(({ kind }) => kind)
  const [plain, engine] = await Promise.all([labHost({ name: 'plain' }), labHost({ name: 'engine', engine: true })])
  t.teardown(() => Promise.all([plain.remove(), engine.remove()]))
  const books = Object.fromEntries(
    shown.map(({ kind, example = '' }) => [`kinds/${kind}.yaml`, playbookOf(kind, example)]),
  )
  const project = testProject({
    ...files,
    ...books,
    'longshore.yaml': [
      'project: examples',
      `hosts: { plain: ${hostEntry(plain)}, engine: ${hostEntry(engine)} }`,
      'playbooks:',
      ...Object.keys(books).map(book => `  - ${book}`),
      '',
    ].join('\n'),
  })
  t.teardown(() => project.remove())
  const checked = await project.run(['validate'])
  t.equal(checked.code, 0, `the examples can be read: ${checked.code === 0 ? 'yes' : told(checked)}`)
  const failed = await applyAll(project, kinds)
  const good = kinds.filter(kind => !failed.has(kind))
  const again = await plannedAgain(t, project, good)
  for (const kind of kinds) {
    const why = neverQuiet[kind]
    if (failed.has(kind)) t.fail(`${kind}: ${failed.get(kind)}`)
    else if (why === undefined) t.same(again.get(kind) ?? [], [], `${kind}: nothing to do the second time`)
    else t.ok(again.has(kind), `${kind} is not quiet: ${why}`)
  }
  await engine.sh(`mkdir -p /etc/longshore/facts.d; echo '{"rack": "r7"}' >/etc/longshore/facts.d/place.json`)
  const asked = await project.run(['facts', 'engine', '--json'])
  t.match(
    asked.events().find(({ type }) => type === 'facts'),
    {
      facts: {
        engine: { name: 'docker', version: /^20\./, api: '1.41', state: 'answers' },
        custom: { place: { rack: 'r7' } },
      },
    },
    'facts tell of the engine, and what the owner of the host has added',
  )
})
