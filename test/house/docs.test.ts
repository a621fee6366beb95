// The pages say what is: the reference is what the schemas give, every command is listed, links lead somewhere, examples are valid.
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import tap, { test } from 'tap'
import { fileSchema } from '../../core/config/schema.js'
import { readYaml } from '../../core/config/yaml.js'
import { mapLimited } from '../../core/run/workers.js'
import { packageRoot } from '../e2e/command.js'

// Some thirty starts of the command, on machines that may be busy.
tap.setTimeout(120_000)

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

/** The names by which links reach the headings of a page, as GitHub makes them. */
const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

test('links between pages lead somewhere', t => {
  for (const page of pages)
    for (const [, target = '', anchor] of read(page).matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const other = target === '' ? page : join(dirname(page), target)
      t.ok(existsSync(join(packageRoot, other)), `${page}: ${target}`)
      if (anchor !== undefined && other.endsWith('.md'))
        t.ok(anchorsOf(other).includes(anchor), `${page}: ${target}#${anchor}`)
    }
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

/** A piece of a project file that a page shows. */
interface Shown {
  /** `docs/guide.md:12`. */
  place: string
  text: string
}

const blocks = Object.keys(fileSchema().shape).join('|')

/** What pages show as YAML whose first line is a block of the project file. */
function shownFiles(): Shown[] {
  const first = new RegExp(`^(?:# longshore\\.yaml\\n)?(?:${blocks}):`)
  return pages.flatMap(page => {
    const text = read(page)
    return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(({ 1: inside = '', index }) =>
      first.test(inside) ? { place: `${page}:${text.slice(0, index).split('\n').length + 1}`, text: inside } : [],
    )
  })
}

type Named = string | { play?: string; file?: string | string[] }

/** Writes it into a folder of its own, with the playbooks and Compose files that it names, and has it checked: what the command said. */
async function checked({ text }: Shown): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-docs-'))
  const write = (name: string, content: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  try {
    const whole = /^project:/m.test(text) ? text : `project: shop\n${text}`
    const { playbooks = [], compose = [] } = readYaml(whole, 'longshore.yaml').value as Record<string, Named[]>
    for (const one of playbooks) write(typeof one === 'string' ? one : (one.play ?? ''), '- hosts: all\n  tasks: []\n')
    for (const one of compose)
      for (const name of typeof one === 'string' ? [one] : [one.file ?? []].flat()) write(name, 'services: {}\n')
    write('longshore.yaml', whole)
    return await new Promise(resolve => {
      const args = [join(packageRoot, 'cli', 'longshore.cjs'), 'validate']
      execFile(process.execPath, args, { cwd: folder }, (failed, _stdout, stderr) => resolve(failed ? stderr : ''))
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('what pages show of a project file is valid', async t => {
  const shown = shownFiles()
  t.ok(shown.length >= 20, `${shown.length} found`)
  await mapLimited(shown, 2, async one => {
    t.equal(await checked(one), '', one.place)
  })
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
