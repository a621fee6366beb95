// Kinds that change a part of a text file, on the machine of the tests: what each makes of a text, and that a second run has nothing to do.
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { Secret } from '../../core/secret.js'
import { apply, converge, kindOf, plan, run, shells } from './shells.js'

all.setTimeout(600_000)

const block = (text: string, mark = '#'): string =>
  `${mark} BEGIN LONGSHORE MANAGED BLOCK\n${text}${mark} END LONGSHORE MANAGED BLOCK\n`

/** Kind, YAML without its path, the text before (undefined: no file), the text after. */
const rows: [string, object, string | undefined, string | undefined][] = [
  ['line', { line: 'b' }, 'a\n', 'a\nb\n'],
  ['line', { line: 'b' }, 'a', 'a\nb\n'],
  ['line', { line: 'a' }, 'a', 'a'],
  ['line', { line: '' }, 'a\n', 'a\n\n'],
  ['line', { line: 'b', create: true }, undefined, 'b\n'],
  ['line', { line: 'b', state: 'absent' }, undefined, undefined],
  ['line', { line: 'b', state: 'absent' }, 'b\nab\nb', 'ab\n'],
  ['line', { regexp: '^b', state: 'absent' }, 'b1\na\nb2\n', 'a\n'],
  ['line', { line: 'x=2', regexp: '^#?x=' }, '#x=1\ny\nx=1\nz\n', '#x=1\ny\nx=2\nz\n'],
  ['line', { line: 'x=2', regexp: '^#?x=' }, 'y\n', 'y\nx=2\n'],
  ['line', { line: 'new', regexp: '^old' }, 'new\n', 'new\n'],
  ['line', { line: 'n', insertafter: '^\\[b' }, '[a]\n[b]\nc\n', '[a]\n[b]\nn\nc\n'],
  ['line', { line: 'n', insertbefore: '^\\[b' }, '[a]\n[b]\nc\n', '[a]\nn\n[b]\nc\n'],
  ['line', { line: 'n', insertbefore: 'BOF' }, 'a\n', 'n\na\n'],
  ['line', { line: 'n', insertafter: 'none' }, 'a\n', 'a\nn\n'],
  ['line', { line: '\\2-$1-\\1', regexp: '^(\\w)=(\\w)$', backrefs: true }, 'a=b\n', 'b-$1-a\n'],
  ['line', { line: '\\1', regexp: '^nothing(.)', backrefs: true }, 'a\n', 'a\n'],
  ['line', { line: `it's "é" $HOME \\n 'x'` }, 'ü\n', `ü\nit's "é" $HOME \\n 'x'\n`],
  ['block', { block: 'x\ny' }, 'a\n', `a\n${block('x\ny\n')}`],
  ['block', { block: 'x\n', create: true }, undefined, block('x\n')],
  ['block', { block: 'x', insertbefore: 'BOF' }, 'a', `${block('x\n')}a`],
  ['block', { block: 'new' }, `a\n${block('old\nold\n')}z\n`, `a\n${block('new\n')}z\n`],
  ['block', { block: 'new', insertbefore: 'BOF' }, `a\n${block('old\n')}`, `a\n${block('new\n')}`],
  ['block', { block: '' }, `a\n${block('old\n')}z`, 'a\nz'],
  ['block', { state: 'absent' }, `a\n${block('old\n')}`, 'a\n'],
  ['block', { block: 'x', marker: '// {mark} LONGSHORE MANAGED BLOCK' }, '', block('x\n', '//')],
  ['replace', { regexp: '^a(.*)$', replace: '[\\1|\\0|$1]' }, 'ab\nac\nx\n', '[b|ab|$1]\n[c|ac|$1]\nx\n'],
  ['replace', { regexp: 'a\\nb' }, 'xa\nby\n', 'xy\n'],
  ['replace', { regexp: '(?<=x )(?<n>\\d+)', replace: '<\\1>' }, 'x 12\n', 'x <12>\n'],
  ['replace', { regexp: 'nothing', replace: 'x' }, 'a', 'a'],
  ['ini', { section: 's', option: 'a', value: 1 }, undefined, '[s]\na = 1\n'],
  ['ini', { section: 's', option: 'a', value: 1 }, '[t]\na=2', '[t]\na=2\n\n[s]\na = 1\n'],
  ['ini', { section: 's', option: 'a', value: 1 }, '[s]\na=0\n[t]\na=2\n', '[s]\na=1\n[t]\na=2\n'],
  ['ini', { section: 's', option: 'a', value: '1' }, '[s]\n  a  =  1  \n', '[s]\n  a  =  1  \n'],
  ['ini', { section: 's', option: 'a', value: 1 }, '[s]\n;a=0\nb=1\n\n[t]\n', '[s]\n;a=0\nb=1\na = 1\n\n[t]\n'],
  ['ini', { section: 's', option: 'b', value: true, no_extra_spaces: true }, '[s]\n', '[s]\nb=true\n'],
  ['ini', { option: 'top', value: 'x y' }, '[s]\n', 'top = x y\n[s]\n'],
  ['ini', { section: 's', option: 'a', state: 'absent' }, '[s]\na=1\nb=2\n[t]\na=1\n', '[s]\nb=2\n[t]\na=1\n'],
  ['ini', { section: 's', state: 'absent' }, '[r]\n[s]\na=1\n\n[t]\nb=1\n', '[r]\n[t]\nb=1\n'],
  ['ini', { section: 'x', state: 'absent' }, '[r]\n', '[r]\n'],
]

for (const shell of shells) {
  test(`every row, and a second run has nothing to do, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({})
    for (const [index, [kind, yaml, before, after]] of rows.entries()) {
      const path = join(here, `it's ${index}`)
      if (before !== undefined) writeFileSync(path, before)
      const { ended, changes, left } = await converge(kind, { path, ...yaml }, shell)
      const row = `${kind} ${JSON.stringify(yaml)} in ${JSON.stringify(before)}`
      t.same([ended.code, ended.stderr, left], [0, '', []], row)
      t.equal(existsSync(path) ? readFileSync(path, 'utf8') : undefined, after, row)
      t.equal(changes.length, before === after ? 0 : 1, row)
      if (before !== after) t.match(changes[0]?.diff, /^[-+][^-+]?/m, 'a diff is shown')
    }
  })

  test(`care is taken, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({ text: 'old\n' })
    const path = join(here, 'text')
    const change = { path: join(here, 'link'), regexp: 'old|new', line: 'new' }
    symlinkSync('text', change.path)
    const careful = await converge('line', { ...change, mode: '0640', validate: 'grep -q new %s' }, shell)
    t.same([careful.ended.code, careful.left], [0, []], careful.ended.stderr)
    t.same([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['new\n', 0o640])

    for (const [kind, yaml] of [
      ['line', { path, line: 'bad' }],
      ['copy', { dest: path, content: 'bad' }],
      ['file', { path, content: new Secret('s', 'bad') }],
    ] as const) {
      const refused = await converge(
        kind,
        { ...yaml, backup: true, validate: 'echo "it hurts" && ! grep bad %s' },
        shell,
      )
      t.match(refused.ended, { code: 1, stderr: /it hurts[\s\S]*is as it was: the new content does not pass/ })
      t.equal(readFileSync(path, 'utf8'), 'new\n')
    }
    t.same(readdirSync(here).sort(), ['link', 'text'], 'neither a backup nor a temporary file')

    t.same((await converge('line', { path, line: 'more', backup: true }, shell)).left, [])
    const [kept = ''] = readdirSync(here).filter(name => /^text\.\d{4}-.*~$/.test(name))
    t.equal(readFileSync(join(here, kept), 'utf8'), 'new\n', 'the old text is kept')

    const look = await plan('line', { path, line: 'late' }, shell)
    writeFileSync(path, 'by hand\n')
    t.match(await apply('line', look, shell), { code: 1, stderr: /has changed since the plan/ })
    t.equal(readFileSync(path, 'utf8'), 'by hand\n')

    const secret = await plan('line', { path, line: new Secret('token', 'tok-3n') }, shell)
    t.equal(secret.changes[0]?.diff, undefined, 'a secret has no diff')
    t.notMatch(kindOf('line').apply(secret.want, secret.seen)[0]?.sh, 'tok-3n')
    t.equal((await apply('line', secret, shell)).code, 0)
    t.equal(readFileSync(path, 'utf8'), 'by hand\ntok-3n\n')

    const missing = await plan('line', { path: join(here, 'later'), line: 'x' }, shell)
    t.equal(missing.changes.length, 1, 'a task before may make the file, so the plan lists the line')
    t.match(await apply('line', missing, shell), { code: 1, stderr: /does not exist on the host.*create: true/ })
  })

  test(`what cannot be edited is said, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({ folder: {}, half: '# BEGIN LONGSHORE MANAGED BLOCK\n', a: 'a\n' })
    writeFileSync(join(here, 'bytes'), Buffer.from([0x61, 0xff, 0xfe, 0x0a]))
    writeFileSync(join(here, 'big'), 'x'.repeat((1 << 20) + 1))
    const refused: [string, object, RegExp][] = [
      ['line', { path: join(here, 'folder'), line: 'x' }, /is a directory/],
      ['line', { path: join(here, 'bytes'), line: 'x' }, /no UTF-8 text/],
      ['line', { path: join(here, 'big'), line: 'x' }, /at most 1 MB/],
      ['block', { path: join(here, 'half'), block: 'x' }, /only one of the two markers/],
      ['replace', { path: join(here, 'a'), regexp: 'a', replace: 'aa' }, /again each time/],
    ]
    for (const [kind, yaml, message] of refused) await t.rejects(plan(kind, yaml, shell), { message })
  })

  test(`waiting for ports and paths, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({ there: '' })
    const late = join(here, 'late')
    t.same((await plan('wait_for', { path: join(here, 'there') }, shell)).changes, [])
    const waiting = converge('wait_for', { path: late, timeout: 20 }, shell)
    setTimeout(() => writeFileSync(late, ''), 500)
    t.match(await waiting, { changes: [{ from: 'absent', to: 'present' }], ended: { code: 0 }, left: [] })
    const never = await converge('wait_for', { path: late, state: 'absent', timeout: 1 }, shell)
    t.match(never.ended, { code: 1, stderr: /late: still present after 1 seconds/ })
    t.match((await plan('wait_for', { port: 1 }, shell)).changes, [{ from: 'no answer' }])
    t.same((await plan('wait_for', { port: 1, state: 'stopped' }, shell)).changes, [])
  })

  test(`shell text is read by sh, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({})
    const first = await converge('shell', { sh: 'echo a | tee made', cwd: here, creates: join(here, 'made') }, shell)
    t.match(first, { ended: { code: 0, stdout: 'a\n' }, left: [] })
    t.equal((await apply('shell', await plan('shell', 'exit 5', shell), shell)).code, 5)
    t.equal((await run({ sh: `[ -f ${join(here, 'made')} ]` })).code, 0)
  })
}
