// How long the command takes to start: `--version`, `validate` and `plan` of an empty project, beside `node -e 0`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Contender, measure, printTable, spawnOnce } from './measure.js'
import { launcher } from './paths.js'

/** Prints the table. The goal for `--version` is 1.25 of `node -e 0`. */
export async function benchStart(rounds = 20): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-bench-'))
  writeFileSync(join(folder, 'longshore.yaml'), 'project: empty\n')
  const node = (name: string, args: string[]): Contender => ({
    name,
    run: async () => void (await spawnOnce(process.execPath, args, { cwd: folder })),
  })
  try {
    const results = await measure(
      [
        node('node -e 0', ['-e', '0']),
        node('longshore --version', [launcher, '--version']),
        node('longshore validate', [launcher, 'validate']),
        node('longshore plan (empty project)', [launcher, 'plan']),
      ],
      rounds,
    )
    printTable(`start, ${rounds} rounds, Node ${process.version}`, results, 'node -e 0')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
