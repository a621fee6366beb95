// Images made by playbooks on this machine's engine: layers, what is done again and why, what fails and what is cut off.
import t, { test } from 'tap'
import { testProject } from '../e2e/command.js'
import { docker as client, ensureEngine, ensureImage, tryDocker } from '../lab/index.js'

t.setTimeout(300_000)

await ensureEngine()
const debian = await ensureImage({ release: 'bookworm', engine: false, python: false })

/** Layers stay on an engine, so that they can be taken over: here from no run before. */
async function removeLayers(): Promise<void> {
  // One that others are built upon goes after them.
  for (let tries = 0; tries < 5; tries++) {
    const ids = (await client(['images', '-aq', '--filter', 'label=longshore.project=lsibp']))
      .split('\n')
      .filter(Boolean)
    if (ids.length === 0) return
    await tryDocker(['rmi', '-f', ...new Set(ids)])
  }
}
await removeLayers()

test('images made by playbooks', async t => {
  t.setTimeout(300_000)
  const plays = (greeting: string, more = ''): string => `
- name: base
  hosts: all
  tasks:
    - user: { name: app, system: true }
- name: settings
  hosts: all
  tasks:
    - template: { src: app.conf.hbs, dest: /etc/app.conf, mode: "0644" }
      vars: { greeting: ${greeting} }
      notify: tell
    - copy: { content: "{{ secrets.TOKEN }}", dest: /srv/token, mode: "0600" }
${more}
  handlers:
    - name: tell
      shell: echo handled >>/srv/handled
`
  const made = testProject({
    'longshore.yaml': `
project: lsibp
hosts: { here: { connection: local } }
secrets: { TOKEN: { env: LSIBP_TOKEN } }
images: { lsibp-made: { playbook: app.yaml, from: "${debian}", vars: { colour: blue } } }
containers: { app: { image: lsibp-made, command: [sleep, "10000"], init: true, stop_grace_period: 1s } }
`,
    'app.yaml': plays('hello'),
    'templates/app.conf.hbs': '{{ greeting }} {{ colour }}\n',
  })
  const env = { LSIBP_TOKEN: 'a-token-of-ours' }
  const up = async (): Promise<string> => {
    const ran = await made.run(['up', '--yes'], { env })
    t.equal(ran.code, 0, ran.stderr)
    return ran.stdout + ran.stderr
  }
  const layers = async (): Promise<string[]> =>
    (await client(['history', '-q', 'lsibp-made'])).trim().split('\n').slice(0, 2)
  const plan = async (token = env.LSIBP_TOKEN): Promise<string> =>
    (await made.run(['plan'], { env: { LSIBP_TOKEN: token } })).stdout
  const left = (): Promise<string> =>
    client(['ps', '-a', '--filter', 'name=longshore-image-lsibp', '--format', '{{.Names}}'])
  t.teardown(async () => {
    await made.run(['down', '--yes', '--images'], { env })
    await tryDocker(['rm', '-f', (await left()).trim() || 'lsibp-none'])
    await removeLayers()
    made.remove()
  })

  await t.test('a layer for each play, which a second run leaves alone', async t => {
    t.match(await up(), /build image lsibp-made/)
    t.equal(
      await client([
        'exec',
        'lsibp-app-1',
        'sh',
        '-c',
        'cat /etc/app.conf /srv/handled; id -un app; ls /var/lib/longshore',
      ]),
      'hello blue\nhandled\napp\n',
    )
    const { Config: config } = JSON.parse(
      await client(['inspect', '--format', '{"Config":{{json .Config}}}', 'lsibp-made']),
    )
    t.same(config.Cmd, ['/sbin/init'], 'the program of the image that it starts from')
    t.notMatch(JSON.stringify(config), /a-token-of-ours/)
    t.match(await up(), /Nothing to do/)
    made.write('app.yaml', `# only a comment\n${plays('hello')}`)
    t.match(await plan(), /0 to change/)
    t.equal(await left(), '')
  })

  await t.test('what changes, and what is taken over', async t => {
    const before = await layers()
    t.match(await plan('another-token'), /build image lsibp-made {2}\(play 2 "settings": secret TOKEN changed\)/)
    made.write('templates/app.conf.hbs', 'changed {{ greeting }}\n')
    t.match(await plan(), /\(play 2 "settings": templates\/app.conf.hbs changed\)/)
    t.match(await up(), /1 of 2 plays were done before/)
    const after = await layers()
    t.equal(after[1], before[1], 'the first play is not done again')
    t.not(after[0], before[0])
    t.equal(await client(['exec', 'lsibp-app-1', 'cat', '/etc/app.conf']), 'changed hello\n')
    made.write('templates/app.conf.hbs', '{{ greeting }} {{ colour }}\n')
    t.match(await up(), /2 of 2 plays were done before/)
    t.same(await layers(), before, 'what was made once is still there')
    made.write('app.yaml', plays('hello').replace('system: true', 'system: false'))
    t.match(await plan(), /\(play 1 "base" changed\)/)
  })

  await t.test('failed and interrupted', async t => {
    made.write('app.yaml', plays('hello', '    - name: no such command\n      command: { argv: [lsibp-none] }'))
    const before = await layers()
    const failed = await made.run(['up', '--yes'], { env })
    t.equal(failed.code, 1)
    t.match(failed.stderr, /play "settings" of image lsibp-made: .*/)
    t.same([await layers(), await left()], [before, ''], 'the name stays where it was, and nothing is left behind')
    made.write('app.yaml', plays('hello', '    - shell: echo begun; sleep 60'))
    const cut = await made.run(['up', '--yes', '--json'], { env, interruptAt: /"text":"begun"/ })
    t.equal(cut.code, 130)
    t.equal(await left(), '', 'an interrupt takes its container away')
    const killed = await made.run(['up', '--yes', '--json'], { env, killAt: /"text":"begun"/ })
    t.equal(killed.code, 137)
    t.not(await left(), '', 'nobody was there to take it away')
    made.write('app.yaml', plays('hello'))
    await up()
    t.equal(await left(), '')
  })
})
