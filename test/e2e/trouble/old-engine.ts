// A server in place of an engine that is too old: it answers as docker 1.12 did, and cannot be had as a real one here.
import { createServer } from 'node:http'
import type { Test } from 'tap'

/** Listens at `socket` until the test ends, and keeps what it was asked. Source of the answers: the Engine API 1.24 reference. */
export async function oldEngine(t: Test, socket: string): Promise<{ asked: string[] }> {
  const asked: string[] = []
  const own = { 'Api-Version': '1.24', 'Docker-Experimental': 'false', Server: 'Docker/1.12.6 (linux)' }
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const version = /^\/v1\.(\d+)\//.exec(request.url ?? '')?.[1]
    const isNewer = Number(version ?? 0) > 24
    response.writeHead(isNewer ? 400 : 200, own)
    const refusal = `client is newer than server (client API version: 1.${version}, server API version: 1.24)`
    response.end(isNewer ? JSON.stringify({ message: refusal }) : 'OK')
  })
  await new Promise<void>(resolve => server.listen(socket, resolve))
  t.teardown(() => new Promise(resolve => server.close(resolve)))
  return { asked }
}
