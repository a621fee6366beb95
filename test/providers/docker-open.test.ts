// Who answers at a host's docker socket, and what it lists, told by a small server in the engine's place.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, get } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { localFiles } from '../../cli/files.js'
import type { Connection } from '../../core/connection.js'
import { type Detection, isAbsent } from '../../core/provider.js'
import { DialAgent } from '../../providers/docker/api/agent.js'
import { observe } from '../../providers/docker/observe/observe.js'
import { openEngine } from '../../providers/docker/open.js'
import { scope, wanted } from './samples.js'

const detection: Detection = {
  state: 'not-running',
  socket: '/var/run/docker.sock',
  rootOnly: false,
  client: true,
  text: 'it does not run',
  folders: {},
}

/** A way to a host whose docker socket is a server that answers each path with this. */
async function hostWith(t: Test, headers: Record<string, string>, answers: Record<string, unknown> = {}) {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')
    response.writeHead(200, { ...headers, 'content-type': 'application/json' })
    response.end(path === '/_ping' ? 'OK' : JSON.stringify(answers[path] ?? []))
  })
  const folder = mkdtempSync(join(tmpdir(), 'longshore-socket-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const socket = join(folder, 'socket')
  await new Promise<void>(resolve => server.listen(socket, resolve))
  t.teardown(() => new Promise(resolve => server.close(resolve)))
  return { dial: async () => connect(socket) } as unknown as Connection
}

test('who answers', async t => {
  const rows: [string, Record<string, string>, string | RegExp][] = [
    ['docker', { server: 'Docker/20.10.24 (linux)', 'api-version': '1.41' }, 'docker 20.10.24 (API 1.41)'],
    ['too old', { server: 'Docker/18.09 (linux)', 'api-version': '1.39' }, /is the oldest we know/],
    [
      'podman by podman-docker',
      { server: 'Libpod/4.3.1 (linux)', 'api-version': '1.41', 'libpod-api-version': '4.3.1' },
      /podman 4.3.1 answers in place of docker/,
    ],
  ]
  for (const [name, headers, expected] of rows) {
    const opened = openEngine(scope, await hostWith(t, headers), Promise.resolve(detection))
    if (typeof expected !== 'string') await t.rejects(opened, { message: expected, where: 'web1' }, name)
    else {
      const engine = await opened
      t.equal(isAbsent(engine) ? engine.text : engine.about, expected, name)
      if (!isAbsent(engine)) engine.close()
    }
  }
  const nobody = { dial: async () => Promise.reject(new Error('no socket')) } as unknown as Connection
  t.match(await openEngine(scope, nobody, Promise.resolve(detection)), { absent: 'not-running' })
})

test('what an engine lists in any order is seen in one', async t => {
  const names = ['c', 'a', 'b']
  const answers = {
    '/containers/json': names.map(name => ({ Id: name, Names: [`/${name}`], Status: '', Labels: {} })),
    '/networks': names.map(name => ({ Id: name, Name: name })),
    '/volumes': { Volumes: names.map(name => ({ Name: name })) },
    '/images/json': names.map(name => ({ Id: name })),
  }
  const connection = await hostWith(t, { server: 'Docker/20.10.24 (linux)', 'api-version': '1.41' }, answers)
  const engine = await openEngine(scope, connection, Promise.resolve(detection))
  if (isAbsent(engine)) throw new Error(engine.text)
  const { containers, networks, volumes, images } = await observe(engine, wanted(), localFiles)
  for (const [kind, list] of Object.entries({ containers, networks, volumes, images }))
    t.same(
      list.map(({ id }) => id),
      ['a', 'b', 'c'],
      kind,
    )
  engine.close()
})

test('a connection is kept for the next request, and not for one that comes much later', async t => {
  const { dial } = await hostWith(t, {})
  let dialled = 0
  const counted = (): ReturnType<typeof dial> => {
    dialled++
    return dial('')
  }
  const agent = new DialAgent(counted, { keepAlive: true, maxSockets: 1 }, 200)
  t.teardown(() => agent.destroy())
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      get({ host: 'docker', path: '/x', agent }, answer => answer.resume().once('end', resolve)).once('error', reject)
    })
  for (let times = 0; times < 3; times++) {
    await ask()
    await new Promise(resolve => setImmediate(resolve))
  }
  t.equal(dialled, 1)
  await new Promise(resolve => setTimeout(resolve, 600))
  await ask()
  t.equal(dialled, 2)
})
