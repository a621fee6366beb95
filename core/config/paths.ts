// Paths on this machine as users write them: relative to a folder, or from the home folder.
import { join, resolve } from 'node:path'

/** The absolute path of what the user wrote; `~` and `~/…` mean the home folder. */
export function localPath(path: string, folder: string, home: string): string {
  if (path === '~') return home
  return path.startsWith('~/') ? join(home, path.slice(2)) : resolve(folder, path)
}
