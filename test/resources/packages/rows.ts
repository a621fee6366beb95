// Runs tables of package and repository tasks on a lab host, under each of the shells in turn.
import type { Test } from 'tap'
import type { LabHost } from '../../lab/index.js'
import { converge, plan, type Shell } from '../shells.js'

/** YAML of a task; what its first plan says, or the words of its refusal; a look at the host, and what it says. */
export type Row = [object, Record<string, object[] | RegExp>, string?, (RegExp | string)?]

/** A shell of the host, through its container. */
export const on = (host: LabHost, ...shell: string[]): Shell => [
  'docker',
  'exec',
  '-i',
  '-e',
  'LC_ALL=C',
  host.container,
  ...shell,
]
/** Each row under the next of the shells that hosts have: planned, applied, and nothing left to do. */
export async function go(t: Test, host: LabHost, rows: readonly Row[], folder: string): Promise<void> {
  const shells = [on(host, 'dash'), on(host, 'bash', '--posix'), on(host, 'busybox', 'sh')]
  for (const [index, [yaml, { says = [], fails, refuses }, look, expected]] of rows.entries()) {
    const { repo, ...own } = yaml as { repo?: object }
    const [kind, wanted] = repo === undefined ? ['package', own] : ['repo', repo]
    const shell = shells[index % shells.length] ?? shells[0]
    const row = `${index} ${kind} ${JSON.stringify(wanted).slice(0, 150)}`
    if (shell === undefined) throw new Error('no shell')
    if (refuses instanceof RegExp)
      await t.rejects(plan(kind, wanted, shell, folder), { name: 'UserError', message: refuses }, row)
    else {
      const { ended, changes, left } = await converge(kind, wanted, shell, folder)
      const said = ended.stdout + ended.stderr
      if (fails instanceof RegExp) t.match([ended.code !== 0, said, left.length > 0], [true, fails, true], row)
      else {
        t.match(changes, says, row)
        t.equal(changes.length, (says as object[]).length, `${row}: ${JSON.stringify(changes)}`)
        t.same([ended.code, left], [0, []], `${row} ${said}`)
      }
    }
    if (look === undefined) continue
    const said = (await host.sh(look)).stdout.trim()
    if (typeof expected === 'string') t.equal(said, expected, `${row}: ${look}`)
    else t.match(said, expected, `${row}: ${look}`)
  }
}
