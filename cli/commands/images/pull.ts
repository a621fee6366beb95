// `longshore pull`: pulls the project's images whose tags have moved, or that are not there; containers stay as they are.
import { observeImages } from '../../../core/run/images.js'
import type { ImageWant } from '../../../core/wanted.js'
import { command } from '../../command.js'
import { meantBy } from '../../images/meant.js'
import { carryOut, withSession } from '../../session.js'

export const pull = command({
  name: 'pull',
  summary: 'pull images that are missing, or whose tags have moved',
  arguments: { names: { text: 'services or images; all if left out', need: 'many' } },
  options: {},
  async run(context, { names }) {
    const isMeant = meantBy(await context.project(), names)
    const choose = (want: ImageWant): ImageWant | undefined =>
      want.from === 'pull' && isMeant(want.ref) ? { ...want, policy: 'always' } : undefined
    return withSession(
      context,
      { extent: 'hosts', prune: false },
      session => carryOut(context, session, 'pull'),
      (session, works) => observeImages(session, works, { choose }),
    )
  },
})
