// Hosts behind ssh, against a real private sshd: commands, streams, limits, losses.
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import type { Connection } from '../../core/connection.js'
import { Secret } from '../../core/secret.js'
import { sh, withStdin } from '../../core/sh.js'
import { connectWith, hostOf, makeKey, makeUser, run, startSshd, testFolder } from './private-sshd.js'

const folder = testFolder()
const key = makeKey(folder.at('id'))
const sshd = await startSshd(folder.path, 'main', `${key}.pub`)
const removeUser = makeUser('lshexec', 'pw-exec', 'lshexec ALL=(ALL) NOPASSWD: ALL')
const host = hostOf({ user: 'lshexec', port: sshd.port, identity: key, hostKey: sshd.hostKey })
const connect = connectWith({ home: folder.path })

/** How many sessions of our user's connections run at this moment. */
const sessionsNow = (): number => Number(run('sh', ['-c', 'pgrep -xc lsh-session || true']))

test('a host behind ssh', async t => {
  t.teardown(async () => {
    await sshd.stop()
    removeUser()
    folder.remove()
  })
  let web: Connection

  await t.test('connects with the key of our file', async t => {
    web = await connect(host)
    t.equal(web.host, 'web1')
    t.same(web.stats, { connections: 1, execs: 0, dials: 0 })
  })

  await t.test('runs commands', async t => {
    const rows: { name: string; got: unknown; want: unknown }[] = [
      {
        name: 'output, error output and exit code',
        got: await web.exec(sh`echo out; echo err >&2; exit 3`),
        want: { code: 3, stdout: 'out\n', stderr: 'err\n' },
      },
      { name: 'the C locale', got: (await web.exec(sh`echo $LC_ALL`)).stdout, want: 'C\n' },
      { name: 'as the login user', got: (await web.exec(sh`id -un`)).stdout, want: 'lshexec\n' },
      { name: 'as root', got: (await web.exec(sh`id -un; pwd`, { as: 'root' })).stdout, want: 'root\n/home/lshexec\n' },
      { name: 'as best', got: (await web.exec(sh`id -un`, { as: 'best' })).stdout, want: 'root\n' },
      { name: 'a signal as the shell counts it', got: (await web.exec(sh`kill -TERM $$`)).code, want: 143 },
      {
        name: 'a payload of text',
        got: (await web.exec(withStdin(sh`cat; echo ${"it's"}`, 'ä\n'))).stdout,
        want: "ä\nit's\n",
      },
      {
        name: 'a payload of 1 MB',
        got: (await web.exec(withStdin(sh`wc -c`, Buffer.alloc(1_000_000, 'x')))).stdout,
        want: '1000000\n',
      },
      {
        name: 'a secret',
        got: (await web.exec(withStdin(sh`cat`, { secret: new Secret('S', 'sesame') }))).stdout,
        want: 'sesame',
      },
      {
        name: 'a script of 1 MB',
        got: (await web.exec({ sh: `${': # filler\n'.repeat(100_000)}echo end` })).stdout,
        want: 'end\n',
      },
      {
        name: 'the code of a program that closes its output long before it ends',
        got: (await web.exec(sh`exec >&- 2>&-; sleep 0.3; exit 6`)).code,
        want: 6,
      },
      {
        name: 'a payload that is not read',
        got: (await web.exec(withStdin(sh`exec <&-; exit 5`, Buffer.alloc(8_000_000)))).code,
        want: 5,
      },
    ]
    for (const { name, got, want } of rows) t.same(got, want, name)
    writeFileSync(folder.at('payload'), 'from a file')
    t.equal((await web.exec(withStdin(sh`cat`, { file: folder.at('payload') }))).stdout, 'from a file')
    await t.rejects(web.exec(withStdin(sh`cat`, { file: folder.at('missing') })), {
      name: 'UserError',
      message: /cannot read .*missing/,
    })
    await t.rejects(web.exec({ sh: ':'.repeat(110_000), stdin: '' }), { message: /100 KB/ })
  })

  await t.test('tells lines as they come, without control characters', async t => {
    const seen: string[] = []
    await web.exec(sh`printf 'a\033[31mb\n10%%\r20%%\nlast'; sleep 0.1; echo c >&2`, {
      onLine: line => seen.push(line),
    })
    t.same(seen.sort(), ['20%', 'ab', 'c', 'last'])
  })

  await t.test('bounds output', async t => {
    await t.rejects(web.exec(sh`head -c 9000000 /dev/zero`), { name: 'UserError', message: /more than 8 MiB/ })
    t.equal((await web.exec(sh`head -c 8000000 /dev/zero | tr '\0' x`)).stdout.length, 8_000_000)
  })

  await t.test('does not wait for a daemon that keeps the output open', async t => {
    const got = await web.exec(sh`echo started; sleep 60 & exit 0`)
    t.same(got, { code: 0, stdout: 'started\n', stderr: '' })
    await web.exec(sh`pkill -u lshexec -x sleep`)
  })

  for (const as of ['login', 'root'] as const)
    await t.test(`ends a command of ${as} that is aborted or takes too long`, async t => {
      const marker = folder.at(`ended-${as}`)
      const waiting = sh`trap 'id -un >${marker}; exit' TERM; sleep 30 & wait`
      writeFileSync(marker, '')
      run('chmod', ['666', marker])
      const controller = new AbortController()
      setTimeout(() => controller.abort(new Error('enough')), 300)
      await t.rejects(web.exec(waiting, { as, signal: controller.signal }), { message: 'enough' })
      t.equal(readFileSync(marker, 'utf8'), as === 'root' ? 'root\n' : 'lshexec\n', 'it was told to end')
      await t.rejects(web.exec(sh`sleep 30`, { as, timeoutMs: 200 }), {
        name: 'UserError',
        message: /did not end within 0.2 s/,
      })
      t.equal(run('sh', ['-c', 'pgrep -fx "sleep 30" || true']), '', 'nothing is left of it')
      await t.rejects(web.exec(sh`true`, { signal: AbortSignal.abort(new Error('before')) }), { message: 'before' })
    })

  await t.test('never has more than eight sessions', async t => {
    // A shell under a name of its own, so that running sessions can be counted.
    run('cp', ['/bin/sleep', '/tmp/lsh-session'])
    const before = web.stats.execs
    let most = 0
    const counting = setInterval(() => {
      most = Math.max(most, sessionsNow())
    }, 30)
    const all = await Promise.all(Array.from({ length: 20 }, () => web.exec(sh`/tmp/lsh-session 0.4`)))
    clearInterval(counting)
    run('rm', ['/tmp/lsh-session'])
    t.same(new Set(all.map(({ code }) => code)), new Set([0]))
    t.ok(most <= 8 && most >= 6, `${most} at a time`)
    t.equal(web.stats.execs - before, 20)
    t.equal(web.stats.connections, 1)
  })

  await t.test('makes do with fewer sessions where sshd allows fewer', async t => {
    const narrow = await startSshd(folder.path, 'narrow', `${key}.pub`, 'MaxSessions 2')
    t.teardown(() => narrow.stop())
    const host = await connect(hostOf({ user: 'lshexec', port: narrow.port, hostKey: narrow.hostKey, identity: key }))
    const all = await Promise.all([1, 2, 3, 4, 5, 6].map(n => host.exec(sh`sleep 0.1; echo ${n}`)))
    t.same(
      all.map(({ stdout }) => stdout),
      ['1\n', '2\n', '3\n', '4\n', '5\n', '6\n'],
    )
    await host.close()
  })

  await t.test('has terminals', async t => {
    const terminal = await web.terminal(undefined, { columns: 91, rows: 33 })
    let text = ''
    terminal.onData(data => {
      text += Buffer.from(data).toString()
    })
    terminal.write('stty size; tty\n')
    await sleep(300)
    terminal.resize({ columns: 100, rows: 40 })
    terminal.write('stty size; exit 7\n')
    t.equal(await terminal.exit, 7)
    t.match(text, /33 91/)
    t.match(text, /\/dev\/pts\//)
    t.match(text, /40 100/)
    const command = await web.terminal(sh`test -t 0 && exit 9`, { columns: 80, rows: 24 })
    t.equal(await command.exit, 9)
  })

  await t.test('comes back with the groups that were joined', async t => {
    run('groupadd', ['lshgroup'])
    t.teardown(() => run('groupdel', ['lshgroup']))
    run('usermod', ['-a', '-G', 'lshgroup', 'lshexec'])
    const { connections } = web.stats
    t.notMatch((await web.exec(sh`id -Gn`)).stdout, /lshgroup/)
    await web.renew()
    t.match((await web.exec(sh`id -Gn`)).stdout, /lshgroup/)
    t.equal(web.stats.connections, connections + 1)
  })

  await t.test('a lost connection is an error, never a success', async t => {
    const lost = { name: 'UserError', exit: 4, where: 'web1' }
    const running = web.exec(sh`sleep 0.5; echo never`)
    const terminal = await web.terminal(undefined, { columns: 80, rows: 24 })
    const dialled = folder.at('lost.sock')
    const server = createServer(socket => socket.resume()).listen(dialled)
    await once(server, 'listening')
    run('chmod', ['666', dialled])
    const stream = await web.dial(dialled)
    const closed = new Promise(resolve => stream.on('error', () => undefined).once('close', resolve))
    stream.resume()
    await sleep(150)
    run('pkill', ['-KILL', '-f', 'sshd: lshexec'])
    await t.rejects(running, { ...lost, message: /lost while a command ran/ })
    await t.rejects(terminal.exit, lost)
    await closed
    server.close()
    await t.rejects(web.exec(sh`true`), lost)
    await t.rejects(web.dial(dialled), lost)
    await web.renew()
    t.equal((await web.exec(sh`echo again`)).stdout, 'again\n')
    await web.close()
    await t.rejects(async () => web.exec(sh`true`), lost)
    t.notOk(existsSync(folder.at('never')))
  })
})
