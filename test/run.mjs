// Runs the tests: `all` (tables and real hosts, through tap) or `fast` (tables only). Closes with a line that counts them.
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { globSync } from './glob.mjs'

const tap = 'node_modules/tap/dist/esm/run.mjs'
const mode = process.argv[2] ?? 'all'
// Node reads this bundle at every start of every test process; nothing here needs it.
const { NODE_EXTRA_CA_CERTS: _unused, ...env } = process.env

const run = (command, args, onLine) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', onLine ? 'pipe' : 'inherit', 'inherit'] })
    if (onLine) createInterface({ input: child.stdout }).on('line', onLine)
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(signal ? 1 : code))
  })

/** Files of tables: quick, and the same on every machine. Everything else needs real hosts, engines, users or packages. */
const isTable = file => !file.endsWith('.real.test.js') && !file.includes('/e2e/')

// What is tested is what users run: types compiled, and the bundle made of them.
if ((await run('npm', ['run', '--silent', 'build'])) !== 0) process.exit(1)

const only = process.argv.slice(3)
// A compiled test whose source is gone is no test any more.
const hasSource = file => existsSync(file.replace(/^dist\//, '').replace(/\.js$/, '.ts'))
const files = globSync('dist/test', '.test.js')
  .filter(hasSource)
  .filter(file => mode === 'all' || isTable(file))
  .filter(file => only.length === 0 || only.some(part => file.includes(part)))

// tap is put together from its plugins; ours leaves one out (.taprc), which takes one build in every new node_modules.
const builtMark = 'node_modules/.tap-built-without-typescript'
if (!existsSync(builtMark)) {
  if ((await run(process.execPath, [tap, 'build'], () => {})) !== 0) process.exit(1)
  writeFileSync(builtMark, '')
}

if (mode === 'all' && (await run(process.execPath, ['dist/test/ready.js'])) !== 0) process.exit(1)

let totals = ''
let depth = -1
const show = line => {
  const found = /^# \{ total: (.*) \}$/.exec(line)
  if (found) totals = `total: ${found[1]}`
  const indent = line.length - line.trimStart().length
  if (depth >= 0) {
    console.log(line)
    if (line.trim() === '...' && indent === depth + 2) depth = -1
    return
  }
  if (/^\s*not ok /.test(line)) {
    console.log(line)
    depth = indent
  } else if (/^(ok|Bail out!)/.test(line)) console.log(line)
  if (depth >= 0 && line.endsWith('{')) depth = -1
}

const code = await run(process.execPath, [tap, 'run', '--reporter=tap', '--disable-coverage', ...files], show)
const count = name => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0)
const skipped = count('skip') + count('todo')
const failed = count('fail') + (code !== 0 && count('fail') === 0 ? 1 : 0) + (env.CI === 'true' ? skipped : 0)
const passed = count('pass')
if (env.CI === 'true' && skipped > 0) console.log(`${skipped} skipped: in CI that is a failure`)
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)
