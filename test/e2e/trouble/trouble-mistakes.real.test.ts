// Mistakes in the file and on the command line: told with their place and what was meant, before any host is touched.
import tap, { test } from 'tap'
import { labHost } from '../../lab/index.js'
import { hostEntry, testProject } from '../command.js'
import { ended, marks, stateOf } from './trouble-told.js'

tap.setTimeout(600_000)

const web = await labHost({ name: 'web', init: 'none' })

/** Mistakes, each with what must be said of it; the hosts are to stay as they are. */
const mistakes: {
  name: string
  files: Record<string, string>
  args?: string[]
  env?: Record<string, string>
  says: RegExp[]
}[] = [
  {
    name: 'a key that nobody knows is named with its place and the key that was meant',
    files: {
      'longshore.yaml': `project: wrong
hosts: { web: ${hostEntry(web)} }
containers:
  page:
    image: box:1
    comand: [sleep, "1000"]
`,
    },
    says: [/longshore\.yaml:6:5/, /comand/, /did you mean "?command"?/i],
  },
  {
    name: 'a value of the wrong type is named with its place and the type that is right',
    files: {
      'longshore.yaml': `project: wrong
hosts: { web: ${hostEntry(web)} }
containers:
  page:
    image: box:1
    environment: 12
`,
    },
    says: [/longshore\.yaml:6:\d+/, /environment/],
  },
  {
    name: 'a port that is no number is named with its place',
    files: {
      'longshore.yaml': `project: wrong
hosts:
  web: { address: 127.0.0.1, port: ssh }
`,
    },
    says: [/longshore\.yaml:3:36/, /port/, /number/],
  },
  {
    name: 'YAML that cannot be read is named with its place',
    files: { 'longshore.yaml': 'project: wrong\nhosts: {\n  web: [\n' },
    says: [/longshore\.yaml:\d+:\d+/],
  },
  {
    name: 'a host that --on does not find is refused, and those that are there are named',
    files: {
      'longshore.yaml': `project: wrong\nhosts: { web: ${hostEntry(web)} }\nplaybooks: [play.yaml]\n`,
      'play.yaml': marks('wrong'),
    },
    args: ['--on', 'wbe'],
    says: [/--on/, /wbe/, /\bweb\b/],
  },
  {
    name: 'a host that `on:` does not find is refused with its place',
    files: {
      'longshore.yaml': `project: wrong
hosts: { web: ${hostEntry(web)} }
containers:
  page:
    image: box:1
    on: wbe
`,
    },
    says: [/longshore\.yaml:6:9/, /wbe/, /did you mean "?web"?/i],
  },
  {
    name: 'a host that a playbook does not find is refused with its place in the playbook',
    files: {
      'longshore.yaml': `project: wrong\nhosts: { web: ${hostEntry(web)} }\nplaybooks: [play.yaml]\n`,
      'play.yaml': marks('wrong', 'wbe'),
    },
    says: [/play\.yaml:3:10/, /wbe/, /did you mean "?web"?/i],
  },
  {
    name: 'a misspelt name in a template is refused with file, line and column of the template',
    files: {
      'longshore.yaml': `project: wrong
vars: { domain: shop.test }
hosts: { web: ${hostEntry(web)} }
playbooks: [plays/base.yaml]
`,
      'plays/base.yaml': `
- name: base
  hosts: all
  tasks:
    - name: page
      template: { src: page.hbs, dest: /srv/page }
`,
      'plays/templates/page.hbs': 'first line\nfor {{domian}}\n',
    },
    says: [/plays\/templates\/page\.hbs:2:7/, /domian/, /did you mean "?domain"?/i],
  },
  {
    name: 'a secret whose variable is not set is named with the variable and its place',
    files: {
      'longshore.yaml': `project: wrong
hosts: { web: ${hostEntry(web)} }
secrets:
  DB: { env: LONGSHORE_TEST_UNSET }
containers:
  page:
    image: box:1
    environment: { PASSWORD: { secret: DB } }
`,
    },
    says: [/longshore\.yaml:4:\d+/, /\bDB\b/, /LONGSHORE_TEST_UNSET/],
  },
  {
    name: 'a secret that nobody declared is refused with its place',
    files: {
      'longshore.yaml': `project: wrong
hosts: { web: ${hostEntry(web)} }
secrets: { DATABASE: { env: HOME } }
containers:
  page:
    image: box:1
    environment: { PASSWORD: { secret: DATABSE } }
`,
    },
    says: [/longshore\.yaml:7:\d+/, /DATABSE/, /did you mean "?DATABASE"?/i],
  },
]

test('mistakes in the file end before any host is touched', async t => {
  const before = await stateOf(web)
  for (const { name, files, args = [], says } of mistakes)
    await t.test(name, async t => {
      const project = testProject(files)
      t.teardown(project.remove)
      ended(t, await project.run([...args, 'up', '--yes']), 3, ...says)
    })
  t.equal(await stateOf(web), before, 'the host is as it was')
})

test('without --yes and without a terminal nothing is done, and --yes is named', async t => {
  const project = testProject({
    'longshore.yaml': `project: ask\nhosts: { web: ${hostEntry(web)} }\nplaybooks: [play.yaml]\n`,
    'play.yaml': marks('ask'),
  })
  t.teardown(project.remove)
  const before = await stateOf(web)
  ended(t, await project.run(['up']), 3, /--yes/)
  t.equal(await stateOf(web), before, 'the host is as it was')
})

test('the host is removed', () => web.remove())
