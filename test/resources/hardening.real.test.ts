// The kinds of resources/hardening: owners and modes on the machine of the tests under every shell, and what audit rules come to.
import { chmodSync, chownSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { auditHeader } from '../../core/state.js'
import { converge, kindOf, plan, shells } from './shells.js'

for (const shell of shells)
  test(`permissions in ${shell.join(' ')}`, async t => {
    const here = t.testdir({ 'a.crt': '', 'b.crt': '', 'c.key': '', less: '' })
    const at = (name: string): string => join(here, name)
    const set = (name: string, mode: number, owner = 0): void => {
      chownSync(at(name), owner, owner)
      chmodSync(at(name), mode)
    }
    const modes = (...names: string[]): string[] => names.map(name => (statSync(at(name)).mode & 0o7777).toString(8))
    set('a.crt', 0o664)
    set('b.crt', 0o640, 4321)
    set('less', 0o400)
    const want = { paths: [at('*.crt'), at('less'), at('none')], at_most: '0644', owner: 'root', group: 'root' }
    const { ended, changes, left } = await converge('permissions', want, shell)
    t.equal(ended.code, 0, ended.stderr)
    t.match(
      changes.map(({ what, from, to }) => `${what.replace(`${here}/`, '')} ${from} ${to}`),
      ['a.crt mode 0664 0644', /^b\.crt owner (UNKNOWN|4321) root$/, /^b\.crt group (UNKNOWN|4321) root$/],
    )
    t.same(left, [], 'a second time nothing')
    t.same(modes('a.crt', 'b.crt', 'less'), ['644', '640', '400'], 'nobody gains a right')
    t.equal(statSync(at('b.crt')).uid, 0)

    set('c.key', 0o4755)
    writeFileSync(at('with blank.key'), '')
    const keys = { paths: at('*.key'), at_most: '0400' }
    t.equal((await converge('permissions', keys, shell)).left.length, 0)
    t.same(modes('c.key', 'with blank.key'), ['400', '400'])
    const kind = kindOf('permissions')
    const { want: read, seen } = await plan('permissions', { paths: at('nothing*'), at_most: '0600' }, shell)
    t.same(kind.diff(read, seen), [])
    t.equal(kind.mayReturn?.(read, seen), true, 'what is not there may come with a package')
  })

test('permissions refuse what a shell would read', t => {
  const { schema } = kindOf('permissions')
  for (const paths of ['/a b', '/a;reboot', '/$(reboot)', 'relative', '/a`b`', []])
    t.equal(schema.safeParse({ paths, at_most: '0600' }).success, false, JSON.stringify(paths))
  t.end()
})

test('audit rules', async t => {
  const kind = kindOf('engine_audit')
  const yaml = { project: 'shop', programs: ['/usr/bin/dockerd'], files: ['/etc/docker', '/none/there/x'] }
  const want = kind.schema.parse(yaml)
  const rules = '-w /usr/bin/dockerd -p rwxa -k docker\n-w /etc/docker -p wa -k docker\n'
  const text = `${auditHeader('shop')}\n${rules}`
  const absent = { kind: 'absent', mode: '0000', owner: '', group: '', uid: '', gid: '', size: 0, sum: '' }
  const { createHash } = await import('node:crypto')
  const holding = (content: string): object => {
    const sum = createHash('sha256').update(content).digest('hex')
    return {
      kind: 'file',
      mode: '0640',
      owner: 'root',
      group: 'root',
      uid: '0',
      gid: '0',
      size: content.length,
      sum,
      text: content,
    }
  }
  const see = (file: object, audit: string, inForce: string[] = []) => ({
    file,
    lacking: new Set(['/none/there']),
    audit,
    rules: inForce,
  })
  const loaded = [
    '-w /usr/bin/dockerd -p rwxa -k docker',
    '-a always,exit -S all -F dir=/etc/docker -F perm=wa -F key=docker',
  ]
  // What is there; what differs; words of the scripts.
  const rows: [object, string[], RegExp][] = [
    [see(absent, 'none'), ['content'], /mkdir -p \/etc\/audit\/rules\.d[\s\S]*augenrules --load/],
    [see(holding(text), 'closed'), [], /^$/],
    [see(holding(text), 'open', loaded), [], /^$/],
    [see(holding(text), 'locked'), [], /^$/],
    [see(holding(text), 'open', loaded.slice(1)), ['rules'], /augenrules --load/],
    [see(holding(`${auditHeader('other')}\n${rules}`), 'open', loaded), [], /^$/],
    [see(holding(`${auditHeader('shop')}\n-w /old -p wa -k docker\n`), 'open', loaded), ['content'], /augenrules/],
  ]
  for (const [seen, expected, words] of rows) {
    t.same(
      kind.diff(want, seen).map(({ what }) => what),
      expected,
    )
    t.match(
      kind
        .apply(want, seen)
        .map(({ sh }) => sh)
        .join('\n'),
      words,
    )
  }
  const gone = kind.schema.parse({ project: 'shop', state: 'absent' })
  t.match(kind.diff(gone, see(holding(text), 'open', loaded)), [{ from: 'present', to: 'absent' }])
  t.match(
    kind
      .apply(gone, see(holding(text), 'open', loaded))
      .map(({ sh }) => sh)
      .join('\n'),
    /rm -f[\s\S]*auditctl -W/,
  )
  t.same(kind.diff(gone, see(absent, 'none')), [])
  for (const [audit, count] of [
    ['open', 0],
    ['closed', 1],
    ['locked', 1],
    ['none', 0],
  ] as const)
    t.equal(kind.warnings?.(want, see(absent, audit)).length, count, audit)
  for (const shell of shells) {
    const { seen } = await plan('engine_audit', yaml, shell)
    t.match(seen, { audit: /^(none|closed|locked|open)$/, lacking: new Set(['/none/there']) }, shell.join(' '))
  }
})
