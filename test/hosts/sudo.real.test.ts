// Becoming root: sudo in all its moods, over ssh and on this machine, with real users.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { test } from 'tap'
import type { As, Connection } from '../../core/connection.js'
import type { Become } from '../../core/project.js'
import { Secret } from '../../core/secret.js'
import { sh, withStdin } from '../../core/sh.js'
import { connectWith, hostOf, makeKey, makeUser, run, startSshd, testFolder } from './private-sshd.js'

const folder = testFolder()
const key = makeKey(folder.at('id'))
const sshd = await startSshd(folder.path, 'main', `${key}.pub`)
const removers = [
  makeUser('lshfree', 'pw-free', 'Defaults:lshfree !use_pty\nlshfree ALL=(ALL) NOPASSWD: ALL'),
  makeUser('lshpass', 'pw-pass', 'Defaults:lshpass lecture=always\nlshpass ALL=(ALL) ALL'),
  makeUser('lshonce', 'pw-once', 'Defaults:lshonce passwd_tries=1\nlshonce ALL=(ALL) ALL'),
  // A ticket that holds for every session, not only for children of one shell.
  makeUser('lshticket', 'pw-ticket', 'Defaults:lshticket timestamp_type=global\nlshticket ALL=(ALL) ALL'),
  makeUser('lshsome', 'pw-some', 'lshsome ALL=(ALL) NOPASSWD: /usr/bin/true'),
  makeUser('lshnone', 'pw-none'),
]

const become = (password?: string, user = 'root'): Become => ({
  method: 'sudo',
  user,
  ...(password === undefined ? {} : { password: new Secret('SUDO', password) }),
})

const connect = connectWith({ home: folder.path })
const loginAs = (user: string, how?: Become): Promise<Connection> =>
  connect(
    hostOf({
      user,
      port: sshd.port,
      hostKey: sshd.hostKey,
      identity: key,
      ...(how === undefined ? {} : { become: how }),
    }),
  )

test('becoming root', async t => {
  t.teardown(async () => {
    await sshd.stop()
    for (const remove of removers) remove()
    folder.remove()
  })

  await t.test('where it works', async t => {
    const rows: { name: string; user: string; how?: Become; as: As; who: string }[] = [
      { name: 'no password needed', user: 'lshfree', as: 'root', who: 'root' },
      { name: 'none needed, but one given', user: 'lshfree', how: become('pw-free'), as: 'root', who: 'root' },
      { name: 'none needed, and a wrong one given', user: 'lshfree', how: become('pw-wrong'), as: 'root', who: 'root' },
      { name: 'another user', user: 'lshfree', how: become(undefined, 'lshnone'), as: 'root', who: 'lshnone' },
      { name: 'a password, after a lecture', user: 'lshpass', how: become('pw-pass'), as: 'root', who: 'root' },
      { name: 'best: as configured', user: 'lshpass', how: become('pw-pass'), as: 'best', who: 'root' },
      { name: 'best: not configured, works without', user: 'lshfree', as: 'best', who: 'root' },
      { name: 'best: not configured, does not work', user: 'lshpass', as: 'best', who: 'lshpass' },
      { name: 'best: only for some commands', user: 'lshsome', as: 'best', who: 'lshsome' },
      { name: 'best: no sudo rights', user: 'lshnone', as: 'best', who: 'lshnone' },
      { name: 'not asked for', user: 'lshpass', how: become('pw-pass'), as: 'login', who: 'lshpass' },
      { name: 'root already', user: 'root', how: become('pw-nothing'), as: 'root', who: 'root' },
      { name: 'root already, best', user: 'root', as: 'best', who: 'root' },
    ]
    for (const { name, user, how, as, who } of rows) {
      const host = await loginAs(user, how)
      const script = await host.exec(sh`id -un; echo $LC_ALL; echo warned >&2; exit 3`, { as })
      t.same(script, { code: 3, stdout: `${who}\nC\n`, stderr: 'warned\n' }, `${name}: a script`)
      const fed = await host.exec(withStdin(sh`id -un; sha256sum`, 'pw-pass\npayload\n'), { as })
      const sum = `${createHash('sha256').update('pw-pass\npayload\n').digest('hex')}  -\n`
      t.same(fed, { code: 0, stdout: `${who}\n${sum}`, stderr: '' }, `${name}: the payload, whole and nothing else`)
      t.equal(host.stats.execs, 2, `${name}: one session each`)
      await host.close()
    }
  })

  await t.test('with a ticket from before', async t => {
    const host = await loginAs('lshticket', become('pw-ticket'))
    await host.exec(withStdin(sh`sudo -S -v`, 'pw-ticket\n'))
    t.equal((await host.exec(sh`sudo -n id -un`)).stdout, 'root\n', 'sudo does not ask now')
    t.same(await host.exec(withStdin(sh`id -un; cat`, 'payload'), { as: 'root' }), {
      code: 0,
      stdout: 'root\npayload',
      stderr: '',
    })
    await host.close()
  })

  await t.test('with a payload of 1 MB, and with nothing secret on a command line', async t => {
    const host = await loginAs('lshpass', become('pw-pass'))
    const big = Buffer.alloc(1_000_000, 'x')
    t.equal((await host.exec(withStdin(sh`wc -c`, big), { as: 'root' })).stdout, '1000000\n')
    const { stdout } = await host.exec(sh`ps -ww -eo args`, { as: 'root' })
    t.match(stdout, /sudo -H -S/)
    t.notMatch(stdout, /pw-pass/)
    await host.close()
  })

  await t.test('where it does not', async t => {
    const rows: { user: string; how?: Become; message: RegExp; hint: RegExp }[] = [
      { user: 'lshpass', message: /sudo wants a password for lshpass/, hint: /hosts\.web1\.become\.password/ },
      {
        user: 'lshpass',
        how: become('pw-wrong'),
        message: /refuses the password of lshpass/,
        hint: /correct hosts\.web1\.become\.password/,
      },
      { user: 'lshonce', how: become('pw-wrong'), message: /refuses the password of lshonce/, hint: /correct/ },
      { user: 'lshnone', how: become('pw-none'), message: /lshnone may not become root/, hint: /sudoers\.d/ },
      { user: 'lshsome', message: /password|may not become root/, hint: /./ },
      { user: 'lshfree', how: become(undefined, 'nobody-here'), message: /no user nobody-here/, hint: /become\.user/ },
    ]
    for (const { user, how, message, hint } of rows) {
      const host = await loginAs(user, how)
      const wanted = { name: 'UserError', where: 'web1', message, hint, exit: 1 }
      await t.rejects(host.exec(sh`true`, { as: 'root' }), wanted, `${user} ${message}`)
      if (how === undefined) await t.rejects(host.dial('/run/none.sock', { as: 'root' }), wanted, `${user}: a socket`)
      t.equal((await host.exec(sh`echo still there`)).stdout, 'still there\n')
      await host.close()
    }
  })

  await t.test('where there is no sudo', async t => {
    // A login whose PATH has everything but sudo.
    run('sh', [
      '-c',
      `mkdir ${folder.at('bin')} && ln -s /usr/bin/* ${folder.at('bin')}/ && rm ${folder.at('bin')}/sudo`,
    ])
    const bare = await startSshd(folder.path, 'bare', `${key}.pub`, `SetEnv PATH=${folder.at('bin')}`)
    t.teardown(() => bare.stop())
    const host = await connect(hostOf({ user: 'lshfree', port: bare.port, hostKey: bare.hostKey, identity: key }))
    await t.rejects(host.exec(sh`true`, { as: 'root' }), { message: /sudo is not installed/, hint: /install sudo/ })
    t.equal((await host.exec(sh`id -un`, { as: 'best' })).stdout, 'lshfree\n')
    await host.close()
  })

  await t.test('on this machine', async t => {
    const here = hostOf({ name: 'here', connection: 'local' })
    const asRoot = await connect(here)
    t.same(await asRoot.exec(withStdin(sh`id -un; echo $LC_ALL; pwd; cat; exit 3`, 'x'), { as: 'best' }), {
      code: 3,
      stdout: `root\nC\n${folder.path}\nx`,
      stderr: '',
    })
    await t.rejects(asRoot.exec(sh`sleep 31`, { timeoutMs: 200 }), { message: /did not end/ })
    t.equal(run('sh', ['-c', 'pgrep -fx "sleep 31" || true']), '')
    const terminal = await asRoot.terminal(sh`stty size; tty; read line; echo "<$line>"; exit 5`, {
      columns: 77,
      rows: 22,
    })
    let text = ''
    terminal.onData(data => {
      text += Buffer.from(data).toString()
    })
    terminal.write('typed\n')
    t.equal(await terminal.exit, 5)
    t.match(text.replace(/\s+/g, ' '), /22 77 .*\/dev\/pts\/.*<typed>/)
    await t.rejects(asRoot.dial(folder.at('none.sock')), { code: 'EDIAL', message: /no such socket/ })
    await asRoot.close()

    const path = folder.at('engine.sock')
    const server = createServer((_request, answer) => answer.end('pong')).listen(path)
    t.teardown(() => server.close())
    // Another user cannot be played by this process: one of its own does, and prints what it got.
    const script = folder.at('as-user.mjs')
    writeFileSync(
      script,
      `import { createConnect } from ${JSON.stringify(new URL('../../hosts/index.js', import.meta.url).href)}
      const [user, password] = process.argv.slice(2)
      const secret = password ? { password: { reveal: () => password } } : {}
      const host = { name: 'here', connection: 'local', address: 'here', become: { method: 'sudo', user: 'root', ...secret } }
      const connect = createConnect({ hosts: [], home: '/home/' + user, env: process.env, acceptNewHostKeys: false, unknownHostKey: async () => false })
      const here = await connect(host)
      const told = error => error.code ?? error.message
      const one = async (command, options) => here.exec(command, options).then(exit => exit.stdout, told)
      const ping = async as => {
        const socket = await here.dial('${path}', { as })
        socket.end('GET /_ping HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')
        let text = ''
        for await (const chunk of socket) text += chunk
        return text.split('\\r\\n\\r\\n')[1]
      }
      console.log(JSON.stringify([
        await one({ sh: 'id -un' }),
        await one({ sh: 'id -un; cat', stdin: 'payload' }, { as: 'root' }),
        await one({ sh: 'sleep 32' }, { as: 'root', timeoutMs: 300 }),
        await ping('login').catch(told),
        await ping('root').catch(told),
      ]))
      await here.close()`,
    )
    const playedBy = async (user: string, password = ''): Promise<unknown[]> => {
      const [uid = 0, gid = 0] = ['-u', '-g'].map(flag => Number(run('id', [flag, user])))
      const { stdout } = await promisify(execFile)(process.execPath, [script, user, password], { uid, gid })
      return JSON.parse(stdout)
    }
    run('chmod', ['600', path])
    const late = 'the command did not end within 0.3 s'
    t.same(await playedBy('lshpass', 'pw-pass'), ['lshpass\n', 'root\npayload', late, 'EDIAL', 'pong'])
    t.same(await playedBy('lshfree'), ['lshfree\n', 'root\npayload', late, 'EDIAL', 'pong'])
    t.equal(run('sh', ['-c', 'pgrep -fx "sleep 32" || true']), '', "root's command was ended too")
    t.match(await playedBy('lshnone', 'pw-none'), ['lshnone\n', /lshnone may not become root/])
  })
})
