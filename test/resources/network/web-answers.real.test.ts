// Waiting for a web server, with each of the tools that a host may have, and with none.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tap, { type Test, test } from 'tap'
import { converge, plan, type Shell, shells } from '../shells.js'

tap.setTimeout(600_000)

const whereIs = (name: string): string =>
  execFileSync('sh', ['-c', `command -v ${name}`])
    .toString()
    .trim()

/** From here on only these programs are found, beside what every host has. */
function only(t: Test, ...tools: string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-tools-'))
  const before = process.env.PATH
  for (const name of ['sh', 'dash', 'busybox', 'sed', 'head', 'date', 'sleep', 'cat', 'grep'])
    symlinkSync(whereIs(name), join(folder, name))
  for (const name of tools)
    symlinkSync(name === 'bb-wget' ? whereIs('busybox') : whereIs(name), join(folder, name.replace('bb-', '')))
  process.env.PATH = folder
  t.teardown(() => {
    if (before !== undefined) process.env.PATH = before
    rmSync(folder, { recursive: true, force: true })
  })
}

async function server(t: Test): Promise<{ url: string; status: number; requests: number }> {
  const state = { url: '', status: 503, requests: 0 }
  const listener = createServer((request, response) => {
    state.requests += 1
    response.writeHead(request.url === '/moved' ? 302 : state.status, { location: '/' })
    response.end('text')
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  t.teardown(() => listener.close())
  state.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  return state
}

/** Bash is its own program; busybox brings wget of its own, whatever the PATH says. */
const rows: readonly (readonly [tools: string[], shells: readonly Shell[]])[] = [
  [['curl'], shells.filter(([name]) => name !== 'bash')],
  [['wget'], [['dash']]],
  [['bb-wget'], [['dash'], ['busybox', 'sh']]],
  [
    ['bash', 'timeout'],
    [['dash'], ['bash', '--posix']],
  ],
]

for (const [tools, those] of rows)
  for (const shell of those)
    test(`${tools[0]} under ${shell[0]}`, async t => {
      const web = await server(t)
      only(t, ...tools)
      const want = { url: `${web.url}/page?a=1`, timeout: 10 }
      t.match(
        (await plan('wait_for', want, shell)).changes,
        [{ from: 'no answer with 200', to: 'an answer with 200' }],
        '503 is not what is waited for',
      )
      t.same((await plan('wait_for', { ...want, status: [200, 503] }, shell)).changes, [])
      setTimeout(() => (web.status = 200), 1500)
      const waited = await converge('wait_for', want, shell)
      t.equal(waited.ended.code, 0, waited.ended.stderr)
      t.same(waited.left, [])
      const never = await converge('wait_for', { ...want, status: 404, timeout: 1 }, shell)
      t.match(never.ended.stderr, /page\?a=1: still no answer with 404 after 1 seconds/)
      t.same(
        (await plan('wait_for', { url: 'http://127.0.0.1:1/', state: 'absent' }, shell)).changes,
        [],
        'nobody there',
      )
      if (tools[0] !== 'bb-wget')
        t.same((await plan('wait_for', { url: `${web.url}/moved`, status: 302 }, shell)).changes, [], 'not followed')
    })

test('a host with none of them says so', async t => {
  only(t)
  await t.rejects(plan('wait_for', { url: 'http://127.0.0.1:1/' }, ['dash']), /install curl/)
})
