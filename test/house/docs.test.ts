// The pages say what is: the reference is what the schemas give, every command is listed, links lead somewhere, examples are valid.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { packageRoot } from '../e2e/command.js'

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8')
const longshore = (...args: string[]) =>
  spawnSync(process.execPath, [join(packageRoot, 'cli', 'longshore.cjs'), ...args], {
    encoding: 'utf8',
    cwd: packageRoot,
  })

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(packageRoot, 'docs')).map(name => join('docs', name)),
]

test('the reference pages are what the schemas give', t => {
  for (const [page, ...command] of [
    ['docs/reference.md', 'schema'],
    ['docs/kinds.md', 'docs'],
    ['docs/compose.md', 'schema', '--compose'],
  ] as const) {
    const made = longshore(...command, '--markdown')
    t.equal(made.status, 0, made.stderr)
    t.equal(read(page), made.stdout, 'else: npm run docs')
  }
  t.end()
})

test('links between pages lead somewhere', t => {
  for (const page of pages)
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g))
      if (!/^[a-z]+:/.test(target)) t.ok(existsSync(join(packageRoot, dirname(page), target)), `${page}: ${target}`)
  t.end()
})

test('scripts and commands that pages name exist', t => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const known = longshore('--help').stdout
  for (const page of pages) {
    for (const [, name = ''] of read(page).matchAll(/npm run ([a-z:]+)/g))
      t.ok(name in scripts, `${page}: npm run ${name}`)
    for (const [, name = ''] of read(page).matchAll(/`longshore ([a-z]+)/g))
      t.match(known, new RegExp(`^ +${name}\\b`, 'm'), `${page}: ${name}`)
  }
  t.end()
})

test('every example is valid as it stands', t => {
  const examples = readdirSync(join(packageRoot, 'examples'))
  t.ok(examples.length >= 2)
  for (const name of examples) {
    const ran = longshore('-f', join('examples', name, 'longshore.yaml'), 'validate')
    t.equal(ran.status, 0, `${name}: ${ran.stderr}`)
  }
  t.end()
})
