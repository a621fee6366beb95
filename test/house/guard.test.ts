// Guards the house: arrows between rooms point one way, each package has one door, files stay small and say what they are for.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const rooms = ['cli', 'core', 'resources', 'providers', 'hosts', 'test', 'bench'] as const

/** Which rooms a room may import, besides itself. */
const arrows: Record<string, readonly string[]> = {
  core: [],
  resources: ['core'],
  providers: ['core'],
  hosts: ['core'],
  cli: ['core', 'resources', 'providers', 'hosts'],
  test: rooms,
  bench: rooms,
}

/** The room where a package may be imported; with a file name, the only file. `tap` is the tests' own. */
const doors: Record<string, string> = {
  ssh2: 'hosts/ssh/client.ts',
  'node-pty': 'hosts/terminal.ts',
  listr2: 'cli/report/tree.ts',
  conf: 'cli/settings.ts',
  commander: 'cli/',
  yaml: 'core/',
  handlebars: 'core/',
  zod: 'core/',
  '@marcbachmann/cel-js': 'core/',
  'modern-tar': 'providers/',
  '@balena/dockerignore': 'providers/',
  diff: 'resources/',
  'ssh-config': 'hosts/',
  '@peculiar/x509': 'cli/certificates/issue.ts',
  'reflect-metadata': 'cli/certificates/issue.ts',
  'age-encryption': 'cli/certificates/lock-box.ts',
  tap: 'test/',
}

const longest = 250

const sources = rooms.flatMap(room =>
  readdirSync(join(root, room), { recursive: true })
    .map(name => join(room, String(name)))
    .filter(name => name.endsWith('.ts') && !name.endsWith('.d.ts')),
)

/** Module names of every import: static, dynamic, type-only, re-exported and required. */
const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:from|import|import\(|require\(|require\.resolve\()\s*['"]([^'"\n]+)['"]/g)]
    .map(found => found[1] ?? '')
    .filter(name => /^[@\w./:-]+$/.test(name))

const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

/** What one file does against the rules of the house. */
export function faultsOf(file: string, text: string): string[] {
  const room = file.split('/')[0] ?? ''
  const faults: string[] = []
  const count = text.split('\n').length - 1
  if (count > longest) faults.push(`${file}: ${count} lines, over ${longest}: it holds two ideas`)
  if (!/^(#!.*\n)?\/\/ \S/.test(text)) faults.push(`${file}: its first line does not say what it is for`)
  for (const name of importsOf(text)) {
    if (name.startsWith('node:')) continue
    if (name.startsWith('.')) {
      const target = relative(root, resolve(root, dirname(file), name)).split('/')[0] ?? ''
      if (target !== room && !(arrows[room] ?? []).includes(target))
        faults.push(`${file}: ${room} may not import ${target}`)
      continue
    }
    const door = doors[packageOf(name)]
    if (door === undefined) faults.push(`${file}: ${name} has no door in this test`)
    else if (door.endsWith('/') ? !file.startsWith(door) : file !== door)
      faults.push(`${file}: ${packageOf(name)} comes in through ${door} only`)
  }
  return faults
}

test('the guard finds what is planted', t => {
  // Put together here, so that this file's own text plants nothing.
  const planted = (name: string): string => ['// x\nimport', ` '${name}'\n`].join('')
  const awaited = (name: string): string => ['// x\nawait import', `('${name}')\n`].join('')
  t.match(faultsOf('core/x.ts', planted('../providers/y.js')), ['core/x.ts: core may not import providers'])
  t.match(faultsOf('hosts/x.ts', planted('../resources/z.js')), [/may not import resources/])
  t.match(faultsOf('cli/x.ts', awaited('ssh2')), [/ssh2 comes in through/])
  t.match(faultsOf('core/x.ts', planted('left-pad')), [/has no door/])
  t.match(faultsOf('core/x.ts', `// x\n${'\n'.repeat(longest)}`), [/it holds two ideas/])
  t.match(faultsOf('core/x.ts', 'export {}\n'), [/first line/])
  t.same(faultsOf('cli/x.ts', planted('commander')), [])
  t.end()
})

test('every file keeps the rules of the house', t => {
  t.ok(sources.length > 50, 'the sources were found')
  t.same(
    sources.flatMap(file => faultsOf(file, readFileSync(join(root, file), 'utf8'))),
    [],
  )
  t.end()
})

test('a room with more than about fifteen files has folders', t => {
  const crowded = [...new Set(sources.map(file => dirname(file)))].filter(
    folder => sources.filter(file => dirname(file) === folder).length > 22,
  )
  t.same(crowded, [])
  t.end()
})

test('every package that we depend on has a door and is used', t => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const used = new Set(sources.flatMap(file => importsOf(readFileSync(join(root, file), 'utf8')).map(packageOf)))
  t.same(
    Object.keys(dependencies).filter(name => doors[name] === undefined || !used.has(name)),
    [],
  )
  t.end()
})
