// `longshore images`: the images on all chosen hosts, how large they are, and which containers are made from them; and what is done with single ones.
import { usageError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import { suggestion } from '../../../core/language/index.js'
import type { ImageState } from '../../../core/provider-abilities.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { type Engines, tellProblems, withEngines } from '../../engines.js'
import { imageActions } from '../../images/actions.js'
import { shortId, sizeText } from '../../images/size-text.js'
import { table } from '../../report/table.js'

/** The images of all open engines. */
async function list(context: CommandContext, engines: Engines, quiet: boolean, unused: boolean): Promise<number> {
  const lists = await Promise.all(
    engines.open.map(async ({ provider, engine }) => (await provider.images?.(engine)) ?? []),
  )
  const isUnused = ({ usedBy, keepsLayersOf }: ImageState): boolean =>
    usedBy.length === 0 && keepsLayersOf === undefined
  const found = lists.flat().filter(image => !unused || isUnused(image))
  if (context.options.json) for (const image of found) context.printJson({ type: 'image', ...image })
  else if (quiet) for (const id of new Set(found.map(image => image.id))) context.print(id)
  else {
    const rows = found.map(({ host, name, id, size, usedBy, keepsLayersOf }) =>
      [
        host,
        name || '(no name)',
        shortId(id),
        sizeText(size),
        keepsLayersOf ? `(layers of ${keepsLayersOf})` : usedBy.join(', '),
      ].map(cell => cleanLine(cell)),
    )
    const heading = ['HOST', 'NAME', 'ID', 'SIZE', 'USED BY']
    for (const line of table(heading, rows, context.io.stdout.columns)) context.print(line)
  }
  return tellProblems(context, engines.problems)
}

export const images = command({
  name: 'images',
  summary: 'list the images on the hosts; history, save, load, tag, commit, search',
  arguments: {
    action: { text: `list (if left out), ${Object.keys(imageActions).join(', ')}`, need: 'maybe' },
    words: { text: 'what the action is about: an image, a container, a word', need: 'many' },
  },
  options: {
    quiet: { flags: '-q, --quiet', text: 'list only ids', kind: 'flag' },
    unused: { flags: '--unused', text: 'list only those that no container is made from', kind: 'flag' },
    output: { flags: '-o, --output <file>', text: 'save: the archive to write', kind: 'value' },
    input: { flags: '-i, --input <file>', text: 'load: the archive to read', kind: 'value' },
    message: { flags: '-m, --message <text>', text: 'commit: what was done', kind: 'value' },
    author: { flags: '--author <who>', text: 'commit: who did it', kind: 'value' },
    change: {
      flags: '-c, --change <line>',
      text: 'commit: a line of a Dockerfile that changes a setting',
      kind: 'list',
    },
    noPause: { flags: '--no-pause', text: 'commit: the container goes on meanwhile', kind: 'flag' },
    limit: { flags: '--limit <n>', text: 'search: how many at most', kind: 'value' },
  },
  run: (context, { action = 'list', quiet, unused, ...options }) => {
    const act = Object.hasOwn(imageActions, action) ? imageActions[action] : undefined
    if (act === undefined && (action !== 'list' || options.words.length > 0))
      throw usageError(`images knows no "${action}"${suggestion(action, Object.keys(imageActions))}`)
    return withEngines(context, engines =>
      act === undefined ? list(context, engines, quiet, unused) : act(context, engines, options),
    )
  },
})
