// What joins a command with the machine it runs on: questions, this machine's files, options, words.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'tap'
import { localFiles } from '../../cli/files.js'
import { readGlobalOptions } from '../../cli/options.js'
import { askYesNo } from '../../cli/prompt.js'
import type { Io } from '../../cli/streams.js'
import { shellOf } from '../../cli/words.js'
import { UserError } from '../../core/errors.js'

/** Streams of which stdin is a terminal or not, and what was written to stderr. */
function streams(terminal: boolean): { io: Io; stdin: PassThrough; told(): string } {
  const stdin = new PassThrough()
  const stderr = new PassThrough()
  const io = { stdin: Object.assign(stdin, { isTTY: terminal }), stdout: new PassThrough(), stderr } as unknown as Io
  return { io, stdin, told: () => String(stderr.read() ?? '') }
}

test('a question: yes, no, neither, the end of input', async t => {
  const rows: [string, boolean, string][] = [
    ['y\n', true, 'Go? [y/N] '],
    ['YES\n', true, 'Go? [y/N] '],
    ['n\n', false, 'Go? [y/N] '],
    ['\n', false, 'Go? [y/N] '],
    ['', false, 'Go? [y/N] \n'],
  ]
  for (const [typed, expected, told] of rows) {
    const { io, stdin, told: heard } = streams(true)
    const answer = askYesNo(io, { text: 'Go?', flag: '--yes', signal: new AbortController().signal })
    stdin.end(typed)
    t.equal(await answer, expected, JSON.stringify(typed))
    t.equal(heard(), told)
  }
  const { io, stdin, told } = streams(true)
  const answer = askYesNo(io, { text: 'Go?', flag: '--yes', signal: new AbortController().signal })
  stdin.write('maybe\n')
  setTimeout(() => stdin.write('y\n'), 20)
  t.equal(await answer, true)
  t.equal(told(), 'Go? [y/N] Please answer y or n.\nGo? [y/N] ')
})

test('a question without a terminal, and an interrupt at one', async t => {
  const { io, told } = streams(false)
  const signal = new AbortController().signal
  await t.rejects(askYesNo(io, { text: 'Go?', flag: '--yes', signal }), {
    message: 'there is no terminal to ask at: Go?',
    hint: 'say --yes to answer yes',
    exit: 3,
  })
  t.equal(told(), '', 'nothing is asked')
  const controller = new AbortController()
  const answer = askYesNo(streams(true).io, { text: 'Go?', flag: '--yes', signal: controller.signal })
  controller.abort(new UserError('interrupted', { exit: 130 }))
  await t.rejects(answer, { message: 'interrupted', exit: 130 })
})

test("this machine's files", async t => {
  const folder = t.testdir({ 'b.txt': 'text', a: { 'x.sh': '#!/bin/sh\n', 'z.txt': '' } })
  chmodSync(join(folder, 'a', 'x.sh'), 0o750)
  chmodSync(join(folder, 'b.txt'), 0o640)
  chmodSync(join(folder, 'a'), 0o755)
  mkdirSync(join(folder, 'empty'), { mode: 0o700 })
  writeFileSync(join(folder, 'a.b'), 'xy', { mode: 0o600 })
  symlinkSync('a', join(folder, 'link'))
  symlinkSync('nowhere', join(folder, 'dangling'))
  const listed = await localFiles.list(folder)
  t.same(
    listed.map(({ path, kind, size, target }) => [path, kind, size, target]),
    [
      ['a', 'directory', 0, undefined],
      ['a.b', 'file', 2, undefined],
      ['a/x.sh', 'file', 10, undefined],
      ['a/z.txt', 'file', 0, undefined],
      ['b.txt', 'file', 4, undefined],
      ['dangling', 'link', 0, 'nowhere'],
      ['empty', 'directory', 0, undefined],
      ['link', 'link', 0, 'a'],
    ],
    'sorted by path, links not followed',
  )
  t.match(
    listed.find(entry => entry.path === 'a/x.sh'),
    { mode: 0o750 },
  )
  t.match(await localFiles.stat(join(folder, 'link')), { kind: 'directory' }, 'stat follows links')
  t.match(await localFiles.stat(join(folder, 'b.txt')), { kind: 'file', size: 4, mode: 0o640 })
  t.equal(await localFiles.stat(join(folder, 'dangling')), undefined)
  t.equal(await localFiles.exists(join(folder, 'b.txt', 'below')), false)
  t.equal(await localFiles.text(join(folder, 'b.txt')), 'text')
  t.equal((await localFiles.bytes(join(folder, 'a.b'))).length, 2)
  const rows: [() => Promise<unknown>, string][] = [
    [() => localFiles.text(join(folder, 'none')), `cannot read ${folder}/none: there is no such file`],
    [() => localFiles.bytes(folder), `cannot read ${folder}: it is a folder`],
    [() => localFiles.list(join(folder, 'b.txt')), `cannot read ${folder}/b.txt: a part of its path is no folder`],
  ]
  for (const [reading, message] of rows) await t.rejects(reading(), { name: 'UserError', message, exit: 3 })
})

test('options: before and after the command, lists joined, the later value counts', t => {
  t.same(
    readGlobalOptions(
      { file: 'a', var: ['A=1', 'B=x=y'], tags: ['one, two'], color: true, yes: true, forks: '5' },
      { file: 'b', var: ['A=2'], tags: ['three'], color: false, json: true },
    ),
    {
      file: 'b',
      on: undefined,
      tags: ['one', 'two', 'three'],
      vars: { A: '2', B: 'x=y' },
      json: true,
      yes: true,
      color: false,
      verbose: false,
      acceptNewHostKeys: false,
      report: 'json',
      forks: 5,
    },
  )
  t.match(readGlobalOptions({ report: 'json' }, {}), { json: true, report: 'json', color: true })
  t.throws(() => readGlobalOptions({ var: ['=x'] }, {}), { message: '--var takes NAME=VALUE, not "=x"', exit: 3 })
  t.end()
})

test('words: one is shell text, several are taken as they are', t => {
  t.same(shellOf(['echo $HOME | wc']), { sh: 'echo $HOME | wc' })
  t.same(shellOf(['grep', 'a b', '$x']), { sh: "grep 'a b' '$x'" })
  t.end()
})
