// Unix sockets of a host over ssh, as an engine's client uses them: through node:http, as the login user and through sudo.

import { once } from 'node:events'
import { Agent, createServer as createHttpServer, request, type Server } from 'node:http'
import { createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { test } from 'tap'
import { connectWith, hostOf, makeKey, makeUser, run, startSshd, testFolder } from './private-sshd.js'

const folder = testFolder()
const key = makeKey(folder.at('id'))
const sshd = await startSshd(folder.path, 'main', `${key}.pub`)
const removeUser = makeUser('lshdial', 'pw-dial', 'lshdial ALL=(ALL) NOPASSWD: ALL')
const host = hostOf({ user: 'lshdial', port: sshd.port, identity: key, hostKey: sshd.hostKey })

const serve = (path: string): Promise<Server> =>
  new Promise(resolve => {
    const server = createHttpServer((incoming, answer) => {
      incoming.on('data', () => undefined).on('end', () => answer.end(`you asked for ${incoming.url}`))
    }).listen(path, () => resolve(server))
  })

const get = (agent: Agent, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ agent, path, host: 'engine' }, answer => {
      let text = ''
      answer
        .setEncoding('utf8')
        .on('data', chunk => {
          text += chunk
        })
        .on('end', () => resolve(text))
    })
    outgoing.on('error', reject).end()
  })

/** An http agent whose connections are dialled, as a provider makes one. */
class DialAgent extends Agent {
  readonly dial: () => Promise<Duplex>
  constructor(dial: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: 4 })
    this.dial = dial
  }
  override createConnection(_options: object, answer?: (error: Error | null, stream: Duplex) => void): null {
    this.dial().then(
      stream => answer?.(null, stream),
      (error: Error) => answer?.(error, undefined as unknown as Duplex),
    )
    return null
  }
}

test('sockets of a host', async t => {
  const web = await connectWith({ home: folder.path })(host)
  t.teardown(async () => {
    await web.close()
    await sshd.stop()
    removeUser()
    folder.remove()
  })

  await t.test('opens unix sockets', async t => {
    const path = folder.at('engine.sock')
    const server = await serve(path)
    run('chmod', ['666', path])
    const agent = new DialAgent(() => web.dial(path))
    const before = { ...web.stats }
    // node:http does not count connections that are still being made, so never more than four requests at a time.
    const lane = async (from: number): Promise<string[]> => [
      await get(agent, `/${from}`),
      await get(agent, `/${from + 1}`),
    ]
    const answers = (await Promise.all([0, 2, 4, 6].map(lane))).flat()
    t.strictSame(
      answers,
      [0, 1, 2, 3, 4, 5, 6, 7].map(n => `you asked for /${n}`),
    )
    t.same(web.stats, { ...before, dials: before.dials + 4 }, 'connections are kept, no session is taken')
    agent.destroy()

    run('chmod', ['600', path])
    await t.rejects(web.dial(path), { code: 'EDIAL' }, 'denied')
    await t.rejects(web.dial(folder.at('none.sock')), { code: 'EDIAL', message: /web1: cannot open .*none.sock/ })

    const rootAgent = new DialAgent(() => web.dial(path, { as: 'root' }))
    const more = await Promise.all(Array.from({ length: 6 }, (_, n) => get(rootAgent, `/root/${n}`)))
    t.equal(more[5], 'you asked for /root/5')
    t.equal(web.stats.connections, 2, 'sockets through sudo beyond three get a connection of their own')
    rootAgent.destroy()
    await t.rejects(web.dial(folder.at('none.sock'), { as: 'root' }), { code: 'EDIAL', message: /no such socket/ })
    server.close()
  })

  await t.test('ends one direction of a stream alone', async t => {
    const path = folder.at('half.sock')
    const server = createServer({ allowHalfOpen: true }, socket => {
      let text = ''
      // docker's client first sends a ping of its own and does not wait for a raw server's answer.
      socket.on('error', () => undefined)
      socket.on('data', chunk => {
        text += chunk
      })
      socket.on('end', () => socket.end(`got ${text.length}`))
    }).listen(path)
    await once(server, 'listening')
    run('chmod', ['666', path])
    for (const as of ['login', 'root'] as const) {
      const stream = await web.dial(path, { as })
      stream.end('x'.repeat(300_000))
      let answer = ''
      for await (const chunk of stream) answer += chunk
      t.equal(answer, 'got 300000', as)
    }
    server.close()
  })
})
