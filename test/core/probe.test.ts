// Joined probes: every piece answers for itself, whatever the others do, in every shell that a host may have.
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'tap'
import { factsProbe, readFacts } from '../../core/facts.js'
import { cannotBecome, joinChange, joinPieces, splitAnswers, tookTooLong } from '../../core/probe/join.js'
import { quote, sh } from '../../core/sh.js'

const marker = 'longshore-test-marker'
const shells: [string, string[]][] = [
  ['dash', []],
  ['bash', ['--posix']],
  ['busybox', ['sh']],
].filter(([name]) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0) as [string, string[]][]

const nasty = ["it's", 'a b', '$HOME', '`id`', '"', '\\', 'new\nline', '*', '-n', 'ü', '!', '#x', '~', '{a,b}', '']

const pieces: [string, ReturnType<typeof sh>, number | undefined, string][] = [
  ['plain', sh`echo hello`, 0, 'hello\n'],
  ['no newline at its end', sh`printf abc`, 0, 'abc'],
  ['nothing', sh`:`, 0, ''],
  ['only newlines', sh`printf '\n\n'`, 0, '\n\n'],
  ['a code of its own', sh`echo before; exit 3`, 3, 'before\n'],
  ['broken syntax', sh`if then fi ((`, undefined, ''],
  ['eats its input', sh`cat; echo fed`, 0, 'fed\n'],
  ['speaks on stderr', sh`echo oops >&2; echo fine`, 0, 'fine\n'],
  ['changes the folder', sh`cd /; LC_ALL=xx; set -e; pwd`, 0, '/\n'],
  ['after it', sh`echo "$LC_ALL"`, 0, 'C\n'],
  ['words', sh`printf '%s|' ${nasty}`, 0, `${nasty.join('|')}|`],
  ['last', sh`echo end`, 0, 'end\n'],
]

test('each piece harms only itself', t => {
  t.ok(shells.length > 0)
  for (const [shell, args] of shells) {
    const script = joinPieces(
      pieces.map(([id, command]) => ({ id, command })),
      marker,
    )
    const ran = spawnSync(shell, [...args, '-s'], { input: script, encoding: 'utf8' })
    const answers = splitAnswers(
      { code: 0, stdout: ran.stdout, stderr: ran.stderr },
      pieces.map(([id]) => id),
      marker,
    )
    for (const [id, , code, out] of pieces) {
      if (code === undefined) t.not(answers.get(id)?.code, 0, `${shell}: ${id}`)
      else t.match(answers.get(id), { code, out }, `${shell}: ${id}`)
    }
    t.match(answers.get('speaks on stderr')?.err, /oops/, shell)
  }
  t.end()
})

test('a script cut off half way leaves answers missing, not empty', t => {
  const script = joinPieces(
    [
      { id: 'one', command: sh`echo 1` },
      { id: 'two', command: sh`kill -9 $$` },
      { id: 'three', command: sh`echo 3` },
    ],
    marker,
  )
  const ran = spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' })
  const answers = splitAnswers({ code: 0, stdout: ran.stdout, stderr: ran.stderr }, ['one', 'two', 'three'], marker)
  t.equal(answers.get('one')?.out, '1\n')
  t.notOk(answers.has('two'))
  t.notOk(answers.has('three'))
  t.end()
})

test('a change reads its payload; probes follow only when it ended well', t => {
  const probes = [{ id: 'p', command: sh`echo probed; cat` }]
  for (const [shell, args] of shells) {
    const good = joinChange({ id: 'c', command: { sh: 'cat', stdin: '' } }, probes, marker, {
      before: ':',
      afterwards: 'echo ignored >/dev/null',
    })
    const ran = spawnSync(shell, [...args, '-c', good], { input: 'payload', encoding: 'utf8' })
    const answers = splitAnswers({ code: 0, stdout: ran.stdout, stderr: ran.stderr }, ['c', 'p'], marker)
    t.match(answers.get('c'), { code: 0, out: 'payload' }, shell)
    t.match(answers.get('p'), { code: 0, out: 'probed\n' }, shell)
    const bad = joinChange({ id: 'c', command: sh`echo broken; exit 9` }, probes, marker)
    const failed = spawnSync(shell, [...args, '-s'], { input: bad, encoding: 'utf8' })
    const none = splitAnswers({ code: 0, stdout: failed.stdout, stderr: failed.stderr }, ['c', 'p'], marker)
    t.match(none.get('c'), { code: 9, out: 'broken\n' }, shell)
    t.notOk(none.has('p'), shell)
    const refused = joinChange({ id: 'c', command: sh`echo never` }, probes, marker, { before: 'false' })
    t.notMatch(spawnSync(shell, [...args, '-s'], { input: refused, encoding: 'utf8' }).stdout, /never/, shell)
  }
  t.end()
})

test('a piece that takes too long is ended, with all that it started; the others are not', t => {
  for (const [shell, args] of shells) {
    const slow = sh`echo begun; cat; sh -c 'trap : TERM; sleep 47; sleep 47'; echo late`
    const script = joinChange({ id: 'slow', command: { ...slow, stdin: 'x' }, timeout: 1 }, [], marker)
    const reads = joinPieces(
      [
        { id: 'slow', command: sh`echo begun; sleep 47; echo late`, timeout: 1 },
        { id: 'quick', command: sh`echo fine; exit 3`, timeout: 20 },
      ],
      marker,
    )
    const began = Date.now()
    const changed = spawnSync(shell, [...args, '-c', script], { input: 'payload', encoding: 'utf8' })
    const asked = spawnSync(shell, [...args, '-s'], { input: reads, encoding: 'utf8' })
    const answers = (ran: typeof asked, ids: string[]) =>
      splitAnswers({ code: 0, stdout: ran.stdout, stderr: ran.stderr }, ids, marker)
    t.match(answers(changed, ['slow']).get('slow'), { code: tookTooLong, out: 'begun\npayload' }, shell)
    t.match(answers(asked, ['slow', 'quick']).get('slow'), { code: tookTooLong, out: 'begun\n' }, shell)
    t.match(answers(asked, ['slow', 'quick']).get('quick'), { code: 3, out: 'fine\n', err: '' }, shell)
    t.ok(Date.now() - began < 20_000, 'nobody waits for what was left running')
  }
  t.end()
})

test('pieces run as whom they say', t => {
  const me = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
  const script = joinPieces(
    [
      { id: 'me', command: sh`id -un`, user: me },
      { id: 'login', command: sh`id -un`, user: 'login' },
      { id: 'nobody', command: sh`id -un; echo "it's"`, user: 'nobody' },
    ],
    marker,
  )
  const ran = spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' })
  const answers = splitAnswers({ code: 0, stdout: ran.stdout, stderr: ran.stderr }, ['me', 'login', 'nobody'], marker)
  t.equal(answers.get('me')?.out, `${me}\n`)
  t.equal(answers.get('login')?.out, `${me}\n`)
  if (me === 'root') {
    t.equal(answers.get('nobody')?.out, "nobody\nit's\n")
    const low = spawnSync('su', ['-s', '/bin/sh', 'nobody', '-c', 'sh -s'], {
      input: script.replaceAll(quote(me), 'root'),
      encoding: 'utf8',
    })
    const theirs = splitAnswers({ code: 0, stdout: low.stdout, stderr: low.stderr }, ['me', 'login', 'nobody'], marker)
    t.equal(theirs.get('me')?.code, cannotBecome)
    const later = { id: 'later', command: sh`id -un`, user: 'made-by-a-later-task' }
    const asked = (script: string): ReturnType<typeof splitAnswers> => {
      const { stdout, stderr } = spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' })
      return splitAnswers({ code: 0, stdout, stderr }, ['later'], marker)
    }
    t.equal(asked(joinPieces([later], marker)).get('later')?.out, 'root\n', 'a user who is not there yet has nothing')
    t.not(asked(joinChange(later, [], marker)).get('later')?.code, 0, 'but root changes nothing in their place')
  } else t.equal(answers.get('nobody')?.code, cannotBecome)
  t.end()
})

test('facts of this machine are read in every shell', t => {
  for (const [shell, args] of shells) {
    const facts = readFacts(execFileSync(shell, [...args, '-s'], { input: `${factsProbe.sh}`, encoding: 'utf8' }))
    t.match(
      facts,
      {
        os: { id: /\w/, family: /\w/ },
        arch: /\w/,
        init: /systemd|sysv|none/,
        cpus: Number,
        memory_mb: Number,
        user: /\w/,
      },
      shell,
    )
    t.ok(facts.cpus > 0 && facts.memory_mb > 0 && facts.uid >= 0, shell)
  }
  t.end()
})
