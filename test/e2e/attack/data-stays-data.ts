// Hostile texts as file names, contents, link targets, arguments, variables, labels: they arrive as they are, and nothing runs them.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { LabHost } from '../../lab/index.js'
import { hostEntry, testProject, told } from '../command.js'
import { ended } from '../trouble/trouble-told.js'
import { fileNames, hostile, proof } from './strings.js'

/** Each argument, and each variable V0, V1 …, in base64, one a line. */
const recorder = `#!/bin/sh
for text in "$@"; do printf %s "$text" | base64 -w0; echo; done >/srv/arguments
n=0; while [ "$n" -lt ${hostile.length} ]; do eval 'printf %s "$V'$n'"' | base64 -w0; echo; n=$((n + 1)); done >/srv/variables
cat >/srv/input
`

const decoded = (lines: string): string[] =>
  lines
    .split('\n')
    .slice(0, -1)
    .map(line => Buffer.from(line, 'base64').toString('utf8'))

/** File names and what is in them, or where they point to, as `find` tells them. */
const treeOf = async (host: LabHost, folder: string): Promise<Map<string, string>> => {
  const script = `cd ${folder} && find . -type f -exec sh -c 'for f; do printf "%s\\0" "$f"; cat "$f"; printf "\\0"; done' sh {} + && find . -type l -printf '%p\\0%l\\0'`
  const { stdout } = await host.sh(script, { check: true })
  const parts = stdout.split('\0').slice(0, -1)
  return new Map(parts.flatMap((name, index) => (index % 2 === 0 ? [[name.slice(2), parts[index + 1] ?? '']] : [])))
}

/** A folder with a file for each name, holding its own name, and a link to each text. */
function fillFolder(folder: string): void {
  mkdirSync(join(folder, 'links'), { recursive: true })
  mkdirSync(join(folder, 'files'))
  for (const name of fileNames) writeFileSync(join(folder, 'files', name), name)
  for (const [index, text] of hostile.entries())
    if (Buffer.byteLength(text) < 4000 && !text.includes('\n')) symlinkSync(text, join(folder, 'links', `${index}`))
}

const environment = Object.fromEntries(hostile.map((text, index) => [`V${index}`, text]))

export async function testTasks(t: Test, host: LabHost): Promise<void> {
  const tasks = [
    { copy: { content: recorder, dest: '/srv/record', mode: '0755' } },
    { copy: { src: 'tree', dest: '/srv/' } },
    { copy: { content: hostile.join('\n'), dest: '/srv/content' } },
    { template: { src: 'text.hbs', dest: '/srv/rendered' } },
    {
      command: { argv: ['/srv/record', ...hostile], environment, stdin: hostile.join('\n'), creates: '/srv/arguments' },
    },
    {
      name: `$(touch ${proof})`,
      command: { argv: ['cp', '/srv/arguments', '/srv/first'], creates: '/srv/first' },
      tags: [`; touch ${proof}`],
    },
    {
      command: { argv: ['/srv/record', ...hostile], creates: '/srv/second' },
      become: true,
      become_user: 'nobody',
      when: 'false',
    },
  ]
  const project = testProject({
    'longshore.yaml': `project: data\nhosts: { bad: ${hostEntry(host)} }\nplaybooks: [play.yaml]\n`,
    'play.yaml': JSON.stringify([{ name: `'; touch ${proof}; '`, hosts: 'all', vars: { all: hostile }, tasks }]),
    'text.hbs': '{{#each all}}{{ this }}\n{{/each}}',
  })
  t.teardown(() => project.remove())
  fillFolder(join(project.folder, 'tree'))
  await host.sh('rm -rf /srv/*')
  const ran = await project.run(['up', '--yes'])
  ended(t, ran, 0)
  t.equal((await host.sh(`ls ${proof}`)).code, 2, 'nothing ran that was data')
  const files = await treeOf(host, '/srv/tree/files')
  t.same([...files.keys()].sort(), [...fileNames].sort(), 'every name')
  t.same([...files.values()].sort(), [...fileNames].sort(), 'every content')
  for (const [name, target] of await treeOf(host, '/srv/tree/links'))
    t.equal(target, hostile[Number(name)], `link ${name}`)
  const read = async (path: string): Promise<string> => (await host.sh(`cat ${path}`, { check: true })).stdout
  t.same(decoded(await read('/srv/arguments')), hostile, 'every argument')
  t.same(decoded(await read('/srv/variables')), hostile, 'every variable')
  for (const path of ['/srv/input', '/srv/content']) t.equal(await read(path), hostile.join('\n'), path)
  t.equal(await read('/srv/rendered'), hostile.map(text => `${text}\n`).join(''), 'in a template')
  const again = await project.run(['plan', '--exit-code'])
  t.equal(again.code, 0, told(again))
}

/** Words that a shell has for itself are names of programs in an `argv`, as every other. */
export async function testArgv(t: Test, host: LabHost): Promise<void> {
  const lists = [
    ['if'],
    ['A=b', 'touch', proof],
    ['eval', `touch ${proof}`],
    ['{', 'touch', proof, ';', '}'],
    ['exit', '0'],
    ['-c', `touch ${proof}`],
    ['!', 'false'],
  ]
  const tasks = lists.map(argv => ({
    command: { argv },
    ignore_errors: true,
    register: 'last',
    failed_when: 'result.rc != 127',
  }))
  const project = testProject({
    'longshore.yaml': `project: argv\nhosts: { bad: ${hostEntry(host)} }\nplaybooks: [play.yaml]\n`,
    'play.yaml': JSON.stringify([{ hosts: 'all', tasks }]),
  })
  t.teardown(() => project.remove())
  const ran = await project.run(['up', '--yes'])
  t.equal((await host.sh(`ls ${proof}`)).code, 2, 'nothing ran')
  ended(t, ran, 0)
  t.notMatch(ran.stderr, /as allowed by ignore_errors/, 'each is a program that is not there')
}

export async function testContainers(t: Test, host: LabHost): Promise<void> {
  const escaped = hostile.map(text => text.replaceAll('$', '$$$$'))
  const labels = Object.fromEntries(escaped.map((text, index) => [`l${index}`, text]))
  const env = Object.fromEntries(escaped.map((text, index) => [`V${index}`, text]))
  const service = {
    image: 'box:1',
    command: ['sleep', '1000', ...escaped],
    entrypoint: ['sh', '-c', 'exec sleep 1000'],
    labels,
    environment: env,
  }
  const project = testProject({
    'longshore.yaml': `project: quoted\nhosts: { bad: ${hostEntry(host)} }\ncontainers: { app: ${JSON.stringify({ ...service, init: true })} }\n`,
  })
  t.teardown(async () => {
    await project.run(['down', '--yes'])
    project.remove()
  })
  ended(t, await project.run(['up', '--yes']), 0)
  const { stdout } = await host.sh(`docker inspect -f '{{json .Config}}' quoted-app-1`, { check: true })
  const config = JSON.parse(stdout) as { Cmd: string[]; Env: string[]; Labels: Record<string, string> }
  t.same(config.Cmd, ['sleep', '1000', ...hostile])
  for (const [index, text] of hostile.entries()) {
    t.equal(config.Labels[`l${index}`], text, `label ${index}`)
    t.ok(config.Env.includes(`V${index}=${text}`), `variable ${index}`)
  }
  ended(t, await project.run(['plan', '--exit-code']), 0)
}

/** Where a name is meant, a text that is none is refused before any host is asked. */
export async function testNames(t: Test): Promise<void> {
  const wrong = hostile.filter(text => !/^[\w.@][\w.:=-]*$/.test(text))
  const tasks = [
    ...wrong.map(name => ({ user: { name } })),
    ...wrong.map(name => ({ group: { name } })),
    ...wrong.map(name => ({ service: { name, state: 'started' } })),
    ...wrong.map(name => ({ package: { name } })),
    ...wrong.map(mode => ({ file: { path: '/x', mode } })),
    ...['a\0b'].flatMap(text => [
      { command: { argv: [text] } },
      { command: { sh: text } },
      { command: { argv: ['x'], environment: { A: text } } },
      { command: 'x', check: text },
      { file: { path: `/${text}` } },
      { file: { path: '/x', src: text } },
      { command: 'x', become_user: text },
    ]),
    ...['-c', '', 'a b', 'a:b', '\x1b[31m'].map(user => ({ command: 'x', become: true, become_user: user })),
  ]
  const project = testProject({
    'longshore.yaml': 'project: names\nplaybooks: [play.yaml]\n',
    'play.yaml': JSON.stringify([{ tasks }]),
  })
  t.teardown(() => project.remove())
  const ran = await project.run(['validate'])
  ended(t, ran, 3, new RegExp(`error: ${tasks.length} mistakes`), /… and \d+ more/)
  const maps = Object.fromEntries(wrong.map(name => [name, {}]))
  const kinds = ['hosts', 'containers', 'networks', 'volumes', 'secrets']
  project.write(
    'longshore.yaml',
    JSON.stringify({ project: 'a', ...Object.fromEntries(kinds.map(kind => [kind, maps])) }),
  )
  const named = await project.run(['validate'])
  // Not by `ended`: tap cannot tell what an assertion's message with all of these texts in it means.
  t.equal(named.code, 3)
  t.ok(Number(/error: (\d+) mistakes/.exec(named.stderr)?.[1]) >= wrong.length * kinds.length, 'each of them')
  for (const name of ['key', '..', '-x', 'a/b', 'A', 'a b']) {
    project.write('longshore.yaml', JSON.stringify({ project: name }))
    ended(t, await project.run(['validate']), 3, /project/)
  }
}
