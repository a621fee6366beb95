// Runs the command as a process, in a home of its own.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../cli/package-root.js'

/** The launcher's path. */
export const launcher = join(packageRoot, 'cli', 'longshore.cjs')

/** A home folder, empty at first, gone when the test file ends. */
export const home = mkdtempSync(join(tmpdir(), 'longshore-cli-'))
process.on('exit', () => rmSync(home, { recursive: true, force: true }))

/** The environment of a person without any settings. */
export const cleanEnv = { PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8' }

export interface Ended {
  code: number | null
  out: string
  err: string
}

export function begin(
  argv: readonly string[],
  options: SpawnOptions = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [launcher, ...argv], {
    cwd: home,
    env: cleanEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
  let [out, err] = ['', '']
  child.stdout?.on('data', data => (out += String(data)))
  child.stderr?.on('data', data => (err += String(data)))
  return { child, ended: new Promise(resolve => child.on('close', code => resolve({ code, out, err }))) }
}

export const longshore = (argv: readonly string[], options: SpawnOptions = {}): Promise<Ended> =>
  begin(argv, options).ended

/** A folder with a project file. */
export function projectIn(name: string, text: string): string {
  const folder = join(home, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'longshore.yaml'), text)
  return folder
}
