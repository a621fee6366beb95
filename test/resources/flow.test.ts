// The kinds debug, set_fact, stat, script and reboot without a host: what they tell and give, recorded answers, refusals.
import { test } from 'tap'
import { Secret } from '../../core/secret.js'
import { interpreterOf } from '../../resources/flow/script.js'
import { recorded } from './recorded.js'
import { contextIn, kindOf } from './shells.js'

/** YAML, what is told. */
const told: [unknown, string][] = [
  ['hello', 'hello'],
  [{ msg: 'two\nlines' }, 'two\nlines'],
  [{ msg: 5 }, '5'],
  [{ msg: true }, 'true'],
  [{ msg: null }, 'null'],
  [{ msg: ['a', { b: 1 }] }, '- a\n- b: 1'],
  [{ msg: { 'a b': [1, 2] } }, 'a b:\n  - 1\n  - 2'],
  [{ msg: {} }, '{}'],
  [{ msg: new Secret('DB', 's3cret') }, '(secret DB)'],
  [{ msg: { password: new Secret('DB', 's3cret') } }, 'password: (secret DB)'],
  [{ var: { a: 1 } }, 'var:\n  a: 1'],
  [{ var: 3 }, 'var: 3'],
  [{ var: 'facts.os' }, 'facts.os:\n  id: debian\n  version: "12"'],
  [{ var: 'words' }, 'words: "a: b"'],
  [{ var: 'token' }, 'token: (it holds a secret)'],
]

for (const [yaml, expected] of told)
  test(`debug ${JSON.stringify(yaml)}`, async t => {
    const { schema, load, message, read, diff } = kindOf('debug')
    const answers: Record<string, string> = {
      'facts.os': 'id: debian\nversion: "12"',
      words: '"a: b"',
      token: 's3cret',
    }
    const context = {
      ...contextIn('/'),
      render: (text: string) => {
        const name = /^\{\{yaml (.*)\}\}$/.exec(text)?.[1] ?? ''
        return { text: answers[name] ?? 'not asked for', secret: name === 'token' }
      },
    }
    const want = await load?.(schema.parse(yaml), context)
    t.equal(message?.(want), expected)
    t.same(diff(want, read('asked\n', want)), [])
  })

test('set_fact gives what it was given', async t => {
  const { schema, gives, name } = kindOf('set_fact')
  const given = { a: 1, b_2: ['x'], c: { d: null }, e: new Secret('s', 'x') }
  const want = schema.parse(given)
  t.same(gives?.(want), given)
  t.equal(name(want), 'variables a, b_2, c, e')
})

test('stat of recorded answers', async t => {
  const { schema, read, result, diff } = kindOf('stat')
  const want = schema.parse('/srv/text')
  const of = (fixture: string): unknown => {
    const seen = read(recorded(fixture), want)
    t.same(diff(want, seen), [])
    return result?.(want, seen)
  }
  const no = { isfifo: false, issock: false, isblk: false, ischr: false, executable: false }
  const root = { owner: 'root', group: 'root', pw_name: 'root', gr_name: 'root', uid: 0, gid: 0, nlink: 1 }
  const checksum = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
  const file = of('stat-file') as { stat: { inode: number } }
  t.same(file, {
    stat: {
      exists: true,
      ...no,
      ...root,
      isreg: true,
      isdir: false,
      islnk: false,
      size: 5,
      mode: '0640',
      mtime: 1767225600,
      inode: file.stat.inode,
      checksum,
    },
  })
  const link = of('stat-link') as { stat: { inode: number; mtime: number } }
  t.same(link, {
    stat: {
      exists: true,
      ...no,
      ...root,
      isreg: false,
      isdir: false,
      islnk: true,
      size: 4,
      mode: '0777',
      mtime: link.stat.mtime,
      inode: link.stat.inode,
      lnk_target: 'text',
      lnk_source: '/srv/text',
    },
  })
  t.same(of('stat-absent'), { stat: { exists: false } })
  t.throws(() => read('kind=file\n', want), { name: 'UserError' })
})

test('reboot asks for it, and says for how long it may take', async t => {
  const { schema, read, diff, apply, verb, returnsWithin } = kindOf('reboot')
  const always = schema.parse(null)
  const seen = read(recorded('reboot-asked'), always)
  t.match(seen, { needed: true, boot: /^[\da-f-]{36}$/ })
  t.match(diff(always, seen), [{ what: 'reboot', from: 'asked each time' }])
  t.equal(verb(always, seen), 'restart')
  t.equal(returnsWithin?.(always), 600)
  const later = schema.parse({ when_file: '/run/reboot-required', pre_reboot_delay: 60, msg: "it's time" })
  t.same(diff(later, read(recorded('reboot-asked').replace('needed=yes', 'needed=no'), later)), [])
  t.match(apply(later, seen)[0]?.sh, /on-active=60 [\s\S]*sleep 60; reboot/)
})

test('the program that reads a script', async t => {
  for (const [text, words] of [
    ['#!/bin/sh\n', ['/bin/sh']],
    ['#! /usr/bin/env bash\n', ['/usr/bin/env', 'bash']],
    ['#!/usr/bin/env -S awk -f\r\n', ['/usr/bin/env', '-S awk -f']],
    ['#!/bin/bash -eu \nx', ['/bin/bash', '-eu']],
    ['echo', []],
    ['', []],
    ['\n#!/bin/sh', []],
  ] as const)
    t.same(interpreterOf(Buffer.from(text)), words, JSON.stringify(text))
})

test('a script runs each time unless something tells whether it is needed', async t => {
  const { schema, unknown, name, diff, read, touches } = kindOf('script')
  const plain = schema.parse('files/a.sh  --all /x')
  t.match(plain, { src: 'files/a.sh', args: ['--all', '/x'] })
  t.equal(name(plain), 'script files/a.sh --all /x')
  t.equal(unknown?.(plain), true)
  t.match(diff(plain, read('unchecked\n', plain)), [{ from: 'runs each time' }])
  for (const more of [{ check: 'a' }, { creates: '/a' }, { removes: '/a' }]) {
    const want = schema.parse({ src: 'a.sh', ...more })
    t.equal(unknown?.(want), false)
    t.same(diff(want, read('done\n', want)), [])
  }
  t.same(touches?.(schema.parse({ src: 'a', creates: '/a' })), ['file:/a'])
})

/** Kind, YAML, words of the refusal. */
const refused: [string, unknown, RegExp][] = [
  ['debug', {}, /either msg or var/],
  ['debug', { msg: 'a', var: 'b' }, /either msg or var/],
  ['debug', { message: 'a' }, /nrecognized key/],
  ['set_fact', {}, /at least one/],
  ['set_fact', { 'a-b': 1 }, /must be a name/],
  ['set_fact', { facts: 1 }, /is a word of the templates/],
  ['stat', 'etc', /absolute/],
  ['stat', { path: '/x', get_checksum: true }, /nrecognized key/],
  ['script', `a.sh "b c"`, /given as \{ src, args \}/],
  ['script', { src: 'a', cwd: '/a', chdir: '/b' }, /either cwd or chdir/],
  ['script', { src: 'a', args: [new Secret('s', 'x')] }, /process list|Invalid input/],
  ['script', { src: 'a', environment: { 'A-B': '1' } }, /name of a variable/],
  ['reboot', { when_file: 'run/x' }, /absolute/],
  ['reboot', { pre_reboot_delay: 0 }, />=2/],
  ['reboot', { msg: 'a\nb' }, /one line/],
]

for (const [kind, yaml, message] of refused)
  test(`${kind} refuses ${JSON.stringify(yaml)}`, async t => {
    t.throws(() => kindOf(kind).schema.parse(yaml), { message })
  })

test('a name that is none is no variable', async t => {
  const { schema, load } = kindOf('debug')
  await t.rejects(async () => load?.(schema.parse({ var: 'hello world' }), contextIn('/')), {
    message: /takes the name of a variable/,
  })
})
