// `longshore provision`: hosts and engine only, no containers.
import { withClients } from '../../certificates/clients.js'
import { command } from '../../command.js'
import { machinesFirst } from '../../machines/first.js'
import { carryOut, withSession } from '../../session.js'

export const provision = command({
  name: 'provision',
  summary: 'make hosts and engine as the file says; containers stay as they are',
  arguments: {},
  options: {},
  run: async context =>
    (await machinesFirst(context)) ??
    withSession(context, { extent: 'hosts', prune: false }, session =>
      withClients(context, carryOut(context, session, 'provision')),
    ),
})
