// Versions of the Engine API: which ones we speak, and which one with a given engine.
import { UserError } from '../../../core/errors.js'

/** The newest Engine API we know, and the oldest that has what we use (Docker 19.03). */
const newest = '1.45'
const oldest = '1.40'

/** Compares two API versions: negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number)
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number)
  return aMajor - bMajor || aMinor - bMinor
}

/** The API version to speak with `engine` ("docker 20.10.24"), which offers up to `theirs`. Throws a UserError for one that is too old. */
export function agreeOnVersion(theirs: string, host: string, engine: string): string {
  if (compareVersions(theirs, oldest) < 0)
    throw new UserError(
      `${engine} is too old: it speaks API ${theirs || 'of no version'}, and ${oldest} (Docker 19.03) is the oldest we know`,
      { where: host, hint: 'update the engine of that host' },
    )
  return compareVersions(theirs, newest) < 0 ? theirs : newest
}
