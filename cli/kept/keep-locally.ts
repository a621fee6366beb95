// Writes what tasks bring from hosts: files of this machine, each as a whole or not at all.
import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf, UserError } from '../../core/errors.js'
import type { LocalWrite } from '../../core/resource.js'

/** Writes the files, making the folders that are missing. A UserError names the one that cannot be written. */
export async function keepLocally(writes: readonly LocalWrite[]): Promise<void> {
  for (const { path, bytes, mode = 0o644 } of writes) {
    const fresh = `${path}.${randomBytes(6).toString('hex')}.tmp`
    try {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(fresh, bytes, { mode, flag: 'wx' })
      await rename(fresh, path)
    } catch (error) {
      await rm(fresh, { force: true })
      throw new UserError(`cannot write ${path} on this machine: ${messageOf(error)}`, { cause: error })
    }
  }
}
