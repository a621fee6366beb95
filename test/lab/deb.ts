// Programs out of Debian packages that are not installed here: downloaded once, and taken apart in the lab's cache.
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { aptGet, packageExists } from './apt.js'
import { cacheDir, withLock } from './cache.js'
import { must } from './run.js'

const fetchProgram = async (packageName: string, path: string, program: string): Promise<void> => {
  const dir = await mkdtemp(join(cacheDir(), 'deb-'))
  try {
    if (!(await packageExists(packageName))) await aptGet(['update'])
    // apt's sandbox user cannot write into the cache, and says so on every run.
    const download = 'cd "$1" && apt-get -q -o APT::Sandbox::User=root download "$2"'
    await must('sh', ['-c', download, 'sh', dir, packageName])
    await must('sh', ['-c', 'dpkg -x "$1"/*.deb "$1/root"', 'sh', dir])
    await rename(join(dir, 'root', path), program)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** A program of a Debian package, by its path in it; gives its path in the cache. It still needs the libraries of a Debian like this one. */
export const debianProgram = async (packageName: string, path: string): Promise<string> => {
  const program = join(cacheDir(), path.replace(/^.*\//, ''))
  if (!existsSync(program))
    await withLock(`deb-${packageName}`, async () => {
      if (!existsSync(program)) await fetchProgram(packageName, path, program)
    })
  return program
}
