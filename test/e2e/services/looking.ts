// What is shown of containers that run: logs, programs, usage, ports, details, lists.
import type { Test } from 'tap'
import { docker } from '../../lab/index.js'
import { type TestProject, told } from '../command.js'
import { atTerminal, type Call, lines, secret, until } from './project.js'

/** One answer of lines in order of their times, as many as asked for. */
export async function logs(t: Test, call: Call): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 1000))
  const timed = await call(['logs', '-t', '-n', '6', 'db', 'web'])
  t.equal(timed.code, 0, told(timed))
  const rows = lines(timed.stdout).map(line => line.split(/ +\| /) as [string, string])
  t.equal(rows.length, 18)
  t.same([...new Set(rows.map(([label]) => label))].sort(), ['here lssvc-db-1', 'here lssvc-web-1', 'there lssvc-db-1'])
  const times = rows.map(([, text]) => text.split(' ')[0] ?? '')
  t.match(times[0], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
  t.same(times, [...times].sort(), 'all of them in order of time')
  t.not(new Set(rows.slice(0, 6).map(([label]) => label)).size, 1, 'which is no order of containers')

  const from = times[5] ?? ''
  const window = await call(['--json', 'logs', '--since', from, '--until', times[12] ?? '', 'db', 'web'])
  const told2 = window.events().map(event => String(event.time))
  t.ok(told2.length >= 6 && told2.every(time => time >= from && time <= (times[12] ?? '')), told(window))
  t.match(window.events()[0], { type: 'log', service: /db|web/, container: /^lssvc-/, stream: 'stdout' })
  const only = await call(['logs', '--no-prefix', '-n', '1', '--host', 'there', 'db'])
  t.match(only.stdout, /^tick \d+\n$/)
  t.equal((await call(['logs', '--since', 'yesterday'])).code, 3)
  const cutOff = await call(['logs', '-f'], { interruptAt: /tick/ })
  t.equal(cutOff.code, 130, told(cutOff))
}

/** Lines of a container that was restarted, or made anew, while it is followed: none twice, none lost. */
export async function follow(t: Test, call: Call): Promise<void> {
  const following = call(['logs', '-f', '-n', '0', 'web'], { interruptAt: /tock \d+\n[\s\S]*tock 1\n[\s\S]*tock 3\n/ })
  await new Promise(resolve => setTimeout(resolve, 3500))
  await docker(['restart', '-t', '1', 'lssvc-web-1'])
  const ran = await following
  t.equal(ran.code, 130, told(ran))
  const numbers = lines(ran.stdout).map(line => Number(/tock (\d+)$/.exec(line)?.[1]))
  const begun = numbers.lastIndexOf(1)
  t.ok(begun > 0, told(ran))
  t.same(
    numbers.slice(begun),
    numbers.slice(begun).map((_, index) => index + 1),
    'from its first line on',
  )
  t.same(new Set(numbers.slice(0, begun)).size, begun, 'none before it twice')
}

/** The commands that show what is there. */
export async function look(t: Test, project: TestProject, call: Call): Promise<void> {
  const programs = await call(['top', 'web'])
  t.match(programs.stdout, /^here lssvc-web-1\nUID +PID .*\n(.*\n)*.* sh -c n=0; while sleep/, told(programs))
  const used = await call(['--json', 'stats', '--no-stream', 'db'])
  t.equal(used.code, 0, told(used))
  t.same(
    used.events().map(({ host, service }) => `${host} ${service}`),
    ['here db', 'there db'],
  )
  for (const event of used.events())
    t.match(event, { type: 'stats', pids: /^[3-9]$/, memory: /^\d{5,8}$/, cpuPercent: /^\d/ })
  t.match(
    (await call(['stats', '--no-stream', 'web'])).stdout,
    /^HOST +NAME +CPU % .*\nhere +lssvc-web-1 +\d+\.\d\d% +\S+ \/ \S+/,
  )
  const live = await atTerminal(project, ['stats', 'web'], async ({ shown, type }) => {
    await until(() => (shown().match(/lssvc-web-1/g) ?? []).length > 1)
    type('\u0003')
  })
  t.equal(live.code, 130, live.shown)
  t.match(live.shown, /\u001b\[1A\u001b\[0J|\r\u001b\[0J/, 'drawn in the same place')
  t.match(live.shown, /\u001b\[\?25h/, 'the cursor is back')

  const port = (await docker(['port', 'lssvc-web-1', '80'])).trim()
  t.equal((await call(['port', 'web', '80'])).stdout, `${port}\n`)
  t.equal((await call(['port', 'web'])).stdout, `80/tcp -> ${port}\n`)
  t.match(await call(['port', 'web', '81']), { code: 1, stderr: /port 81\/tcp of "web" is not published/ })

  const all = await call(['inspect', 'db'])
  const data = JSON.parse(all.stdout) as { Host: string; Name: string; Config: { Env: string[] } }[]
  t.same(
    data.map(one => `${one.Host} ${one.Name}`),
    ['here /lssvc-db-1', 'there /lssvc-db-1'],
  )
  t.ok(data.every(({ Config: { Env } }) => Env.includes('PW=(secret)')))
  t.notMatch(all.stdout, secret)
  const real = await docker(['inspect', '-f', '{{.Config.Env}}', 'lssvc-db-1'])
  t.match(real, secret, 'which was there to be left out')

  t.equal((await call(['ps', '--services'])).stdout, 'db\nreader\nterm\nweb\n')
  t.equal(lines((await call(['ps', '-q', 'db'])).stdout).length, 2)
}
