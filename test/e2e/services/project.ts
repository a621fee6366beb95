// The project of the tests for service commands: two that tick on two hosts, one with a terminal, one that reads and tells of signals.
import { join } from 'node:path'
import { openLocalTerminal } from '../../../hosts/terminal.js'
import { launcher, type Ran, type RunOptions, type TestProject } from '../command.js'

export const image = 'lssvc-busybox'
export const secret = 'correct-horse-battery'
export const env = { DB_PASSWORD: secret }

/** Runs the command in the project. */
export type Call = (args: readonly string[], options?: RunOptions) => Promise<Ran>

const ticking = (word: string, pause: number): string =>
  `n=0; while sleep ${pause}; do n=$$((n+1)); echo "${word} $$n"; done`

const reader =
  'trap "echo got-int" INT; trap "exit 9" USR1; while :; do if read w; then echo "<$$w>"; else sleep 0.1; fi; done'

/** The file; `there` is the entry of the lab host. */
export const fileWith = (there: string): string => `project: lssvc
secrets: { DB: { env: DB_PASSWORD } }
hosts:
  here: { connection: local }
  there: ${there}
containers:
  db:
    image: ${image}
    init: true
    on: all
    stop_grace_period: 1s
    command: [sh, -c, '${ticking('tick', 0.2)}']
    environment: { PW: { secret: DB } }
  web:
    image: ${image}
    init: true
    on: here
    stop_grace_period: 1s
    command: [sh, -c, '${ticking('tock', 0.3)}']
    depends_on: { db: { condition: service_started, restart: true } }
    ports: ["127.0.0.1::80"]
  term: { image: ${image}, on: here, tty: true, stdin_open: true, stop_grace_period: 1s, command: [sh] }
  reader: { image: ${image}, on: here, stdin_open: true, stop_grace_period: 1s, command: [sh, -c, '${reader}'] }
`

export const lines = (text: string): string[] => text.split('\n').filter(Boolean)

/** Waits up to ten seconds. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let left = 100; left > 0 && !isSo(); left--) await new Promise(resolve => setTimeout(resolve, 100))
}

/** What somebody at a terminal sees and does. */
export interface AtTerminal {
  shown(): string
  type(keys: string): void
  resize(columns: number, rows: number): void
}

/** Runs at a terminal that can change its size; gives all that was shown, and the exit code. */
export async function atTerminal(
  project: TestProject,
  args: readonly string[],
  act: (at: AtTerminal) => Promise<void>,
): Promise<{ code: number; shown: string }> {
  const words = [process.execPath, launcher, ...args].map(word => `'${word}'`).join(' ')
  const path = { PATH: process.env.PATH ?? '', HOME: join(project.folder, '.home') }
  const options = { cwd: project.folder, env: { ...path, TERM: 'xterm', NO_COLOR: '1', ...env }, shell: '/bin/sh' }
  const terminal = await openLocalTerminal({ sh: `exec ${words}` }, { columns: 100, rows: 30 }, options)
  let shown = ''
  terminal.onData(data => {
    shown += Buffer.from(data).toString()
  })
  const guard = setTimeout(() => terminal.close(), 30_000)
  await act({
    shown: () => shown,
    type: keys => terminal.write(keys),
    resize: (columns, rows) => terminal.resize({ columns, rows }),
  })
  const code = await terminal.exit
  clearTimeout(guard)
  return { code, shown }
}
