// The variables that stand in a Compose file: the process's own, then the files that belong to it.
import { join } from 'node:path'
import { readDotenv } from '../config/dotenv.js'
import { type At, usageError } from '../errors.js'
import type { LocalFiles } from '../files.js'

export type Variables = Readonly<Record<string, string>>

/**
 * `stronger` over what the files say, a later file over an earlier one. Without files `.env` of the folder is read, if it is there.
 * `paths` are absolute; one that is missing is a usage error at its place.
 */
export async function variablesOf(
  files: LocalFiles,
  folder: string,
  paths: readonly { path: string; at: At }[],
  stronger: Variables,
): Promise<Variables> {
  const own = join(folder, '.env')
  const read: { path: string; at?: At }[] =
    paths.length > 0 ? [...paths] : (await files.exists(own)) ? [{ path: own }] : []
  let found: Record<string, string> = {}
  for (const { path, at } of read) {
    if (path === '/dev/null') continue
    if (at !== undefined && !(await files.exists(path))) throw usageError(`there is no env_file ${path}`, { at })
    found = { ...found, ...readDotenv(await files.text(path), path, { ...found, ...stronger }) }
  }
  return { ...found, ...stronger }
}
