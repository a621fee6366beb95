// Files, folders, templates and commands on the machine of the tests: made, made again, and left whole when something goes wrong.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { Secret } from '../../core/secret.js'
import { apply, begin, contextIn, converge, kindOf, plan, run, type Shell, shells } from './shells.js'

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)
const whats = (changes: { what: string }[]): string[] => changes.map(change => change.what)

/** Paths in these tests hold what shells stumble over. */
const awkward = `it's a "folder" $HOME \\n`

for (const shell of shells) {
  test(`a second run has nothing to do, in ${shell.join(' ')}`, async t => {
    const here = join(
      t.testdir({ tree: { bin: { tool: '#!/bin/sh\n' }, 'a b': "it's\n", empty: {} }, 'motd.hbs': 'Hi {{name}}' }),
      '',
    )
    const there = join(here, awkward)
    chmodSync(join(here, 'tree/bin/tool'), 0o775)
    symlinkSync('a b', join(here, 'tree/link'))
    const rows: [string, unknown, string[]][] = [
      ['file', { path: there, state: 'directory', mode: '0750' }, ['state']],
      ['file', { path: there, state: 'directory', mode: '0700' }, ['mode']],
      ['file', { path: `${there}/text`, content: 'one\n' }, ['content']],
      ['file', { path: `${there}/text`, content: 'two\n', mode: '0640' }, ['content', 'mode']],
      ['file', { path: `${there}/text`, mode: '4711', owner: 'nobody', group: 65534 }, ['mode', 'owner', 'group']],
      ['file', { path: `${there}/text`, content: '' }, ['content']],
      ['file', { path: `${there}/new`, state: 'touch' }, ['state']],
      ['file', { path: `${there}/link`, src: 'text' }, ['state']],
      ['file', { path: `${there}/link`, src: 'new' }, ['state']],
      ['file', { path: there, state: 'directory', recurse: true, owner: 'games' }, ['owner', 'below']],
      ['file', { path: `${there}/link`, state: 'absent' }, ['state']],
      ['template', { src: 'motd.hbs', dest: `${there}/` }, ['content']],
      ['copy', { src: 'tree/', dest: `${there}/tree` }, ['.', 'a b', 'bin', 'bin/tool', 'empty', 'link']],
      ['copy', { src: 'tree/a b', dest: `${there}/tree/`, mode: '0600' }, ['mode']],
      ['copy', { src: 'tree', dest: there, mode: '0600', owner: 'nobody' }, ['owner', 'mode', 'owner']],
      ['copy', { content: new Secret('s', `se'cret\n`), dest: `${there}/key` }, ['content']],
      ['command', { sh: 'echo "$X" >made', cwd: there, creates: `${there}/made`, environment: { X: 1 } }, ['command']],
      ['command', { argv: ['rm', 'made'], cwd: there, removes: `${there}/made` }, ['command']],
      ['command', { argv: ['touch', 'made'], cwd: there, check: '[ -f made ]' }, ['command']],
      ['file', { path: there, state: 'absent' }, ['state']],
    ]
    for (const [kind, yaml, expected] of rows) {
      const { ended, changes, left } = await converge(kind, yaml, shell, here)
      const row = `${kind} ${JSON.stringify(yaml)}`
      t.same(whats(changes), expected, row)
      t.same([ended.code, ended.stderr, left], [0, '', []], row)
      if (kind === 'copy' && expected.length > 3) {
        t.equal(readFileSync(`${there}/tree/a b`, 'utf8'), "it's\n")
        t.equal(modeOf(`${there}/tree/bin/tool`), '755', 'executable, and not writable for the group')
      }
      if (expected.join() === 'mode,owner,group')
        t.equal(modeOf(`${there}/text`), '4711', 'setuid is set after the owner')
      if (kind === 'template') t.equal(readFileSync(`${there}/motd`, 'utf8'), 'Hi Ann')
      if (JSON.stringify(yaml).includes('secret s')) {
        t.equal(readFileSync(`${there}/key`, 'utf8'), `se'cret\n`)
        t.equal(modeOf(`${there}/key`), '600')
      }
    }
    t.notOk(existsSync(there))
  })

  test(`a write keeps what it must, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({ real: 'old', folder: {}, 'token.hbs': 'is {{token}}' })
    chmodSync(join(here, 'real'), 0o604)
    symlinkSync('real', join(here, 'link'))
    const wanted = { path: join(here, 'link'), content: 'new' }
    const first = await plan('file', wanted, shell)
    t.match(first.changes[0]?.diff, /-old\n.*\n\+new/, 'the diff shows both texts')

    writeFileSync(join(here, 'real'), 'changed by hand')
    const refused = await apply('file', first, shell)
    t.not(refused.code, 0)
    t.match(refused.stderr, 'has changed since the plan')
    t.equal(readFileSync(join(here, 'real'), 'utf8'), 'changed by hand')

    t.equal((await converge('file', wanted, shell)).ended.code, 0)
    t.equal((await apply('file', first, shell)).code, 0, 'what is already so may be applied again')
    t.same(
      [readFileSync(join(here, 'real'), 'utf8'), modeOf(join(here, 'real'))],
      ['new', '604'],
      'through the link, mode kept',
    )

    const secret = await plan('template', { src: 'token.hbs', dest: join(here, 'secret') }, shell, here)
    t.equal(secret.changes[0]?.diff, undefined, 'a secret has no diff')
    const [script] = kindOf('template').apply(secret.want, secret.seen)
    t.notMatch(script?.sh, /tok-3n|[0-9a-f]{64}/, 'neither the secret nor its hash is in the script')
    t.equal((await apply('template', secret, shell)).code, 0)
    t.same([readFileSync(join(here, 'secret'), 'utf8'), modeOf(join(here, 'secret'))], ['is tok-3n', '600'])

    const nowhere = await converge('file', { path: join(here, 'x/y'), content: '' }, shell).catch(error => error)
    t.match(nowhere.ended.stderr, 'does not exist on the host')
    await t.rejects(plan('file', { path: join(here, 'folder'), content: '' }, shell), /is a directory on the host/)
    await t.rejects(plan('file', { path: join(here, 'real'), state: 'directory' }, shell), /is a file on the host/)
    t.same(readdirSync(here).sort(), ['folder', 'link', 'real', 'secret', 'token.hbs'], 'no temporary file is left')
  })

  test(`an interrupted write leaves the old file, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({ one: 'old one', two: 'old two' })
    const look = await plan('file', { path: join(here, 'one'), content: 'new '.repeat(1000) }, shell)
    const [script] = kindOf('file').apply(look.want, look.seen)
    if (script === undefined) throw new Error('nothing to apply')

    const cut = await run({ sh: script.sh, stdin: 'new new' }, shell)
    t.match(cut.stderr, 'what arrived is not what was to be sent')
    t.not(cut.code, 0)

    const child = begin(script, shell)
    child.stdin.on('error', () => {}).write('new '.repeat(500))
    while (!readdirSync(here).some(name => name.startsWith('.longshore')))
      await new Promise(done => setTimeout(done, 20))
    const closed = new Promise(done => child.on('close', done))
    child.kill('SIGKILL')
    child.stdin.destroy()
    await closed
    t.equal(readFileSync(join(here, 'one'), 'utf8'), 'old one')

    const source = t.testdir({ tree: { one: 'new one', two: 'new two' } })
    const copy = await plan('copy', { src: 'tree/', dest: source }, shell, source)
    const [both] = kindOf('copy').apply(copy.want, copy.seen)
    t.not((await run({ sh: both?.sh ?? '', stdin: 'new onenew' }, shell)).code, 0)
    t.notOk(existsSync(join(source, 'two')), 'the half that did not arrive is not there')
    t.equal((await converge('copy', { src: 'tree/', dest: source }, shell, source)).left.length, 0)
  })

  test(`a command's input, variables and end, in ${shell.join(' ')}`, async t => {
    const token = new Secret('token', `two\nlines 'quoted' $x`)
    const yaml = { sh: 'printf "%s|%s|" "$TOKEN" "$PLAIN"; cat', environment: { TOKEN: token, PLAIN: 'a b' } }
    for (const stdin of ['in\nput\n', undefined, new Secret('input', 'in\nput\n')]) {
      const look = await plan('command', { ...yaml, ...(stdin === undefined ? {} : { stdin }) }, shell)
      const ended = await apply('command', look, shell)
      t.equal(ended.stdout, `${token.reveal()}|a b|${stdin === undefined ? '' : 'in\nput\n'}`)
      t.notMatch(kindOf('command').apply(look.want, look.seen)[0]?.sh, 'quoted', 'the secret is not in the script')
    }
    t.equal((await apply('command', await plan('command', { sh: 'exit 7' }, shell), shell)).code, 7)
    t.equal((await apply('command', await plan('command', { argv: ['true'], cwd: '/nowhere' }, shell), shell)).code, 1)

    const read = await plan('command', { sh: 'cat; echo out; echo err >&2; exit 3', read_only: true }, shell)
    t.match(read.seen, { rc: 3, stdout: 'out\n', stderr: 'err' })
    t.same(read.changes, [])
    const silent = await plan('command', { argv: ['true'], read_only: true }, shell)
    t.match(silent.seen, { rc: 0, stdout: '', stderr: '' })
  })
}

test('a large tree goes over in few round trips, and a large file on its own', async t => {
  const here = t.testdir({ big: 'x'.repeat(5 << 20), many: {} })
  for (let index = 0; index < 200; index++)
    writeFileSync(join(here, 'many', `file ${index}`), `number ${index}\n`.repeat(index))
  mkdirSync(join(here, 'to'))
  writeFileSync(join(here, 'many/big'), readFileSync(join(here, 'big')))
  const look = await plan('copy', { src: 'many', dest: join(here, 'to') }, ['dash'], here)
  const scripts = kindOf('copy').apply(look.want, look.seen)
  t.ok(scripts.length <= 5, `${scripts.length} scripts`)
  t.ok(scripts.every(script => script.sh.length < 100_000))
  t.equal((await apply('copy', look, ['dash'])).code, 0)
  t.same((await plan('copy', { src: 'many', dest: join(here, 'to') }, ['dash'], here)).changes, [])
})

test('what may not be looked at is a fault, not absent', async t => {
  const here = t.testdir({ closed: { file: '' } })
  chmodSync(join(here, 'closed'), 0o700)
  const nobody: Shell = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'dash']
  await t.rejects(plan('file', { path: join(here, 'closed/file') }, nobody), /no permission to look into/)
  await t.rejects(plan('user', { name: 'root', password_hash: '*' }, nobody), /no permission to read password hashes/)
})

test('copied files keep who may read them, and what they are', async t => {
  const here = t.testdir({ private: 'k', open: 'o' })
  chmodSync(join(here, 'private'), 0o600)
  chmodSync(join(here, 'open'), 0o664)
  const resource = kindOf('copy')
  const load = (src: string) => resource.load?.(resource.schema.parse({ src, dest: '/x' }), contextIn(here))
  t.match(await load('private'), { items: [{ mode: '0600' }] })
  t.match(await load('open'), { items: [{ mode: '0644' }] })
})
