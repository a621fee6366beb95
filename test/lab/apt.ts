// Installs Debian packages on this machine, and tells which Debian mirror it uses.
import { pause, run } from './run.js'

const busy = /could not get lock|unable to lock|is another process using it|resource temporarily unavailable/i

/** Runs apt-get; while another process holds a lock of apt or dpkg, it waits and tries again, for five minutes. */
export const aptGet = async (args: readonly string[]): Promise<void> => {
  const giveUp = Date.now() + 300_000
  for (;;) {
    const options = ['-y', '-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3']
    const result = await run('apt-get', [...options, ...args], { env: { DEBIAN_FRONTEND: 'noninteractive' } })
    if (result.code === 0) return
    // DPkg::Lock::Timeout does not cover the lock of the package lists.
    if (!busy.test(result.stderr) || Date.now() > giveUp)
      throw new Error(`apt-get ${args.join(' ')} ended with ${result.code}:\n${result.stderr.trim().slice(-2000)}`)
    await pause(1000)
  }
}

/** True if the program is in the PATH. */
export const have = async (program: string): Promise<boolean> =>
  (await run('sh', ['-c', 'command -v "$1"', 'sh', program])).code === 0

/** True if apt knows a package of that name that can be installed. */
export const packageExists = async (name: string): Promise<boolean> =>
  /Candidate: (?!\(none\))/.test((await run('apt-cache', ['policy', name])).stdout)

/** Installs packages on this machine, with fresh lists. */
export const install = async (packages: readonly string[]): Promise<void> => {
  if (process.getuid?.() !== 0) throw new Error(`the lab needs ${packages.join(', ')}: install them, or run it as root`)
  await aptGet(['update'])
  await aptGet(['install', '--no-install-recommends', ...packages])
}

/** Installs the packages of those programs that are not in the PATH. */
export const ensureTools = async (packages: Readonly<Record<string, string>>): Promise<void> => {
  const missing: string[] = []
  for (const [program, name] of Object.entries(packages)) if (!(await have(program))) missing.push(name)
  if (missing.length > 0) await install([...new Set(missing)])
}
