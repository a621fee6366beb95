// `longshore images`: the images on all chosen hosts, how large they are, and which containers are made from them.
import { cleanLine } from '../../../core/events.js'
import type { ImageState } from '../../../core/provider-abilities.js'
import { command } from '../../command.js'
import { tellProblems, withEngines } from '../../engines.js'
import { table } from '../../report/table.js'

const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`

const shortId = (id: string): string => id.replace('sha256:', '').slice(0, 12)

export const images = command({
  name: 'images',
  summary: 'list the images on the hosts',
  arguments: {},
  options: {
    quiet: { flags: '-q, --quiet', text: 'only their ids', kind: 'flag' },
    unused: { flags: '--unused', text: 'only those that no container is made from', kind: 'flag' },
  },
  run: (context, { quiet, unused }) =>
    withEngines(context, async engines => {
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
    }),
})
