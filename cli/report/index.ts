// Chooses the report: json for programs, the tree for a terminal, plain lines for everything else.
import { usageError } from '../../core/errors.js'
import type { Masker } from '../../core/secret.js'
import type { GlobalOptions } from '../options.js'
import type { UserSettings } from '../settings.js'
import type { Io } from '../streams.js'
import { guarded, type Report } from './report.js'
import { createStyle, type Style, wantsColor } from './style.js'

export interface ReportSurroundings {
  options: GlobalOptions
  settings: UserSettings
  env: Readonly<Record<string, string | undefined>>
  io: Io
  masker: Masker
}

/** The style for one of our output streams. */
export const styleFor = (
  stream: { isTTY?: boolean; columns?: number },
  { options, settings, env }: Pick<ReportSurroundings, 'options' | 'settings' | 'env'>,
): Style =>
  createStyle(
    wantsColor({
      allowed: options.color,
      env,
      setting: settings.colour,
      terminal: stream.isTTY === true && !options.json,
    }),
    stream.isTTY === true ? stream.columns : undefined,
  )

type Drawing = Pick<ReportSurroundings, 'options' | 'env' | 'io'>

const canDraw = ({ env, io }: Drawing): boolean => io.stderr.isTTY === true && env.TERM !== 'dumb'

/** A usage error when the tree is asked for where nothing can be drawn. */
export function checkReport(surroundings: Drawing): void {
  if (surroundings.options.report === 'tree' && !canDraw(surroundings))
    throw usageError('--report tree needs a terminal on stderr', { hint: 'leave it out, or say --report plain' })
}

/** What to show events with: as asked for, else the tree where it can be drawn and the user does not always want plain lines. */
const kindOf = (surroundings: ReportSurroundings): 'tree' | 'plain' | 'json' =>
  surroundings.options.report ?? (canDraw(surroundings) && surroundings.settings.report !== 'plain' ? 'tree' : 'plain')

/** Makes the report of a run, behind the boundary that masks and cleans. What draws is loaded only if it draws. */
export async function createReport(surroundings: ReportSurroundings): Promise<Report> {
  const { options, io, masker } = surroundings
  const style = styleFor(io.stderr, surroundings)
  const { verbose } = options
  const kind = kindOf(surroundings)
  if (kind === 'json') {
    const { createJsonReport } = await import('./json.js')
    return guarded(
      createJsonReport(
        text => io.stdout.write(text),
        () => new Date(),
      ),
      masker,
    )
  }
  if (kind === 'plain') {
    const { createPlainReport } = await import('./plain.js')
    return guarded(
      createPlainReport(text => io.stderr.write(text), { style, verbose }),
      masker,
    )
  }
  const { createTreeReport } = await import('./tree.js')
  return guarded(createTreeReport(io.stderr, { style, verbose, now: () => performance.now() }), masker)
}
