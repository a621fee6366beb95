// What keeps a run from starting: mistakes in the file, hosts that cannot be reached or trusted. Told clearly, and no host is harmed.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { busyboxTarball, docker, labHost } from '../lab/index.js'
import { freePort } from '../lab/ports.js'
import { hostEntry, testProject } from './command.js'
import { ended, said, stateOf } from './trouble-told.js'

tap.setTimeout(240_000)

const [web, plain] = await Promise.all([
  labHost({ name: 'web', engine: true }),
  labHost({ name: 'plain', init: 'none' }),
])
await web.sh(`docker import - box:1`, { input: readFileSync(await busyboxTarball()), check: true })
const nobody = await freePort()

/** A playbook that makes one file on all hosts that `hosts` selects. */
const marks = (name: string, hosts = 'all'): string => `
- name: marks
  hosts: ${hosts}
  tasks:
    - name: mark
      copy: { content: "made\\n", dest: /srv/${name} }
`

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
    says: [/plays\/templates\/page\.hbs:2:\d+/, /domian/, /did you mean "?domain"?/i],
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

test('one host refuses connections: the others are done, and what waits for it is skipped', async t => {
  const project = testProject({
    'longshore.yaml': `project: partly
hosts:
  web: ${hostEntry(web)}
  db: ${hostEntry(web, { port: nobody })}
playbooks: [play.yaml]
containers:
  store: { image: "box:1", command: [sleep, "1000"], init: true, on: db }
  page: { image: "box:1", command: [sleep, "1000"], init: true, on: web }
  shop: { image: "box:1", command: [sleep, "1000"], init: true, on: web, depends_on: [store] }
`,
    'play.yaml': marks('partly'),
  })
  t.teardown(project.remove)
  const refused = [/\bdb\b/, new RegExp(`127\\.0\\.0\\.1:${nobody}`), /nothing listens/]
  const first = await project.run(['up', '--yes'])
  t.equal(await said(web, 'cat /srv/partly'), 'made', 'the playbook ran on the other host')
  t.equal(
    await said(web, "docker ps -a --filter label=longshore.project=partly --format '{{.Names}} {{.State}}'"),
    'partly-page-1 running',
  )
  ended(t, first, 4, ...refused, /skipped.*partly-shop-1|partly-shop-1.*skipped/i)
  const before = await said(web, 'docker ps -aq --no-trunc')
  const second = await project.run(['up', '--yes', '--json'])
  t.equal(second.code, 4, 'the second run ends alike')
  const steps = second.events().filter(({ type }) => type === 'step')
  t.same([...new Set(steps.map(({ thing, state }) => `${thing} ${state}`))], ['container partly-shop-1 skipped'])
  t.equal(await said(web, 'docker ps -aq --no-trunc'), before, 'nothing was made anew')
  ended(t, await project.run(['down', '--yes']), 4, ...refused)
  t.equal(await said(web, 'docker ps -aq --filter label=longshore.project=partly'), '', 'what is reachable is removed')
})

test('a host that swallows all packets is given up after the time for connecting, and the others are done', async t => {
  const deaf = await labHost({ name: 'deaf', init: 'none' })
  const project = testProject({
    'longshore.yaml': `project: deaf\nhosts: { deaf: ${hostEntry(deaf)}, plain: ${hostEntry(plain)} }\nplaybooks: [play.yaml]\n`,
    'play.yaml': marks('deaf'),
  })
  t.teardown(project.remove)
  t.teardown(deaf.remove)
  await docker(['pause', deaf.container])
  const began = Date.now()
  const ran = await project.run(['up', '--yes'])
  const seconds = (Date.now() - began) / 1000
  await docker(['unpause', deaf.container])
  t.equal(await said(plain, 'cat /srv/deaf'), 'made', 'the other host is done')
  t.notOk((await deaf.sh('test -e /srv/deaf')).code === 0, 'nothing came through')
  ended(t, ran, 4, /\bdeaf\b/, new RegExp(`127\\.0\\.0\\.1:${deaf.port}`), /timed out/, /firewall/)
  t.ok(seconds < 25, `it took ${seconds} s`)
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await said(deaf, 'cat /srv/deaf'), 'made', 'when it is back, it is done')
})

test('a host whose key is not the one we know is not spoken to; an unknown one only with --accept-new-host-keys', async t => {
  const files = (more: Record<string, unknown>): Record<string, string> => ({
    'longshore.yaml': `project: keys\nhosts: { plain: ${hostEntry(plain, more)} }\nplaybooks: [play.yaml]\n`,
    'play.yaml': marks('keys'),
  })
  const project = testProject(files({ host_key: web.hostKey }))
  t.teardown(project.remove)
  const before = await stateOf(plain)
  const known = join(project.folder, '.home/.ssh/known_hosts')
  const name = `[127.0.0.1]:${plain.port}`

  ended(t, await project.run(['up', '--yes']), 4, /\bplain\b/, /another key/, /host_key/, /SHA256:/)

  project.write('longshore.yaml', files({ host_key: undefined })['longshore.yaml'] ?? '')
  project.write('.home/.ssh/known_hosts', `${name} ${web.hostKey}\n`)
  ended(
    t,
    await project.run(['up', '--yes', '--accept-new-host-keys']),
    4,
    /has changed/,
    /known_hosts:1/,
    /ssh-keygen -R/,
  )
  t.equal(readFileSync(known, 'utf8'), `${name} ${web.hostKey}\n`, 'a changed key is not written over')

  project.write('.home/.ssh/known_hosts', '')
  ended(t, await project.run(['up', '--yes']), 4, /not known/, /--accept-new-host-keys/, /SHA256:/)
  t.equal(readFileSync(known, 'utf8'), '', 'an unknown key is not written down unasked')
  t.equal(await stateOf(plain), before, 'the host was not touched by any of these')

  ended(t, await project.run(['up', '--yes', '--accept-new-host-keys']), 0)
  t.equal(await said(plain, 'cat /srv/keys'), 'made')
  t.ok(existsSync(known))
  t.match(
    readFileSync(known, 'utf8'),
    `${name} ${plain.hostKey}`,
    'the accepted key is in known_hosts of the home folder',
  )
  ended(t, await project.run(['plan', '--exit-code']), 0)
})

test('hosts are removed', async () => {
  await Promise.all([web.remove(), plain.remove()])
})
