// Commands that need no engine, as processes on this machine: init, validate, sh, ssh, and interrupts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { openLocalTerminal } from '../../hosts/terminal.js'
import { begin, cleanEnv, home, launcher, longshore, projectIn } from './process.js'

test('init writes a file that is valid, and overwrites none', async t => {
  const folder = join(home, 'My Shop_1')
  mkdirSync(folder)
  t.match(await longshore(['init'], { cwd: folder }), {
    code: 0,
    err: '',
    out: /^Wrote longshore.yaml for the project my-shop_1\./,
  })
  const written = readFileSync(join(folder, 'longshore.yaml'), 'utf8')
  t.match(written, /^project: my-shop_1$/m)
  t.same(await longshore(['validate'], { cwd: folder }), {
    code: 0,
    out: 'my-shop_1: ok, 1 host, 2 services\n',
    err: '',
  })
  const below = join(folder, 'a', 'b')
  mkdirSync(below, { recursive: true })
  t.equal((await longshore(['validate'], { cwd: below })).code, 0, 'found from a folder below')
  t.equal((await longshore(['-f', folder, 'validate'])).code, 0, 'a folder may be named')
  t.match(await longshore(['init'], { cwd: folder }), { code: 3, err: /there is a longshore.yaml here already/ })
  t.equal(readFileSync(join(folder, 'longshore.yaml'), 'utf8'), written)
  const other = join(home, 'numbered')
  mkdirSync(other)
  t.equal((await longshore(['init', '0017'], { cwd: other })).code, 0)
  t.match(await longshore(['validate', '--json'], { cwd: other }), { code: 0, out: /"project":"0017"/ })
  t.match(await longshore(['init', 'Not Good'], { cwd: below }), { code: 3, err: /is no name for a project/ })
})

test('validate points at what is wrong', async t => {
  const folder = projectIn('wrong', 'project: shop\nhosts:\n  web1: { adress: 192.0.2.1 }\n')
  const told = await longshore(['validate', '--no-color'], { cwd: folder })
  t.equal(told.code, 3)
  t.match(told.err, /^error: .*adress/)
  t.match(told.err, /\n {2}at longshore\.yaml:3:11\n {2}3 \| {3}web1: \{ adress: 192\.0\.2\.1 \}\n {4}\| {11}\^\n/)
  const data = JSON.parse((await longshore(['validate', '--json'], { cwd: folder })).out)
  t.match(data, { type: 'error', exit: 3, at: { file: join(folder, 'longshore.yaml'), line: 3, column: 11 } })
  const several = projectIn('several', 'project: shop\nhosts:\n  a: { x: 1 }\n  b: { y: 1 }\n')
  const both = await longshore(['validate'], { cwd: several })
  t.match(both.err, /^error: 2 mistakes\n {2}longshore\.yaml:3:8: .*\n {2}longshore\.yaml:4:8: .*\n$/)
  const unset = projectIn('unset', 'project: shop\ncontainers:\n  app: { image: "app:${TAG}x" }\n')
  t.match(await longshore(['validate'], { cwd: unset }), {
    code: 0,
    err: /longshore\.yaml:3:\d+: the variable TAG is not set/,
  })
  const broken = projectIn('broken', 'project: shop\ncontainers:\n  app: { image: "app:{{#if}" }\n')
  t.match(await longshore(['validate'], { cwd: broken }), { code: 3, err: /longshore\.yaml:3:\d+/ })
  t.match(await longshore(['validate', '--on', 'nobody'], { cwd: unset }), {
    code: 3,
    err: /no host or group "nobody"/,
  })
})

test('a mistake that several hosts stumble over is told once', async t => {
  const folder = projectIn(
    'once',
    'project: shop\nhosts: { a: { connection: local }, b: { connection: local } }\nplaybooks: [p.yaml]\n',
  )
  writeFileSync(join(folder, 'p.yaml'), '- hosts: all\n  tasks:\n    - debug: "{{ nope }}"\n')
  const { code, err } = await longshore(['plan', '--no-color'], { cwd: folder })
  t.equal(code, 3)
  t.same(err.match(/^error: .*$/gm)?.length, 1, err)
  t.match(err, /^a +failed: "nope" is not known.*\nb +failed/m)
})

test('sh: every line with its host, exit codes of all; secrets masked, foreign text cleaned', async t => {
  const folder = projectIn(
    'local',
    'project: shop\nsecrets: { DB: { env: DB_PASSWORD } }\nhosts:\n  here: { connection: local }\n  there: { connection: local }\n  gone: { address: 127.0.0.1, port: 1, user: x }\n',
  )
  const options = { cwd: folder, env: { ...cleanEnv, DB_PASSWORD: 'hunter22hunter' } }
  const both = await longshore(
    ['sh', 'here,there', '--', 'echo "$DB_PASSWORD"; printf "\\033[31mred\\007\\n"'],
    options,
  )
  t.equal(both.code, 0)
  t.same(both.out.trimEnd().split('\n').sort(), [
    'here  | (secret DB)',
    'here  | red',
    'there | (secret DB)',
    'there | red',
  ])
  t.same(await longshore(['sh', 'here', '--', 'echo', '$HOME', 'a  b'], options), {
    code: 0,
    out: 'here | $HOME a  b\n',
    err: '',
  })
  t.same(await longshore(['sh', 'here', '--', 'exit 3'], options), {
    code: 1,
    out: '',
    err: 'error: here: ended with exit code 3\n',
  })
  const one = await longshore(['sh', 'here,gone', '--json', '--', 'false'], options)
  t.equal(one.code, 4)
  const events = one.out
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  t.match(
    events.find(event => event.type === 'result'),
    { host: 'here', code: 1 },
  )
  t.match(
    events.find(event => event.type === 'error' && event.exit === 4),
    { where: /gone/ },
  )
  t.equal((await longshore(['sh', 'all', '--on', 'here', '--', 'echo hi'], options)).out, 'here | hi\n')
})

test('ssh: one host; streams, input and exit code are those of the command', async t => {
  const folder = projectIn(
    'one',
    'project: shop\nhosts: { here: { connection: local }, there: { connection: local } }\n',
  )
  const options = { cwd: folder }
  t.same(await longshore(['ssh', 'here', '--', 'echo out; echo err >&2; exit 7'], options), {
    code: 7,
    out: 'out\n',
    err: 'err\n',
  })
  const { child, ended } = begin(['ssh', 'here', '--', 'cat'], { ...options, stdio: 'pipe' })
  child.stdin?.end('typed')
  t.same(await ended, { code: 0, out: 'typed', err: '' })
  t.match(await longshore(['ssh', 'here'], options), {
    code: 3,
    err: /there is no terminal here\n→ say what to run: longshore ssh here -- COMMAND/,
  })
  t.match(await longshore(['ssh', 'all', '--', 'true'], options), { code: 3, err: /"all" means several hosts/ })
  t.match(await longshore(['ssh', 'her', '--', 'true'], options), {
    code: 3,
    err: /there is no host or group "her"; did you mean "here"\?/,
  })
})

test('ssh on a terminal: keys, size and exit code go through', async t => {
  const folder = projectIn('terminal', 'project: shop\nhosts: { here: { connection: local } }\n')
  const terminal = await openLocalTerminal(
    { sh: `exec ${process.execPath} ${launcher} ssh here -- 'stty size; read -r line; echo "got $line"; exit 9'` },
    { columns: 91, rows: 17 },
    { cwd: folder, env: { ...cleanEnv, TERM: 'xterm' }, shell: '/bin/sh' },
  )
  let seen = ''
  let typed = false
  terminal.onData(data => {
    seen += Buffer.from(data).toString()
    if (!typed && seen.includes('17 91')) {
      typed = true
      terminal.write('hello\r')
    }
  })
  t.equal(await terminal.exit, 9)
  t.match(seen, /17 91[\s\S]*got hello/)
})

test('an interrupt ends what runs: 130', async t => {
  const folder = projectIn('slow', 'project: shop\nhosts: { here: { connection: local } }\n')
  const { child, ended } = begin(['sh', 'here', '--', 'echo started; sleep 60'], { cwd: folder })
  await new Promise(resolve => child.stdout?.once('data', resolve))
  child.kill('SIGINT')
  const { code, err } = await ended
  t.equal(code, 130)
  t.equal(err, 'Interrupted: ending what runs; once more to stop at once.\n')
})
