// Walks a host through rows of a table: each is applied, changes something, then has nothing left to do, and shows on the host.
import { spawn } from 'node:child_process'
import type { Test } from 'tap'
import type { LabHost } from '../../lab/index.js'
import { converge, type Shell } from '../shells.js'

/** Kind, YAML, a look at the host, and what it must say. */
export type Row = [string, unknown, string, RegExp | string]

/** A shell of the host, as root. */
export const on = (host: LabHost, ...shell: string[]): Shell => [
  ...(['docker', 'exec', '-i', '-e', 'LC_ALL=C'] as const),
  host.container,
  ...shell,
]

export async function walk(t: Test, host: LabHost, shell: Shell, rows: readonly Row[]): Promise<void> {
  for (const [kind, yaml, script, expected] of rows) {
    const row = `${kind} ${JSON.stringify(yaml)}`
    const { ended, changes, left } = await converge(kind, yaml, shell)
    t.same([ended.code, left], [0, []], `${row} ${ended.stderr}`)
    t.ok(changes.length > 0, row)
    const said = (await host.sh(script, { check: false })).stdout.trim()
    if (typeof expected === 'string') t.equal(said, expected, row)
    else t.match(said, expected, row)
  }
}

/** A login as root over SSH that runs one command. */
export const login = (host: LabHost, command: string) => {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'LogLevel=ERROR']
  const words = [...options.flatMap(one => ['-o', one]), '-i', host.identity, '-p', String(host.port)]
  const child = spawn('ssh', [...words, 'root@127.0.0.1', command])
  let said = ''
  child.stdout.setEncoding('utf8').on('data', text => (said += text))
  const ended = new Promise<number | null>(done => child.on('close', done))
  return { child, ended, said: () => said }
}
