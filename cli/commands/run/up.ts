// `longshore up`: everything the file says, from host to containers.
import { withClients } from '../../certificates/clients.js'
import { command } from '../../command.js'
import { machinesFirst } from '../../machines/first.js'
import { carryOut, withLater } from '../../session.js'

export const up = command({
  name: 'up',
  summary: 'make everything as the file says: hosts, engine, containers',
  arguments: {},
  options: { prune: { flags: '--prune', kind: 'flag', text: 'remove what is no longer declared (never volumes)' } },
  run: async (context, { prune }) =>
    (await machinesFirst(context)) ??
    withLater(context, { extent: 'all', prune }, session => withClients(context, carryOut(context, session, 'up'))),
})
