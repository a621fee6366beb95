// Makes an image from a root file system: a folder or an archive, on the engine's host or on this machine.
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { messageOf, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import { type Sh, sh } from '../../../core/sh.js'
import { ProgressError, readProgress } from '../api/stream.js'
import { hasStatus, type Job } from '../apply/job.js'
import { labels } from '../labels.js'
import type { Origin } from '../work.js'
import { folderEntries } from './context.js'
import { defineImport, type ImportWant, importLabel } from './definition.js'
import { familiarReference, splitReference } from './reference.js'
import { packTar } from './tar.js'

const missingFolder = 66
const missingClient = 67

/**
 * Imports a folder of the host without a copy on the way. The name is given only when tar, too, ended well: half a root file system
 * must not look like an image. A failed pipe's left end is not told by POSIX sh, so that tar's exit code goes round it.
 */
const importScript = (dir: string, ref: string, changes: readonly string[]): Sh => sh`
if ! [ -d ${dir} ]; then exit ${missingFolder}; fi
if ! command -v docker >/dev/null 2>&1; then exit ${missingClient}; fi
unset DOCKER_HOST DOCKER_CONTEXT
made=$( { { tar -C ${dir} -c .; echo "tar=$?" >&3; } | docker import ${changes.flatMap(change => ['-c', change])} - ; } 3>&1 ) || exit
id=; tar=
for word in $made; do case $word in tar=*) tar=\${word#tar=};; *) id=$word;; esac; done
if [ "$tar" != 0 ]; then docker rmi "$id" >/dev/null; echo "tar failed with exit code $tar" >&2; exit 1; fi
docker tag "$id" ${ref}
`

/** Imports an archive of the host. */
const archiveScript = (file: string, ref: string, changes: readonly string[]): Sh => sh`
if ! [ -f ${file} ]; then exit ${missingFolder}; fi
if ! command -v docker >/dev/null 2>&1; then exit ${missingClient}; fi
unset DOCKER_HOST DOCKER_CONTEXT
docker import ${changes.flatMap(change => ['-c', change])} ${file} ${ref}
`

const labelChanges = (own: Readonly<Record<string, string>>): string[] =>
  Object.entries(own).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`)

const failure = (job: Job, want: ImportWant, what: string, more: { hint?: string; output?: string } = {}): UserError =>
  new UserError(`image ${want.ref} cannot be imported: ${what}`, { where: job.where, at: want.at, ...more })

async function importThere(job: Job, want: ImportWant, changes: readonly string[]): Promise<void> {
  // Root can read every file of a root file system; where we cannot become root, tar tells what it could not read.
  const options = { as: 'best', signal: job.signal, onLine: job.tell } as const
  const script = want.archive ? archiveScript : importScript
  const { code, stderr } = await job.engine.connection.exec(script(want.dir, want.ref, changes), options)
  if (code === 0) return
  if (code === missingFolder)
    throw failure(job, want, `${want.dir} is not a ${want.archive ? 'file' : 'folder'} on ${job.host}`)
  if (code === missingClient)
    throw failure(job, want, `there is no docker client on ${job.host}`, {
      hint: 'install the package docker-cli there',
    })
  const output = stderr.trim().split('\n').slice(-20).join('\n')
  throw failure(job, want, `exit code ${code}`, { output })
}

/** Makes an image of a root file system in an archive. Throws what the engine says of one that it does not take. */
export async function importTar(job: Job, ref: string, upload: Readable, changes: readonly string[]): Promise<void> {
  const { name, tag } = splitReference(ref)
  const query = { fromSrc: '-', repo: name, tag }
  // Each change is a parameter of its own: Podman takes lines in one parameter for one value.
  const repeated = { changes }
  const request = { method: 'POST', path: '/images/create', query, repeated, upload, signal: job.signal } as const
  await readProgress(await job.engine.api.stream(request), () => {})
}

async function importHere(job: Job, want: ImportWant, changes: readonly string[]): Promise<void> {
  const { files } = job.context
  const kind = (await files.stat(want.dir))?.kind
  const expected = want.archive ? 'file' : 'directory'
  if (kind !== expected) throw failure(job, want, `${want.dir} is not a ${want.archive ? 'file' : 'folder'} here`)
  const upload = want.archive ? createReadStream(want.dir) : packTar(await folderEntries(files, want.dir))
  try {
    await importTar(job, want.ref, upload, changes)
  } catch (error) {
    if (error instanceof ProgressError || hasStatus(error, 400, 404, 500)) throw failure(job, want, messageOf(error))
    throw error
  }
}

/** Imports an image. A UserError that says what is missing. */
export async function importImage(job: Job, { project }: Origin, want: ImportWant): Promise<StepResult> {
  const spec = await defineImport(want, job.context.files)
  const changes = labelChanges({
    [labels.project]: project,
    [labels.image]: familiarReference(want.ref),
    [labels.import]: importLabel(spec),
  })
  await (want.where === 'host' ? importThere : importHere)(job, want, changes)
  return { state: 'done' }
}
