// Asks hosts for their facts, engine included: what `facts` shows, and what templates see.
import type { Connection } from '../core/connection.js'
import { UserError, unreachableError } from '../core/errors.js'
import { cleanLine } from '../core/events.js'
import { type Facts, factsProbe, readFacts } from '../core/facts.js'
import { ask } from '../core/plan/read-host.js'
import type { Host } from '../core/project.js'
import type { Detection } from '../core/provider.js'
import { factsWithEngine } from '../core/run/note-engine.js'
import { mapLimited } from '../core/run/workers.js'
import type { CommandContext } from './context.js'

async function readOver(connection: Connection, host: Host, context: CommandContext): Promise<Facts> {
  const { signal } = context
  const provider = (await context.providers()).find(({ name }) => name === host.engine.provider)
  const [scope] = provider?.scopes([host]) ?? []
  const detect = provider?.detect(host.engine, [])
  const pieces = [{ id: 'facts', command: factsProbe }, ...(detect ? [{ id: 'engine', command: detect }] : [])]
  const asking = ask(connection, pieces, { signal })
  const told = async (id: string): Promise<string> => {
    const answer = (await asking).get(id)
    if (answer?.code === 0) return answer.out
    throw new UserError(`the host did not answer the question for its ${id}`, {
      where: host.name,
      output: cleanLine(answer?.err ?? ''),
    })
  }
  const facts = async (): Promise<Facts> => readFacts(await told('facts'))
  if (provider === undefined || scope === undefined) return facts()
  const detection = told('engine').then((out): Detection => provider.readDetection(out))
  // The engine may answer before its detection has failed.
  detection.catch(() => {})
  const [read, opened] = await Promise.allSettled([facts(), provider.open(scope, connection, detection)])
  if (opened.status === 'fulfilled' && 'close' in opened.value) opened.value.close()
  if (read.status === 'rejected') throw read.reason
  if (opened.status === 'rejected') throw opened.reason
  return factsWithEngine(read.value, provider.name, opened.value)
}

/** Asks each host, so many at a time as the user wants; gives its facts, or why there are none. */
export const factsOfHosts = (
  context: CommandContext,
  hosts: readonly Host[],
): Promise<{ host: Host; facts: Facts | UserError }[]> =>
  context.forks().then(forks =>
    mapLimited(hosts, forks, async host => {
      try {
        const connection = await (await context.connect())(host, { signal: context.signal })
        try {
          return { host, facts: await readOver(connection, host, context) }
        } finally {
          await connection.close()
        }
      } catch (error) {
        if (context.signal.aborted || !(error instanceof UserError)) throw error
        const facts = error.where === undefined ? unreachableError(host.name, error.message, { cause: error }) : error
        return { host, facts }
      }
    }),
  )
