// json_file and yaml_file on the machine of the tests: what they leave on the disk, under every shell.
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { Secret } from '../../core/secret.js'
import { apply, converge, plan, shells } from './shells.js'

all.setTimeout(600_000)

for (const shell of shells)
  test(`keys of files, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({ 'a.json': '{\n\t"a": 1\n}\n', 'a.yaml': '# head\na: 1 # one\nb: [x]\n' })
    /** Kind, file, YAML, the text after. */
    const rows: [string, string, object, string][] = [
      ['json_file', 'new.json', { set: { 'a.b': "it's" }, mode: '0640' }, `{\n  "a": {\n    "b": "it's"\n  }\n}\n`],
      ['json_file', 'a.json', { set: { b: ['é'] } }, '{\n\t"a": 1,\n\t"b": [\n\t\t"é"\n\t]\n}\n'],
      ['json_file', 'a.json', { remove: ['a', 'b'] }, '{}\n'],
      ['yaml_file', 'new.yaml', { set: { 'a.b': 1 }, backup: true }, 'a:\n  b: 1\n'],
      ['yaml_file', 'a.yaml', { set: { a: 2 }, remove: 'b', validate: 'grep -q 2 %s' }, '# head\na: 2 # one\n'],
    ]
    for (const [kind, name, yaml, after] of rows) {
      const path = join(here, name)
      const done = await converge(kind, { path, ...yaml }, shell)
      t.same([done.ended.code, done.left, done.changes.length], [0, [], 1], `${name} ${done.ended.stderr}`)
      t.equal(readFileSync(path, 'utf8'), after, name)
    }
    t.equal(statSync(join(here, 'new.json')).mode & 0o777, 0o640)

    const path = join(here, 'a.yaml')
    chmodSync(path, 0o604)
    const kept = await converge('yaml_file', { path, set: { c: new Secret('c', 's3cret') }, backup: true }, shell)
    t.same([kept.ended.code, kept.left, kept.changes[0]?.diff], [0, [], undefined], kept.ended.stderr)
    t.same([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['# head\na: 2 # one\nc: s3cret\n', 0o604])
    t.equal(readdirSync(here).filter(name => name.endsWith('~')).length, 1, 'the old file is kept')

    const bad = await apply(
      'yaml_file',
      await plan('yaml_file', { path, set: { a: 3 }, validate: 'grep -q 9 %s' }, shell),
      shell,
    )
    t.match(bad, { code: 1, stderr: /is as it was: the new content does not pass/ })
    const late = await plan('yaml_file', { path, set: { a: 4 } }, shell)
    writeFileSync(path, 'a: 0\n')
    t.match(await apply('yaml_file', late, shell), { code: 1, stderr: /has changed since the plan/ })
    t.equal(readFileSync(path, 'utf8'), 'a: 0\n')

    const missing = await plan('json_file', { path: join(here, 'none'), set: { a: 1 }, create: false }, shell)
    t.match(await apply('json_file', missing, shell), { code: 1, stderr: /does not exist on the host.*create: true/ })
    const gone = await plan('json_file', { path: join(here, 'none'), remove: 'a' }, shell)
    t.same(gone.changes, [], 'nothing to remove from a file that is not there')
  })
