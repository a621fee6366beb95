// The command line as people use it: the launcher as a process, its streams and its exit codes.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { commands } from '../../cli/commands/index.js'
import { packageRoot } from '../../cli/package-root.js'
import { openLocalTerminal } from '../../hosts/terminal.js'

const launcher = join(packageRoot, 'cli', 'longshore.cjs')
const home = mkdtempSync(join(tmpdir(), 'longshore-cli-'))
process.on('exit', () => rmSync(home, { recursive: true, force: true }))

/** The environment of a person without any settings. */
const cleanEnv = { PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8' }

interface Ended {
  code: number | null
  out: string
  err: string
}

function begin(argv: readonly string[], options: SpawnOptions = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [launcher, ...argv], {
    cwd: home,
    env: cleanEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
  let [out, err] = ['', '']
  child.stdout?.on('data', data => (out += String(data)))
  child.stderr?.on('data', data => (err += String(data)))
  return { child, ended: new Promise(resolve => child.on('close', code => resolve({ code, out, err }))) }
}

const longshore = (argv: readonly string[], options: SpawnOptions = {}): Promise<Ended> => begin(argv, options).ended

/** A folder with a project file. */
function projectIn(name: string, text: string): string {
  const folder = join(home, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'longshore.yaml'), text)
  return folder
}

test('the launcher answers for the version, and says what is missing', async t => {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))
  for (const flag of ['--version', '-V']) t.same(await longshore([flag]), { code: 0, out: `${version}\n`, err: '' })
  t.same(await longshore(['-f', 'x', '--version']), { code: 0, out: `${version}\n`, err: '' })
  const alone = join(home, 'alone')
  mkdirSync(join(alone, 'cli'), { recursive: true })
  copyFileSync(launcher, join(alone, 'cli', 'longshore.cjs'))
  const run = (argv: string[]): Promise<Ended> =>
    new Promise(resolve => {
      const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
      let err = ''
      child.stderr.on('data', data => (err += String(data)))
      child.on('close', code => resolve({ code, out: '', err }))
    })
  const unbuilt = await run([join(alone, 'cli', 'longshore.cjs'), 'up'])
  t.same(unbuilt, {
    code: 3,
    out: '',
    err: 'longshore: not built yet: run `npm run build` in the folder of longshore\n',
  })
  const old = join(home, 'old.cjs')
  writeFileSync(old, "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } })")
  const tooOld = await run(['--require', old, launcher, 'up'])
  t.same(tooOld, { code: 3, out: '', err: 'longshore: Node.js 20.19 or newer is needed, this is 18.20.0\n' })
})

test('the list of commands and the folder are the same', async t => {
  const files = readdirSync(join(packageRoot, 'cli', 'commands')).map(file => file.replace(/\.ts$/, ''))
  t.same(files.filter(file => file !== 'index').sort(), commands.map(entry => entry.name).sort())
  for (const entry of commands) {
    const command = await entry.load()
    t.equal(command.name, entry.name)
    t.equal(command.summary, entry.summary)
  }
})

test('help: grouped, on stdout; without a command on stderr', async t => {
  const help = await longshore(['--help'])
  t.equal(help.code, 0)
  t.match(help.out, /\nStart:\n[\s\S]*\nRun:\n[\s\S]*\nLook and enter:\n/)
  for (const { name } of commands) t.match(help.out, new RegExp(`^  ${name} `, 'm'))
  t.same(await longshore([]), { code: 3, out: '', err: help.out })
  const logs = await longshore(['logs', '--help'])
  t.match(logs.out, /-f, --follow/)
  t.match(logs.out, / {2}--file <file>/)
  t.notMatch(logs.out, /-f, --file/, 'a short form that the command uses itself')
  t.same(await longshore(['help', 'logs']), logs)
})

test('wrong command lines: exit 3, and what was meant', async t => {
  const rows: [string[], string][] = [
    [['upp'], "error: unknown command 'upp'\n→ did you mean up?\n"],
    [['frobnicate'], "error: unknown command 'frobnicate'\n→ `longshore --help` tells what there is\n"],
    [['up', '--frok', '2'], "error: unknown option '--frok'\n→ did you mean --forks?\n"],
    [
      ['up', 'x'],
      "error: too many arguments for 'up'. Expected 0 arguments but got 1.\n→ `longshore up --help` tells what there is\n",
    ],
    [['ssh'], "error: missing required argument 'host'\n→ `longshore ssh --help` tells what there is\n"],
    [
      ['sh', 'all', 'ls', '-la'],
      "error: unknown option '-la'\n→ what is to be run comes after `--`: longshore sh … -- COMMAND\n",
    ],
    [['--var', 'x', 'up'], 'error: --var takes NAME=VALUE, not "x"\n'],
    [['up', '--forks', '0'], 'error: --forks takes a number from 1 to 1000, not "0"\n'],
    [['up', '--report', 'fancy'], 'error: --report takes tree, plain or json, not "fancy"\n'],
    [
      ['up', '--report', 'tree'],
      'error: --report tree needs a terminal on stderr\n→ leave it out, or say --report plain\n',
    ],
    [['--json', 'up', '--report', 'plain'], 'error: --json and --report plain exclude each other\n'],
    [
      ['validate', '-f', 'none.yaml'],
      'error: there is no file none.yaml\n→ say -f FILE with the path of a project file\n',
    ],
    [
      ['validate'],
      `error: there is no longshore.yaml in ${home} or in a folder above it\n→ say \`longshore init\` to write one, or name a file with -f\n`,
    ],
  ]
  const all = await Promise.all(rows.map(([argv]) => longshore(argv)))
  for (const [index, [argv, err]] of rows.entries()) {
    const told = all[index] as Ended
    t.equal(told.code, 3, argv.join(' '))
    if (argv.includes('--json')) t.match(JSON.parse(told.out), { type: 'error', exit: 3 })
    else t.equal(told.out, '')
    t.equal(told.err, err)
  }
})

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

test('schema is JSON; a reader who leaves is no fault, a full disk is one', async t => {
  const { code, out } = await longshore(['schema'])
  t.equal(code, 0)
  t.match(JSON.parse(out), { title: 'longshore.yaml', properties: { project: {}, hosts: {}, containers: {} } })
  const { child, ended } = begin(['schema'])
  child.stdout?.destroy()
  t.match(await ended, { code: 0, err: '' })
  const full = await longshore(['schema'], { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] })
  t.equal(full.code, 1)
  t.match(full.err, /cannot write to stdout: .*ENOSPC/)
})

test('settings: shown, set, checked, taken back, private', async t => {
  const own = join(home, 'own')
  const env = { ...cleanEnv, XDG_CONFIG_HOME: own }
  const file = join(own, 'longshore', 'config.json')
  const all = (forks: string, from: string): string =>
    `SETTING  VALUE  FROM\nforks    ${forks}     ${from}\ncolour   auto   default\nreport   auto   default\n`
  t.same(await longshore(['settings'], { env }), { code: 0, out: all('50', 'default'), err: '' })
  t.same(await longshore(['settings', 'forks', '20'], { env }), { code: 0, out: '', err: '' })
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.same(await longshore(['settings', 'forks'], { env }), { code: 0, out: '20\n', err: '' })
  t.equal((await longshore(['settings'], { env })).out, all('20', 'set'))
  t.match(JSON.parse((await longshore(['settings', '--json'], { env })).out), {
    type: 'settings',
    path: file,
    forks: 20,
    colour: 'auto',
  })
  const rows: [string[], RegExp][] = [
    [['forks', '0'], /forks must be a whole number from 1 to 1000, not "0"/],
    [['forks', '1e2'], /forks must be a whole number/],
    [['report', 'json'], /report must be auto or tree or plain, not "json"/],
    [['color', 'never'], /there is no setting "color"; did you mean "colour"\?/],
    [['--unset'], /--unset needs the name of a setting/],
    [['forks', '3', '--unset'], /not both/],
  ]
  const refused = await Promise.all(rows.map(([argv]) => longshore(['settings', ...argv], { env })))
  for (const [index, [, err]] of rows.entries()) t.match(refused[index], { code: 3, err })
  t.equal((await longshore(['settings', '--unset', 'forks'], { env })).code, 0)
  t.equal((await longshore(['settings'], { env })).out, all('50', 'default'))
  // The setting colours what is told even without a terminal; NO_COLOR and --no-color are stronger.
  await longshore(['settings', 'colour', 'always'], { env })
  t.match((await longshore(['validate'], { env })).err, '\u001b[31merror:\u001b[39m')
  t.match((await longshore(['validate', '--no-color'], { env })).err, /^error:/)
  t.match((await longshore(['validate'], { env: { ...env, NO_COLOR: '1' } })).err, /^error:/)
  for (const text of ['{ not json', '{"forks": "many"}', '{"unknown": 1}']) {
    writeFileSync(file, text)
    const told = await longshore(['settings'], { env })
    t.equal(told.code, 3, text)
    t.match(told.err, `error: cannot understand the settings file ${file}: `)
    t.match(told.err, /→ correct it, or delete it/)
  }
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
  t.equal(err, '\nInterrupted: ending what runs; once more to stop at once.\n')
})
