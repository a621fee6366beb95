// Files into containers and out of them, and streams joined with their programs.
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { launcher, type TestProject, told } from '../command.js'
import { atTerminal, type Call, env, until } from './project.js'

/** Copies in and out, by the table of `docker cp`. */
export async function copies(t: Test, project: TestProject, call: Call): Promise<void> {
  const src = join(project.folder, 'src')
  const out = join(project.folder, 'out')
  mkdirSync(join(src, 'sub'), { recursive: true })
  mkdirSync(out)
  writeFileSync(join(src, 'a'), 'one\n', { mode: 0o640 })
  writeFileSync(join(src, 'big'), Buffer.alloc(3_000_000, 'z'))
  symlinkSync('../a', join(src, 'sub', 'link'))
  const inside = async (script: string): Promise<string> =>
    (await call(['exec', 'web', '--', 'sh', '-c', script])).stdout.trim()
  const good = async (...args: string[]): Promise<void> => {
    const ran = await call(['cp', ...args])
    t.equal(ran.code, 0, `${args.join(' ')}: ${told(ran)}`)
  }
  await good('src', 'web:/tmp/new')
  t.equal(
    await inside('cd /tmp/new; find . | sort | tr "\\n" " "; readlink sub/link; wc -c <big'),
    '. ./a ./big ./sub ./sub/link ../a\n3000000',
  )
  t.match(await inside('ls -ln /tmp/new/a'), /^-rw-r----- +1 0 +0 /, 'root’s, as docker says that it is')
  await good('src', 'web:/tmp/new')
  t.equal(await inside('ls /tmp/new/src | tr "\\n" " "'), 'a big sub', 'into the folder that is there')
  await good('src/.', 'web:/tmp/new/sub')
  t.equal(await inside('ls /tmp/new/sub | tr "\\n" " "'), 'a big link sub', 'the content alone')
  await good('--all', 'src/a', 'db:/tmp/everywhere')
  for (const host of ['here', 'there'])
    t.equal((await call(['exec', '--host', host, 'db', '--', 'cat', '/tmp/everywhere'])).stdout, 'one\n')

  await good('web:/tmp/new/src', 'out')
  t.same(readdirSync(join(out, 'src')).sort(), ['a', 'big', 'sub'])
  t.equal(statSync(join(out, 'src', 'a')).mode & 0o777, 0o640)
  t.equal(readlinkSync(join(out, 'src', 'sub', 'link')), '../a')
  t.ok(readFileSync(join(out, 'src', 'big')).equals(Buffer.alloc(3_000_000, 'z')))
  await good('web:/tmp/new/src/a', 'out/renamed')
  t.equal(readFileSync(join(out, 'renamed'), 'utf8'), 'one\n')
  await good('-L', 'web:/tmp/new/src/sub/link', 'out')
  t.equal(readFileSync(join(out, 'link'), 'utf8'), 'one\n', 'what it leads to, by its own name')
  const archive = await call(['cp', 'web:/tmp/new/src/sub', '-'])
  t.match(archive.stdout, /^sub\/\0/)
  const fed = await call(['cp', '-', 'web:/root'], { input: archive.stdout })
  t.equal(fed.code, 0, told(fed))
  t.equal(await inside('readlink /root/sub/link'), '../a')

  const wrong: [string[], number, RegExp][] = [
    [['src/a', 'web:/tmp/none/'], 1, /there is no folder/],
    [['src/a', 'web:/none/x'], 1, /\/none/],
    [['nope', 'web:/tmp'], 1, /there is no nope here/],
    [['web:/nope', 'out'], 1, /there is no \/nope in lssvc-web-1/],
    [['src/a', 'db:/tmp/x'], 3, /has 2 containers[\s\S]*--host here --number 1/],
    [['src/a', 'wbe:/tmp'], 3, /did you mean "web"\?/],
  ]
  for (const [args, code, message] of wrong) {
    const ran = await call(['cp', ...args])
    t.equal(ran.code, code, told(ran))
    t.match(ran.stderr, message, args.join(' '))
  }
}

/** Streams and signals without a terminal; keys, sizes and the way out with one. */
export async function attached(t: Test, project: TestProject, call: Call): Promise<void> {
  const piped = spawn(process.execPath, [launcher, 'attach', 'reader'], {
    cwd: project.folder,
    env: { ...process.env, ...env },
  })
  let said = ''
  const sent = new Set<string>()
  const answer = (to: RegExp, act: () => void): void => {
    if (!to.test(said) || sent.has(to.source)) return
    sent.add(to.source)
    act()
  }
  piped.stdout.on('data', data => {
    said += String(data)
    answer(/<ahoy>/, () => piped.kill('SIGINT'))
    answer(/got-int/, () => piped.kill('SIGUSR1'))
  })
  piped.stdin.write('ahoy\n')
  const code = await new Promise(resolve => piped.once('close', resolve))
  t.equal(said, '<ahoy>\ngot-int\n', 'what it reads, and a signal')
  t.equal(code, 9, 'its exit code, after a signal that ends it')
  t.equal((await call(['start', 'reader'])).code, 0)
  const typed = await atTerminal(project, ['attach', 'term'], async ({ shown, type, resize }) => {
    type('stty size; tty\r')
    await until(() => /30 100/.test(shown()))
    resize(77, 21)
    await new Promise(resolve => setTimeout(resolve, 300))
    type('stty size\r')
    await until(() => /21 77/.test(shown()))
    type('\u0010\u0011')
  })
  t.match(typed.shown, /30 100\r\n\/dev\/(?:pts\/0|console)\r\n[\s\S]*21 77/)
  t.equal(typed.code, 0, typed.shown)
  t.match(typed.shown, /left lssvc-term-1 running/)
  const own = await atTerminal(project, ['attach', '--detach-keys', 'ctrl-a,q', 'term'], async ({ shown, type }) => {
    type('echo $((6*7))\r')
    await until(() => /42/.test(shown()))
    type('\u0001q')
  })
  t.match(own.shown, /42[\s\S]*left lssvc-term-1 running/)
  const ended = await atTerminal(project, ['attach', 'term'], async ({ type }) => type('exit 5\r'))
  t.equal(ended.code, 5, ended.shown)
  t.match(await call(['attach', 'term']), { code: 1, stderr: /the service "term" is not running/ })
  t.match(await call(['attach', 'db']), { code: 3, stderr: /has 2 containers/ })
  const sized = await atTerminal(project, ['exec', 'web', '--', 'sh'], async ({ shown, type, resize }) => {
    await until(() => /#/.test(shown()))
    resize(88, 22)
    await new Promise(resolve => setTimeout(resolve, 300))
    type('stty size; exit 6\r')
  })
  t.match(sized, { code: 6, shown: /22 88/ })
}
