// The project's own certificate authority: a folder with its certificate, its key (locked, or 0600 and not in git) and the clients' pairs.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { UserError, usageError } from '../../core/errors.js'
import type { Secret } from '../../core/secret.js'
import type { Pair } from './issue.js'
import { lockUp, unlock } from './lock-box.js'

/** Days that an authority lasts: its successor is a change on every host and client. */
const authorityDays = 3650

/** The folder of an authority, and the passphrase of its key if it has one. */
export interface AuthorityPlace {
  folder: string
  project: string
  passphrase?: Secret
}

export const certificateFile = ({ folder }: AuthorityPlace): string => join(folder, 'ca.crt')
const plainKeyFile = (folder: string): string => join(folder, 'ca.key')
const lockedKeyFile = (folder: string): string => join(folder, 'ca.key.age')

const readIf = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new UserError(`cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** A name that no other run takes. */
const beside = (path: string): string => `${path}.${randomUUID()}.new`

/** Writes beside the file and moves it there: half a key is worse than none. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const next = beside(path)
  await writeFile(next, text, { mode })
  await chmod(next, mode)
  await rename(next, path)
}

/** The same, but never over a file that is there: two runs at once keep the first one's. Gives whether ours it is. */
async function writeFirst(path: string, text: string, mode: number): Promise<boolean> {
  const next = beside(path)
  await writeFile(next, text, { mode })
  try {
    await link(next, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(next, { force: true })
  }
}

/** True when git has the file; false also where there is no git or no repository. */
const trackedByGit = (path: string): Promise<boolean> =>
  new Promise(resolve => {
    execFile('git', ['ls-files', '--error-unmatch', '--', basename(path)], { cwd: dirname(path) }, error =>
      resolve(error === null),
    )
  })

/** Refuses a private key that others can read, or that git carries away. */
async function refuseLoose(path: string): Promise<void> {
  const found = await stat(path)
  if ((found.mode & 0o077) !== 0)
    throw usageError(`others can read the private key ${path}`, { hint: `chmod 600 ${path}` })
  if (await trackedByGit(path))
    throw usageError(`git tracks the private key ${path}`, {
      hint: 'take it out (git rm --cached, and make a new authority if it was pushed), or lock it: engine.tls.passphrase',
    })
}

/** The authority's certificate (PEM), for those who only check; undefined before it was made. */
export const authorityCertificate = (place: AuthorityPlace): Promise<string | undefined> =>
  readIf(certificateFile(place))

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Whether its key is on this machine, locked or not, or still to be made with it. Nothing is opened. */
export const hasAuthorityKey = async (place: AuthorityPlace): Promise<boolean> =>
  !(await isThere(certificateFile(place))) ||
  (await isThere(plainKeyFile(place.folder))) ||
  isThere(lockedKeyFile(place.folder))

/** The authority with its key. Undefined before it was made; a usage error when the certificate is there and its key is not. */
export async function openAuthority(place: AuthorityPlace): Promise<Pair | undefined> {
  const certificate = await authorityCertificate(place)
  const { folder, passphrase } = place
  const locked = await readIf(lockedKeyFile(folder))
  if (certificate === undefined) return undefined
  if (locked !== undefined) {
    if (passphrase === undefined)
      throw usageError(`${lockedKeyFile(folder)} is locked`, { hint: 'say engine.tls.passphrase: { secret: NAME }' })
    return { certificate, key: await unlock(locked, passphrase, lockedKeyFile(folder)) }
  }
  const key = await readIf(plainKeyFile(folder))
  if (key === undefined)
    throw usageError(`the key of the authority ${certificateFile(place)} is not here`, {
      hint: `bring ${plainKeyFile(folder)} (or ca.key.age) from where it was made; without it no certificate can be issued`,
    })
  await refuseLoose(plainKeyFile(folder))
  return { certificate, key }
}

/** Another run makes the authority at this very moment: its certificate comes after its key. */
async function madeMeanwhile(place: AuthorityPlace): Promise<Pair | undefined> {
  for (let tries = 0; tries < 20; tries++) {
    const made = await openAuthority(place)
    if (made) return made
    await setTimeout(50)
  }
  return undefined
}

/** The authority, made if it is not there yet. The key is written before the certificate: one without the other is then seen as not made. */
export async function ensureAuthority(place: AuthorityPlace): Promise<Pair> {
  const there = await openAuthority(place)
  if (there) return there
  const { folder, passphrase } = place
  const { makeAuthority } = await import('./issue.js')
  const made = await makeAuthority(`${place.project} engines`, authorityDays)
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await writeFirst(
    join(folder, '.gitignore'),
    '# Private keys stay here; a locked one (ca.key.age) may be shared.\nca.key\nclients/\n',
    0o644,
  )
  const [keyFile, text] =
    passphrase === undefined
      ? [plainKeyFile(folder), made.key]
      : [lockedKeyFile(folder), await lockUp(made.key, passphrase)]
  if (!(await writeFirst(keyFile, text, 0o600))) {
    const others = await madeMeanwhile(place)
    if (others) return others
    throw usageError(`${keyFile} is there, and its certificate is not`, {
      hint: `bring ${certificateFile(place)} too, or move the key away to make a new authority`,
    })
  }
  await writeFirst(certificateFile(place), made.certificate, 0o644)
  return made
}

/** The folder of a client's pair, named as stock clients want them (DOCKER_CERT_PATH). */
export const clientFolder = (folder: string, name: string): string => join(folder, 'clients', name)

/** Keeps a client's pair beside the authority, its key 0600. */
export async function keepClient(folder: string, name: string, pair: Pair, authority: string): Promise<void> {
  const place = clientFolder(folder, name)
  await mkdir(place, { recursive: true, mode: 0o700 })
  await writeWhole(join(place, 'ca.pem'), authority, 0o644)
  await writeWhole(join(place, 'key.pem'), pair.key, 0o600)
  await writeWhole(join(place, 'cert.pem'), pair.certificate, 0o644)
}

/** A client's certificate (PEM); undefined when it was not made here. A usage error when its key is missing or loose. */
export async function clientCertificate(folder: string, name: string): Promise<string | undefined> {
  const place = clientFolder(folder, name)
  const certificate = await readIf(join(place, 'cert.pem'))
  if (certificate === undefined) return undefined
  if ((await readIf(join(place, 'key.pem'))) === undefined)
    throw usageError(`the key of the client ${name} is not in ${place}`, {
      hint: `make a new one: longshore certs client ${name}`,
    })
  await refuseLoose(join(place, 'key.pem'))
  return certificate
}
