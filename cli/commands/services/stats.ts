// `longshore stats`: what containers use of their hosts, once or on and on.
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../../../core/errors.js'
import type { UsageSample } from '../../../core/provider-abilities.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { type Engines, type Placed, tellProblems, withEngines } from '../../engines.js'
import { Screen } from '../../report/screen.js'
import { table } from '../../report/table.js'
import { cut, width } from '../../report/width.js'
import { able, chosenOn, placeOptions, type Wish } from '../../services/choose.js'
import { watching } from '../../services/flow.js'
import { usageCells, usageData, usageHeading } from '../../services/usage.js'

/** Milliseconds between two looks; of the first two, whose difference only shows CPU time. */
const pauseMs = { first: 700, next: 1500 }

interface Look {
  one: Placed
  before: UsageSample
  now: UsageSample
}

/** Looks at all containers that run, again and again; each look after the first is handed out. */
async function* looks(
  context: CommandContext,
  engines: Engines,
  wish: Wish,
  signal: AbortSignal,
): AsyncGenerator<Look[]> {
  let last = new Map<string, UsageSample>()
  for (let round = 0; !signal.aborted; round++) {
    const placed = (await chosenOn(context, engines, wish)).filter(({ container }) => container.state === 'running')
    const samples = await Promise.all(
      placed.map(one =>
        able(one, one.on.provider.usage, 'tell what they use')(one.on.engine, one.container.id, signal),
      ),
    )
    const now = new Map<string, UsageSample>()
    const seen = placed.flatMap((one, index): Look[] => {
      const sample = samples[index]
      if (!sample) return []
      now.set(one.container.id, sample)
      return [{ one, before: last.get(one.container.id) ?? sample, now: sample }]
    })
    last = now
    if (round > 0 || placed.length === 0) yield seen
    await sleep(round === 0 ? pauseMs.first : pauseMs.next, undefined, { signal }).catch(() => undefined)
  }
}

const linesOf = (seen: readonly Look[], columns: number | undefined): string[] =>
  table(
    usageHeading,
    seen.map(({ one: { container }, before, now }) => [container.host, container.name, ...usageCells(before, now)]),
    columns,
  )

/** Draws each look in the place of the one before, until the signal is given; the last one stays. */
async function drawn(context: CommandContext, rounds: AsyncIterable<Look[]>): Promise<void> {
  const { stdout } = context.io
  let lines: string[] = []
  const screen = new Screen(stdout, {
    frame: (columns, rows) =>
      lines
        .slice(0, Math.max(1, rows - 1))
        .map(text => ({ text: cut(text, columns), columns: Math.min(width(text), columns) })),
  })
  screen.open()
  const end = (): void => screen.end()
  process.once('exit', end)
  try {
    for await (const seen of rounds) lines = linesOf(seen, undefined)
  } finally {
    process.off('exit', end)
    screen.end()
    for (const line of lines) context.print(cut(line, stdout.columns ?? 80))
  }
}

export const stats = command({
  name: 'stats',
  summary: 'show what containers use: CPU, memory, network, disk',
  arguments: { services: { text: 'only these services', need: 'many' } },
  options: {
    noStream: { flags: '--no-stream', text: 'look once', kind: 'flag' },
    ...placeOptions,
  },
  run: (context, { services, host, number, noStream }) =>
    withEngines(context, async engines => {
      const problems = await tellProblems(context, engines.problems)
      const signal = watching(context)
      const rounds = looks(context, engines, { services, host, number }, signal)
      try {
        if (!noStream && !context.options.json && context.io.stdout.isTTY) await drawn(context, rounds)
        else
          for await (const seen of rounds) {
            if (context.options.json)
              for (const { one, before, now } of seen) {
                const { host: on, service, name } = one.container
                context.printJson({ type: 'stats', host: on, service, container: name, ...usageData(before, now) })
              }
            else for (const line of linesOf(seen, context.io.stdout.columns)) context.print(line)
            if (noStream) break
          }
      } catch (error) {
        if (!signal.aborted) throw error
      }
      return signal.aborted ? exitCodes.done : problems
    }),
})
