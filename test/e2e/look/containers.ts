// Looking at containers and entering them: ps, logs and exec.
import { createHash, randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { type Ran, type TestProject, told } from '../command.js'
import { containersOn } from '../host-state.js'
import type { Fleet } from './project.js'

const lines = (text: string): string[] => text.split('\n').filter(Boolean)
const printed = ({ stdout }: Ran): string[] => lines(stdout).map(line => line.replace(/ +/g, ' '))

/** `ps` tells what docker on each host tells. */
export async function testPs(t: Test, project: TestProject, { web, db }: Fleet): Promise<void> {
  const [onWeb, onDb] = [await containersOn(web), await containersOn(db)]
  const ids = [onDb['look-ticker-1'], onWeb['look-talker-1'], onWeb['look-ticker-1']].map(one => one?.id)
  const shown = await project.run(['ps'])
  t.equal(shown.code, 0, told(shown))
  t.match(printed(shown), [
    /^HOST NAME SERVICE IMAGE STATUS PORTS/,
    /^db look-ticker-1 ticker base Up /,
    /^web look-talker-1 talker base Up .* 0\.0\.0\.0:8080->80\/tcp$/,
    /^web look-ticker-1 ticker base Up /,
  ])
  const quiet = await project.run(['ps', '-q'])
  t.same(lines(quiet.stdout), ids)
  const json = await project.run(['--json', 'ps'])
  t.same(
    json.events().map(({ type, id }) => `${type} ${id}`),
    ids.map(id => `container ${id}`),
  )
  const one = await project.run(['ps', '-q', '--on', 'db'])
  t.same(lines(one.stdout), ids.slice(0, 1))
}

/** `logs` shows what the containers printed, as much as is asked for, and follows until it is interrupted. */
export async function testLogs(t: Test, project: TestProject, { web, db }: Fleet): Promise<void> {
  const all = await project.run(['logs', 'talker'])
  t.equal(all.code, 0, told(all))
  t.same(
    lines(all.stdout).sort(),
    ['line 1', 'line 2', 'line 3', 'line 4', 'line 5', 'oops'].map(text => `look-talker-1 | ${text}`),
  )
  const bare = await project.run(['logs', '--no-prefix', '-n', '2', 'talker'])
  t.equal(lines(bare.stdout).length, 2, told(bare))
  t.match(bare.stdout, /^(line 5|oops)\n/)
  const timed = await project.run(['logs', '-t', '-n', '1', 'talker'])
  t.match(timed.stdout, /^look-talker-1 \| \d{4}-\d\d-\d\dT\S+Z \S/)
  const several = await project.run(['logs', '-n', '1'])
  t.match(lines(several.stdout).sort(), [
    /^db look-ticker-1 {2}\| tick \d+$/,
    /^web look-talker-1 \| (line 5|oops)$/,
    /^web look-ticker-1 \| tick \d+$/,
  ])
  const events = (await project.run(['--json', 'logs', 'talker'])).events()
  t.match(
    events.find(event => event.stream === 'stderr'),
    { type: 'log', host: 'web', service: 'talker', container: 'look-talker-1', text: 'oops' },
  )

  const followed = await project.run(['logs', '-f', '-n', '0', 'ticker'], { interruptAt: /(?:.*\n){6}/ })
  t.equal(followed.code, 130, told(followed))
  for (const host of ['db', 'web'])
    t.match(followed.stdout, new RegExp(`^${host} +look-ticker-1 +\\| tick \\d+$`, 'm'), `${host} was followed`)
  for (const host of [web, db]) {
    const { stdout } = await host.sh("sleep 0.5; pgrep -fc '^sshd: root@' || true", { check: true })
    t.equal(stdout.trim(), '0', 'no session is left on the host')
  }
  const unknown = await project.run(['logs', 'talkr'])
  t.equal(unknown.code, 3, told(unknown))
  t.match(unknown.stderr, /there is no service "talkr"; did you mean "talker"\?/)
  t.equal((await project.run(['logs', '-n', 'many'])).code, 3)
}

/** `exec` passes input, output and the exit code through, and says what is wrong where it cannot. */
export async function testExec(t: Test, project: TestProject, { web, db }: Fleet): Promise<void> {
  const bytes = randomBytes(300_000)
  const sum = createHash('sha256').update(bytes).digest('hex')
  const piped = await project.run(['exec', 'talker', '--', 'sh', '-c', 'sha256sum; echo aside >&2; exit 7'], {
    input: bytes,
  })
  t.equal(piped.stdout, `${sum}  -\n`, 'all of the input came, unchanged')
  t.equal(piped.stderr, 'aside\n')
  t.equal(piped.code, 7)
  const words = [
    'exec',
    '-u',
    'nobody',
    '-w',
    '/tmp',
    'talker',
    '--',
    'sh',
    '-c',
    'id -un; pwd; echo "$1"',
    'sh',
    `'a b`,
  ]
  const asked = await project.run(words)
  t.equal(asked.stdout, "nobody\n/tmp\n'a b\n", told(asked))
  const where = await project.run(['exec', '--host', 'db', 'ticker', '--', 'hostname'])
  t.equal(where.stdout.trim(), (await containersOn(db))['look-ticker-1']?.id.slice(0, 12), told(where))

  const typed = await project.run(
    ['exec', 'talker', '--', 'sh', '-c', 'tty; sleep 0.5; stty size; read w; echo "<$w>"; exit 3'],
    {
      typing: [[/24 100/, 'ahoy\r']],
    },
  )
  t.match(typed.stdout, /\/dev\/pts\/0\r\n24 100\r\n[\s\S]*<ahoy>/, told(typed))
  t.equal(typed.code, 3)

  const unknown = await project.run(['exec', 'tickr', '--', 'true'])
  t.equal(unknown.code, 3, told(unknown))
  t.match(unknown.stderr, /there is no service "tickr"; did you mean "ticker"\?/)
  const nothing = await project.run(['exec', 'talker', '--', 'no-such-program'])
  t.ok(nothing.code === 127 || nothing.code === 126, told(nothing))
  t.match(`${nothing.stdout}${nothing.stderr}`, /no-such-program/)
  await web.sh('docker stop -t 0 look-talker-1', { check: true })
  const stopped = await project.run(['exec', 'talker', '--', 'true'])
  await web.sh('docker start look-talker-1', { check: true })
  t.equal(stopped.code, 1, told(stopped))
  t.match(stopped.stderr, /the service "talker" is not running\n {2}\| web look-talker-1: exited/)
}
