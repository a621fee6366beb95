// The lab's directory outside the repository: image tarballs, the SSH key, locks between test processes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** The cache directory of the lab, made if it is not there: `$XDG_CACHE_HOME/longshore-lab` or `~/.cache/longshore-lab`. */
export const cacheDir = (): string => {
  const dir = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'longshore-lab')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  return dir
}

/** Where the product keeps the archives of its machines, as its command finds it. */
export const productCache = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'longshore')

/** A file of this room, by its path in the sources: compiled code runs from dist/, where assets are not copied. */
export const asset = (name: string): string => {
  let dir = import.meta.dirname
  while (!existsSync(join(dir, 'package.json'))) {
    if (dir === dirname(dir)) throw new Error('no package.json above the lab: it runs from a checkout only')
    dir = dirname(dir)
  }
  return join(dir, 'test', 'lab', name)
}

/**
 * Does some work while holding a lock between processes. flock(1) holds it until its input ends, so the kernel gives it
 * back even if this process is killed: no stale lock files. Not reentrant.
 */
export const withLock = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const holder = spawn('flock', [join(cacheDir(), `${name}.lock`), 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const gone = once(holder, 'exit')
  // If the holder is killed meanwhile, the work goes on without the lock: no reason to fail.
  holder.stdin.on('error', () => {})
  await Promise.race([
    once(holder.stdout, 'data'),
    gone.then(() => Promise.reject(new Error(`flock(1) did not get the lab's lock "${name}"`))),
  ])
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await gone
  }
}
