// Reads the history of hosts.
import type { Connection } from '../connection.js'
import { UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import type { Sh } from '../sh.js'
import { type HistoryEntry, readEntries } from './entry.js'
import { readHeads, readWhole } from './scripts.js'

async function read(connection: Connection, script: Sh, signal: AbortSignal): Promise<HistoryEntry[]> {
  const exit = await connection.exec(script, { as: 'best', signal })
  if (exit.code === 0) return readEntries(exit.stdout)
  throw new UserError('its history cannot be read', { where: connection.host, output: cleanLine(exit.stderr.trim()) })
}

/** What is told of the entries on a host, the oldest first. */
export const entriesOn = (connection: Connection, project: string, signal: AbortSignal): Promise<HistoryEntry[]> =>
  read(connection, readHeads(project), signal)

/** The entries on a host with all that it takes to go back to them, the oldest first. */
export const wholeEntriesOn = (connection: Connection, project: string, signal: AbortSignal): Promise<HistoryEntry[]> =>
  read(connection, readWhole(project), signal)
