// `longshore down`: removes the project's containers and networks, and on request its volumes and images; the engine stays.
import { observeDown } from '../../../core/run/down.js'
import { command } from '../../command.js'
import { carryOut, withSession } from '../../session.js'

export const down = command({
  name: 'down',
  summary: "remove the project's containers and networks; the engine and the hosts stay",
  arguments: {},
  options: {
    volumes: { flags: '--volumes', kind: 'flag', text: 'remove its volumes and their data too' },
    images: { flags: '--images', kind: 'flag', text: 'remove the images that we built or imported for it too' },
  },
  run: (context, { volumes, images }) =>
    withSession(
      context,
      { extent: 'hosts', prune: false },
      session => carryOut(context, session, 'down'),
      (session, works) => observeDown(session, works, { volumes, images }),
    ),
})
