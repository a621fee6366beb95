// The variables that stand in a Compose file: the process's own, then the files that belong to it.
import { join } from 'node:path'
import { readDotenv } from '../config/dotenv.js'
import { type At, messageOf, usageError } from '../errors.js'
import type { LocalFiles } from '../files.js'

export type Variables = Readonly<Record<string, string>>

/** A file's text. A usage error at the place that names it, where it is not there or cannot be read. */
export async function textOfFile(files: LocalFiles, path: string, at: At): Promise<string> {
  if (!(await files.exists(path))) throw usageError(`there is no ${path}`, { at })
  try {
    return await files.text(path)
  } catch (error) {
    throw usageError(messageOf(error), { at, cause: error })
  }
}

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
  const first = { file: own, line: 1, column: 1 }
  const read = paths.length > 0 ? paths : (await files.exists(own)) ? [{ path: own, at: first }] : []
  let found: Record<string, string> = {}
  for (const { path, at } of read) {
    if (path === '/dev/null') continue
    const text = await textOfFile(files, path, at)
    found = { ...found, ...readDotenv(text, path, { ...found, ...stronger }) }
  }
  return { ...found, ...stronger }
}
