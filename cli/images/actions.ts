// What `longshore images` does besides listing: history, save, load, tag, commit, search.
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { exitCodes, likeError, messageOf, UserError, usageError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import type { TransferOptions } from '../../core/provider-abilities.js'
import type { CommandContext } from '../context.js'
import { containersOf, type Engines, tellProblems } from '../engines.js'
import { table } from '../report/table.js'
import { ability, engineWith, oneWord } from './find.js'
import { dayText, shortId, sizeText } from './size-text.js'

/** What the command line gave besides the action. */
export interface ActionOptions {
  words: readonly string[]
  output: string | undefined
  input: string | undefined
  message: string | undefined
  author: string | undefined
  change: readonly string[]
  noPause: boolean
  limit: string | undefined
}

type Action = (context: CommandContext, engines: Engines, options: ActionOptions) => Promise<number>

/** What is under way is a note a host: there is no step whose line could move. */
const transfer = (context: CommandContext, host: string): TransferOptions => ({
  signal: context.signal,
  tell: text => context.emit({ type: 'note', host, text }),
})

const history: Action = async (context, engines, { words }) => {
  const ref = oneWord(words, 'history', 'IMAGE')
  const on = await engineWith(engines, [ref])
  const layers = await ability(on, on.provider.imageHistory, 'tell how images were made')(on.engine, ref)
  if (context.options.json)
    for (const layer of layers) context.printJson({ type: 'layer', host: on.scope.name, ...layer })
  else {
    const rows = layers.map(({ created, size, by, comment }) => [dayText(created), sizeText(size), by || comment])
    const clean = rows.map(row => row.map(cell => cleanLine(cell)))
    for (const line of table(['CREATED', 'SIZE', 'BY'], clean, context.io.stdout.columns)) context.print(line)
  }
  return exitCodes.done
}

const save: Action = async (context, engines, { words, output }) => {
  if (words.length === 0)
    throw usageError('images save takes names of images', { hint: 'longshore images save IMAGE… -o FILE' })
  const { stdout } = context.io
  if (output === undefined && stdout.isTTY)
    throw usageError('an archive is nothing for a terminal', { hint: 'say where it goes: `-o FILE`, or `> FILE`' })
  const on = await engineWith(engines, words)
  const open = ability(on, on.provider.saveImages, 'save images')
  const archive = await open(on.engine, words, transfer(context, on.scope.name))
  if (output === undefined) {
    await pipeline(archive, stdout, { end: false })
    return exitCodes.done
  }
  const file = resolve(context.cwd, output)
  const partial = `${file}.part`
  try {
    // An image may hold what is not for everybody.
    await pipeline(archive, createWriteStream(partial, { mode: 0o600 }))
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    context.signal.throwIfAborted()
    if (error instanceof UserError) throw error
    throw new UserError(`${file} cannot be written: ${messageOf(error)}`, { cause: error })
  }
  return exitCodes.done
}

const load: Action = async (context, engines, { words, input }) => {
  const given = input ?? words[0]
  if (given === undefined || words.length > (input === undefined ? 1 : 0))
    throw usageError('images load takes one archive', { hint: 'longshore images load -i FILE' })
  const file = resolve(context.cwd, given)
  if ((await context.files.stat(file))?.kind !== 'file') throw usageError(`there is no file ${file}`)
  const problems = [...engines.problems]
  await Promise.all(
    engines.open.map(async on => {
      try {
        const take = ability(on, on.provider.loadImages, 'load images')
        const names = await take(on.engine, createReadStream(file), transfer(context, on.scope.name))
        for (const name of names.map(text => cleanLine(text)))
          if (context.options.json) context.printJson({ type: 'loaded', host: on.scope.name, name })
          else context.print(`${on.scope.name}  ${name}`)
      } catch (error) {
        context.signal.throwIfAborted()
        const where = { where: on.scope.name, hint: 'an archive of `docker save` or `longshore images save` is loaded' }
        const told = error instanceof UserError ? error : new UserError(messageOf(error), { cause: error })
        problems.push(likeError(told, { message: `${file} cannot be loaded: ${told.message}`, ...where }))
      }
    }),
  )
  return tellProblems(context, problems)
}

const tag: Action = async (context, engines, { words }) => {
  const [ref, name, ...more] = words
  if (ref === undefined || name === undefined || more.length > 0)
    throw usageError('images tag takes an image and its further name', { hint: 'longshore images tag IMAGE NAME' })
  // Hosts without the image have nothing to name; one must have it.
  await engineWith(engines, [ref])
  for (const on of engines.open) {
    const has = await engineWith({ open: [on], problems: [] }, [ref]).catch(() => undefined)
    if (has) await ability(on, on.provider.tagImage, 'name images')(on.engine, ref, name)
    if (has) context.print(`${on.scope.name}  ${name}`)
  }
  return tellProblems(context, engines.problems)
}

const commit: Action = async (context, engines, { words, message, author, change, noPause }) => {
  const [container, ref, ...more] = words
  if (container === undefined || ref === undefined || more.length > 0)
    throw usageError('images commit takes a container and a name', { hint: 'longshore images commit CONTAINER NAME' })
  const placed = await containersOf(context, engines)
  const found = placed.filter(({ container: { name, service } }) => name === container || service === container)
  const [only, ...others] = found
  if (only === undefined)
    throw usageError(`no container "${container}" is there`, { hint: '`longshore ps` lists them' })
  if (others.length > 0)
    throw usageError(`there are ${found.length} containers of "${container}"`, {
      hint: `name one, and its host with --on: ${found.map(({ container: { name, host } }) => `${name} on ${host}`).join(', ')}`,
    })
  const make = ability(only.on, only.on.provider.commitImage, 'make images of containers')
  const id = await make(only.on.engine, only.container.id, {
    ref,
    pause: !noPause,
    changes: change,
    ...(message === undefined ? {} : { message }),
    ...(author === undefined ? {} : { author }),
  })
  if (context.options.json) context.printJson({ type: 'image', host: only.container.host, name: ref, id })
  else context.print(`${only.container.host}  ${ref}  ${shortId(id)}`)
  return exitCodes.done
}

const search: Action = async (context, engines, { words, limit = '25' }) => {
  const term = oneWord(words, 'search', 'TERM')
  const count = /^\d{1,3}$/.test(limit) ? Number(limit) : 0
  if (count < 1 || count > 100) throw usageError(`--limit takes a number from 1 to 100, not "${limit}"`)
  const [on] = engines.open
  if (on === undefined) return tellProblems(context, engines.problems)
  const found = await ability(on, on.provider.searchImages, 'search images')(on.engine, term, count)
  if (context.options.json) for (const one of found) context.printJson({ type: 'found', ...one })
  else {
    const rows = found.map(({ name, stars, official, description }) =>
      [name, String(stars), official ? 'yes' : '', description].map(cell => cleanLine(cell)),
    )
    for (const line of table(['NAME', 'STARS', 'OFFICIAL', 'DESCRIPTION'], rows, context.io.stdout.columns))
      context.print(line)
  }
  return exitCodes.done
}

/** The actions by their words. */
export const imageActions: Readonly<Record<string, Action>> = { history, save, load, tag, commit, search }
