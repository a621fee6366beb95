// Side-by-side measurements: contenders take turns in every round, so that a noisy machine is noisy for all of them.
import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'

/** One way of doing the thing that is measured. */
export interface Contender {
  name: string
  /** What has to be so before each time; takes no part in the measurement. */
  prepare?(): Promise<void>
  /** Does it once; throws when it did not work. */
  run(): Promise<void>
}

/** What one contender took, in milliseconds. */
export interface Measured {
  name: string
  median: number
  least: number
  most: number
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** Lets all contenders run `rounds` times in turn, after one round that is not counted. */
export async function measure(contenders: readonly Contender[], rounds: number): Promise<Measured[]> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++)
    for (const { name, prepare, run } of contenders) {
      await prepare?.()
      const began = performance.now()
      await run()
      if (round > 0) times.get(name)?.push(performance.now() - began)
    }
  return [...times].map(([name, values]) => ({
    name,
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
  }))
}

/** Prints a table; ratios are of medians, and of the least values in brackets, to the contender named `base`. */
export function printTable(title: string, results: readonly Measured[], base: string): void {
  const ground = results.find(result => result.name === base)
  const ms = (value: number): string => `${value.toFixed(1)} ms`.padStart(12)
  console.log(`\n${title}`)
  console.log(
    `${''.padEnd(34)}${'median'.padStart(12)}${'least'.padStart(12)}${'most'.padStart(12)}   of ${base} (least)`,
  )
  for (const { name, median: middle, least, most } of results) {
    const ratio = ground ? `${(middle / ground.median).toFixed(2)} (${(least / ground.least).toFixed(2)})` : ''
    console.log(`${name.padEnd(34)}${ms(middle)}${ms(least)}${ms(most)}   ${ratio}`)
  }
}

export interface Spawned {
  stdout: string
  stderr: string
}

/** Runs a program to its end; throws with its output when it fails. */
export const spawnOnce = (
  program: string,
  args: readonly string[],
  options: { input?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Spawned> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? cleanEnv() })
    const texts = { stdout: '', stderr: '' }
    child.stdout.on('data', data => {
      texts.stdout += data
    })
    child.stderr.on('data', data => {
      texts.stderr += data
    })
    child.on('error', reject)
    child.on('close', code =>
      code === 0
        ? resolve(texts)
        : reject(new Error(`${program} ${args.join(' ')}: code ${code}\n${texts.stdout}\n${texts.stderr}`)),
    )
    // A program that does not read its input may have closed it.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
  })

/** The environment without a certificate bundle that Node would read at every start, whoever is measured. */
export const cleanEnv = (): NodeJS.ProcessEnv => {
  const { NODE_EXTRA_CA_CERTS: _unused, SSH_AUTH_SOCK: _agent, ...env } = process.env
  return env
}
