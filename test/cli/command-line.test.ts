// The command line: the launcher, help, what is wrong with it, settings; as processes, with their streams and exit codes.
import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'tap'
import { commands } from '../../cli/commands/index.js'
import { packageRoot } from '../../cli/package-root.js'
import { begin, cleanEnv, type Ended, home, launcher, longshore } from './process.js'

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
  const files = readdirSync(join(packageRoot, 'cli', 'commands'), { recursive: true, encoding: 'utf8' })
  const names = files.filter(file => file.endsWith('.ts')).map(file => basename(file, '.ts'))
  t.same(names.filter(name => name !== 'index').sort(), commands.map(entry => entry.name).sort())
  for (const entry of commands) {
    const command = await entry.load()
    t.equal(command.name, entry.name)
    t.equal(command.summary, entry.summary)
  }
})

test('help: grouped, on stdout; without a command on stderr', async t => {
  const help = await longshore(['--help'])
  t.equal(help.code, 0)
  t.match(help.out, /\nStart:\n[\s\S]*\nRun:\n[\s\S]*\nServices:\n[\s\S]*\nImages:\n[\s\S]*\nHosts:\n/)
  for (const { name } of commands) t.match(help.out, new RegExp(`^  ${name} `, 'm'))
  t.same(await longshore([]), { code: 3, out: '', err: help.out })
  const logs = await longshore(['logs', '--help'])
  t.match(logs.out, /-f, --follow/)
  t.match(logs.out, / {2}--file <file>/)
  t.notMatch(logs.out, /-f, --file/, 'a short form that the command uses itself')
  t.same(await longshore(['help', 'logs']), logs)
})

test('wrong command lines: exit 3, and what was meant', async t => {
  const folder = join(home, 'composed')
  mkdirSync(folder)
  t.teardown(() => rmSync(folder, { recursive: true }))
  const composeFile = join(folder, 'docker-compose.yml')
  writeFileSync(composeFile, 'services: {}\n')
  const rows: [string[], string][] = [
    [['upp'], "error: unknown command 'upp'\n→ did you mean up?\n"],
    [['frobnicate'], "error: unknown command 'frobnicate'\n→ `longshore --help` tells what there is\n"],
    [['help', 'upp'], "error: unknown command 'upp'\n→ did you mean up?\n"],
    [['upp', '--help'], "error: unknown command 'upp'\n→ did you mean up?\n"],
    [['up', '--limit', 'a'], "error: unknown option '--limit'\n→ here it is --on\n"],
    [['up', '--check'], "error: unknown option '--check'\n→ here it is `longshore plan`\n"],
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
      ['validate', '-f', folder],
      `error: there is no longshore.yaml in the folder ${folder}\n→ for docker-compose.yml write a longshore.yaml with \`project: NAME\` and \`compose: [docker-compose.yml]\`; \`longshore init\` writes another start\n`,
    ],
    [
      ['validate', '-f', composeFile],
      `error: this is a Compose file: write a longshore.yaml with \`project: NAME\` and \`compose: [docker-compose.yml]\`\n  at composed/docker-compose.yml:1:1\n  1 | services: {}\n    | ^\n`,
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
