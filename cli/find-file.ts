// Finds the project's file the way git finds its repository: here, else in a parent folder.
import { dirname, join, resolve } from 'node:path'
import { usageError } from '../core/errors.js'
import { localFiles } from './files.js'

/** The file's name where `-f` names none. */
export const fileName = 'longshore.yaml'

/** Where Compose looks, in this order. Source: the Compose specification, "The Compose file". */
const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']

/** What to do where there is no project file; a Compose file of the folder needs but two lines around it. */
async function hintFor(folder: string): Promise<string> {
  for (const name of composeNames)
    if ((await localFiles.stat(join(folder, name)))?.kind === 'file')
      return `for ${name} write a ${fileName} with \`project: NAME\` and \`compose: [${name}]\`; \`longshore init\` writes another start`
  return 'say `longshore init` to write one, or name a file with -f'
}

/** Absolute path of the project's file. A usage error when there is none. */
export async function findProjectFile(named: string | undefined, cwd: string): Promise<string> {
  if (named !== undefined) {
    const path = resolve(cwd, named)
    const found = await localFiles.stat(path)
    if (found?.kind === 'directory') return fileIn(path, named)
    if (found) return path
    throw usageError(`there is no file ${named}`, { hint: 'say -f FILE with the path of a project file' })
  }
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, fileName)
    if ((await localFiles.stat(path))?.kind === 'file') return path
    if (dirname(folder) === folder) break
  }
  throw usageError(`there is no ${fileName} in ${cwd} or in a folder above it`, {
    hint: await hintFor(cwd),
  })
}

async function fileIn(folder: string, named: string): Promise<string> {
  const path = join(folder, fileName)
  if ((await localFiles.stat(path))?.kind === 'file') return path
  throw usageError(`there is no ${fileName} in the folder ${named}`, { hint: await hintFor(folder) })
}
