// Copies between this machine and containers, as tar archives that are never held whole.
import { lstat, readlink, realpath, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { messageOf, UserError, usageError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import type { PathInfo } from '../../core/provider-abilities.js'
import { packTree } from '../../providers/local-tree/pack.js'
import { unpackTree } from '../../providers/local-tree/unpack.js'
import type { CommandContext } from '../context.js'
import type { Placed } from '../engines.js'
import { able } from './choose.js'
import { type CopyDestination, type CopySource, copyPlace, inContainer, saysFolder } from './copy-rules.js'
import { watching } from './flow.js'

export interface CopyOptions {
  /** Keeps ids of owners. */
  archive: boolean
  /** Takes what a link leads to, where the source itself is one. */
  followLink: boolean
}

/** What lies at a path of this machine; undefined for nothing. A UserError where that cannot be told. */
async function localAt(path: string, follow: boolean): Promise<'folder' | 'other' | undefined> {
  try {
    return (await (follow ? stat(path) : lstat(path))).isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`)
  }
}

const infoAt = async (one: Placed, path: string): Promise<PathInfo | undefined> =>
  able(one, one.on.provider.pathInfo, 'copy files')(one.on.engine, one.container.id, path)

/** The destination in a container; a link there is followed once, as docker does. */
async function destinationIn(one: Placed, path: string): Promise<CopyDestination> {
  const found = await infoAt(one, path)
  const to = found?.kind === 'link' && found.target !== '' ? found.target : path
  const info = to === path ? found : await infoAt(one, to)
  return { path: to, there: info === undefined ? 'nothing' : info.kind === 'folder' ? 'folder' : 'other' }
}

async function unpackIn(
  context: CommandContext,
  one: Placed,
  folder: string,
  archive: NodeJS.ReadableStream,
): Promise<void> {
  const unpack = able(one, one.on.provider.unpackInto, 'copy files')
  await unpack(one.on.engine, one.container.id, folder, archive as Parameters<typeof unpack>[3], watching(context))
}

/** Copies a path of this machine into containers, one after the other. */
export async function copyIn(
  context: CommandContext,
  from: string,
  to: string,
  containers: readonly Placed[],
  { archive, followLink }: CopyOptions,
): Promise<void> {
  const here = resolve(context.cwd, from) + (saysFolder(from) ? '/.' : '')
  const kind = await localAt(here, followLink)
  if (kind === undefined) throw new UserError(`there is no ${from} here`)
  const source: CopySource = { path: from, isFolder: kind === 'folder', name: basename(resolve(context.cwd, from)) }
  for (const one of containers) {
    const { into, as } = copyPlace(source, await destinationIn(one, inContainer(to)))
    await unpackIn(context, one, into, packTree(here, { as, follow: followLink, owners: archive })).catch(
      (error: unknown) => {
        if (error instanceof UserError && (error.cause as NodeJS.ErrnoException | undefined)?.syscall)
          throw new UserError(`cannot read ${from}: ${messageOf(error.cause)}`)
        throw error
      },
    )
  }
}

/** Unpacks a tar archive from standard input into a folder of a container. */
export async function copyStreamIn(context: CommandContext, to: string, one: Placed): Promise<void> {
  const { path, there } = await destinationIn(one, inContainer(to))
  if (there !== 'folder')
    throw new UserError(`${to} is no folder of ${one.container.name}`, { where: one.container.host })
  await unpackIn(context, one, path, context.io.stdin)
}

/** The destination on this machine, links followed. */
async function destinationHere(context: CommandContext, to: string): Promise<CopyDestination> {
  const path = resolve(context.cwd, to)
  const kind = await localAt(path, true)
  if (kind !== undefined) return { path: (await realpath(path)) + (saysFolder(to) ? '/' : ''), there: kind }
  const leadsTo = await readlink(path).catch(() => undefined)
  const aim = leadsTo === undefined ? path : resolve(dirname(path), leadsTo)
  const parent = await realpath(dirname(aim)).catch(() => undefined)
  if (parent === undefined) throw new UserError(`there is no folder ${dirname(aim)} here`)
  return { path: `${parent}/${basename(aim)}${saysFolder(to) ? '/' : ''}`, there: 'nothing' }
}

/** A file or folder of a container: what it is, and the path to ask for it by. */
async function sourceIn(one: Placed, from: string, followLink: boolean): Promise<CopySource & { from: string }> {
  const path = inContainer(from)
  const found = await infoAt(one, path)
  if (!found) throw new UserError(`there is no ${from} in ${one.container.name}`, { where: one.container.host })
  const isFollowed = followLink && found.kind === 'link'
  const info = isFollowed ? await infoAt(one, found.target) : found
  if (!info) throw new UserError(`${from} in ${one.container.name} leads nowhere`, { where: one.container.host })
  return { from: isFollowed ? found.target : path, path, isFolder: info.kind === 'folder', name: found.name }
}

/** Copies a path of a container to this machine. */
export async function copyOut(
  context: CommandContext,
  one: Placed,
  from: string,
  to: string,
  { archive, followLink }: CopyOptions,
): Promise<void> {
  const source = await sourceIn(one, from, followLink)
  const place = copyPlace(source, await destinationHere(context, to))
  const bytes = await able(one, one.on.provider.archiveOf, 'copy files')(
    one.on.engine,
    one.container.id,
    source.from,
    watching(context),
  )
  const { left } = await unpackTree(bytes, { into: await realpath(place.into), as: place.as, owners: archive }).catch(
    (error: unknown) => {
      if (error instanceof UserError || context.signal.aborted) throw error
      throw new UserError(`the copy to ${to} failed: ${cleanLine(messageOf(error))}`, { cause: error })
    },
  )
  for (const name of left)
    context.emit({
      type: 'warning',
      host: one.container.host,
      text: `left out, because it is a device or a pipe: ${name}`,
    })
}

/** Writes a path of a container to standard output, as a tar archive. */
export async function copyStreamOut(
  context: CommandContext,
  one: Placed,
  from: string,
  followLink: boolean,
): Promise<void> {
  const { stdout } = context.io
  if (stdout.isTTY) throw usageError('an archive is nothing for a terminal', { hint: 'send it on: … - | tar -t' })
  const source = await sourceIn(one, from, followLink)
  const bytes = await able(one, one.on.provider.archiveOf, 'copy files')(
    one.on.engine,
    one.container.id,
    source.from,
    watching(context),
  )
  await pipeline(bytes, stdout, { end: false }).catch((error: unknown) => {
    if (!context.stdoutClosed.aborted) throw error
  })
}
