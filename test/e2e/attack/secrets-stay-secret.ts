// A secret in every place that takes one: what is said, what other users of the host can see, and what is kept there, do not tell it.
import type { Test } from 'tap'
import type { LabHost } from '../../lab/index.js'
import { hostEntry, type Ran, type TestProject, testProject, told } from '../command.js'
import { ended, said } from '../trouble/trouble-told.js'

const secret = `Tr0ub4dor-"and"-3'horses`
const env = { TOKEN: secret }

/** Forms in which nobody may read it. The beginning of its base64 is the same with or without a newline at its end. */
const forms = [
  ...[secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), secret.toUpperCase()],
  ...['', 'u', 'us'].map(before =>
    Buffer.from(before + secret)
      .toString('base64')
      .slice(4, -4),
  ),
  Buffer.from(secret).toString('hex'),
]
const tells = (text: string): string | undefined => forms.find(form => text.includes(form))

/** Runs the command in every way that tells more, and looks at all that it says. */
async function runAll(t: Test, project: TestProject, runs: readonly (readonly string[])[]): Promise<Ran[]> {
  const all: Ran[] = []
  for (const args of runs) {
    const ran = await project.run(args, { env })
    t.equal(tells(told(ran)), undefined, `${args.join(' ')}: ${tells(told(ran)) && told(ran)}`)
    all.push(ran)
  }
  return all
}

/** Notes every command line on the host, from /proc, as any user could. */
async function spy(host: LabHost): Promise<() => Promise<string>> {
  const look = `while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; sleep 0.03; done`
  await host.sh(
    `setsid sh -c ${JSON.stringify(look.replaceAll('\\', '\\\\'))} >/spied 2>/dev/null </dev/null & echo $! >/spy.pid`,
  )
  return () => said(host, `kill "$(cat /spy.pid)"; cat /spied; rm -f /spied`)
}

const fileOf = (host: LabHost, more: string): string =>
  `project: kept\nhosts: { bad: ${hostEntry(host)} }\nsecrets: { T: { env: TOKEN } }\n${more}`

const playbook = `
- name: p
  hosts: all
  tasks:
    - copy: { content: { secret: T }, dest: /srv/copied }
    - copy: { content: "one\\n{{ secrets.T }}\\n", dest: /srv/within }
    - copy: { content: "{{ b64 secrets.T }}", dest: /srv/encoded, mode: "0640" }
    - file: { path: /srv/filed, content: { secret: T } }
    - template: { src: t.hbs, dest: /srv/rendered }
    - user: { name: kept, password_hash: { secret: T } }
    - command: { sh: 'sleep 0.2; cat >/dev/null; test -n "$A$B"', stdin: { secret: T }, environment: { A: { secret: T }, B: "x{{ upper secrets.T }}" } }
`

/** Programs that print it as programs do: plain, encoded, in parts of longer texts, in their own messages; all of them fail. */
const printers = [
  'cat; exit 3',
  'echo "$A"; echo "$A" >&2; exit 3',
  'printf %s "$A" | base64; printf "%s\\n" "$A" | base64; printf "u:%s" "$A" | base64 >&2; printf "us:%s@host" "$A" | base64; exit 3',
  '{ head -c 70 /dev/zero | tr "\\0" x; printf %s "$A"; head -c 100 /dev/zero | tr "\\0" y; } | base64; exit 3',
  'printf %s "$A" | od -An -v -tx1 | tr -d " \\n"; echo; printf %s "$A" | od -An -v -tx1 | tr -d " \\n" | tr a-f A-F; exit 3',
  'head -c 380 /dev/zero | tr "\\0" x; printf "%s\\n" "$A"; exit 3',
  'set -x; : "$A"; exit 3',
  '"$A"; cd "/x/$A"; ls "$A"; exit 3',
  `printf %s "$A" | sed 's/./&\\x1b[0m/g'; echo; exit 3`,
]

export async function testTasks(t: Test, host: LabHost): Promise<void> {
  const project = testProject({
    'longshore.yaml': fileOf(host, 'playbooks: [play.yaml]\n'),
    'play.yaml': playbook,
    't.hbs': 'a={{ secrets.T }}\n',
  })
  t.teardown(() => project.remove())
  await host.sh('rm -rf /srv/*; echo old >/srv/copied; echo old >/srv/rendered; chmod 644 /srv/*')
  const spied = await spy(host)
  const [, done] = await runAll(t, project, [
    ['plan', '-v'],
    ['up', '--yes', '-v'],
    ['plan', '--json'],
  ])
  t.equal(tells(await spied()), undefined, 'no command line had it')
  t.equal(done?.code, 0, told(done as Ran))
  t.equal(await said(host, 'cat /srv/copied'), secret)
  t.equal(await said(host, 'cat /srv/rendered'), `a=${secret}`)
  const modes = await said(host, 'cd /srv; stat -c "%a %n" copied encoded filed rendered within')
  t.equal(modes, '600 copied\n640 encoded\n600 filed\n600 rendered\n600 within', 'also where the file was there before')
  const tasks = printers.map(sh => ({
    command: { sh, stdin: { secret: 'T' }, environment: { A: { secret: 'T' } } },
    ignore_errors: true,
  }))
  project.write('play.yaml', JSON.stringify([{ hosts: 'all', tasks }]))
  const [loud] = await runAll(t, project, [
    ['up', '--yes', '-v'],
    ['up', '--yes', '--json'],
  ])
  t.ok((told(loud as Ran).match(/\(secret T\)/g) ?? []).length >= printers.length, told(loud as Ran))
  // The error that ends a run says it anew.
  for (const task of tasks.filter((_, index) => index % 3 === 1)) {
    project.write('play.yaml', JSON.stringify([{ hosts: 'all', tasks: [{ ...task, ignore_errors: false }] }]))
    const [failed] = await runAll(t, project, [['up', '--yes']])
    t.equal(failed?.code, 1)
    t.match(failed?.stderr, /\(secret T\)/, task.command.sh)
  }
  for (const task of [
    { command: { argv: ['echo', '{{ secrets.T }}'] } },
    { command: 'echo {{ secrets.T }}' },
    { command: 'x', check: 'test {{ secrets.T }}' },
    { file: { path: '/srv/{{ secrets.T }}' } },
    { command: 'echo {{ item }}', loop: ['{{ secrets.T }}'] },
  ]) {
    project.write('play.yaml', JSON.stringify([{ hosts: 'all', tasks: [task] }]))
    const [refused] = await runAll(t, project, [['up', '--yes', '-v']])
    ended(t, refused as Ran, 3, /secret/)
  }
}

const service = (text: string): string => `containers: { app: { image: "box:1", init: true, ${text} } }\n`

export async function testContainers(t: Test, host: LabHost): Promise<void> {
  const set = 'environment: { SECRET: { secret: T }, URL: "db://u:{{ secrets.T }}@h" }'
  const project = testProject({
    'longshore.yaml': fileOf(host, service(`${set}, command: [sleep, "1000"]`)),
    'img/Dockerfile': 'FROM box:1\nARG TOKEN\nRUN echo "is $TOKEN"; echo "$TOKEN" | base64; exit 7\n',
  })
  t.teardown(async () => {
    await project.run(['down', '--yes'], { env })
    project.remove()
  })
  const spied = await spy(host)
  const up = ['up', '--yes', '-v']
  const [, done] = await runAll(t, project, [['plan', '-v'], up, ['status', '--json'], ['ps', '--json']])
  t.equal(done?.code, 0, told(done as Ran))
  const inspect = (what: string): Promise<string> =>
    said(host, `docker inspect -f '{{json .Config.${what}}}' kept-app-1`)
  t.ok((JSON.parse(await inspect('Env')) as string[]).includes(`SECRET=${secret}`), 'the container has it')
  const labels = await inspect('Labels')
  t.equal(tells(labels), undefined, 'its labels do not')
  t.match(labels, /hmac-sha256:[0-9a-f]{32}/)
  t.equal(
    await said(host, 'stat -c "%a %U" /var/lib/longshore /var/lib/longshore/kept /var/lib/longshore/key'),
    '755 root\n755 root\n600 root',
  )
  t.notMatch(
    await said(
      host,
      'grep -rlF -e Tr0ub4dor -e "$(cat /var/lib/longshore/key)" /var/lib/longshore /tmp /run/longshore --exclude=key || :',
    ),
    /./,
  )

  project.write(
    'longshore.yaml',
    fileOf(host, service(`${set}, command: [sh, -c, 'echo "$$SECRET"; echo "$$SECRET" | base64; exit 1']`)),
  )
  const [exited] = await runAll(t, project, [up, ['up', '--yes', '--json'], ['logs']])
  t.equal(exited?.code, 6, told(exited as Ran))
  project.write(
    'longshore.yaml',
    fileOf(host, 'containers: { app: { build: { context: ./img, args: { TOKEN: { secret: T } } } } }\n'),
  )
  const [built] = await runAll(t, project, [up, ['up', '--yes', '--json'], ['plan', '-v']])
  ended(t, built as Ran, 1, /is \(secret T\)/)
  for (const place of [
    'labels: { a: "{{ secrets.T }}" }',
    'command: [x, "{{ secrets.T }}"]',
    'healthcheck: { test: "{{ secrets.T }}" }',
    'hostname: "{{ secrets.T }}"',
    'volumes: ["/{{ secrets.T }}:/x"]',
  ]) {
    project.write('longshore.yaml', fileOf(host, service(place)))
    const [refused] = await runAll(t, project, [['plan', '-v']])
    ended(t, refused as Ran, 3, /a secret may not stand here|mistakes/)
  }
  t.equal(tells(await spied()), undefined, 'no command line had it')
}
