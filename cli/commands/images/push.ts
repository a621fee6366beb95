// `longshore push`: pushes what the project builds to its registries, where they do not have it yet.
import { usageError } from '../../../core/errors.js'
import { observeImages } from '../../../core/run/images.js'
import type { ImageWant } from '../../../core/wanted.js'
import { command } from '../../command.js'
import { meantBy } from '../../images/meant.js'
import { carryOut, withSession } from '../../session.js'

/** True for a name that leads to a registry: others would go to Docker Hub's own images, which nobody may push to. */
const leadsSomewhere = (ref: string): boolean => ref.includes('/')

export const push = command({
  name: 'push',
  summary: 'build what has changed, and push it to its registry',
  arguments: { names: { text: 'services or images; all that name a registry if left out', need: 'many' } },
  options: {},
  async run(context, { names }) {
    const isMeant = meantBy(await context.project(), names)
    const pushed = new Set<string>()
    const choose = (want: ImageWant): ImageWant | undefined => {
      if (want.from === 'pull' || want.from === 'host' || !isMeant(want.ref)) return undefined
      if (!leadsSomewhere(want.ref)) {
        if (names.length === 0) return undefined
        throw usageError(`image ${want.ref} has no registry in its name`, {
          at: want.at,
          hint: `give it one, as in \`image: registry.example/${want.ref}\``,
        })
      }
      // One host pushes it; where each builds its own, the first of them.
      if (pushed.has(want.ref)) return undefined
      pushed.add(want.ref)
      return { ...want, push: true }
    }
    return withSession(
      context,
      { extent: 'hosts', prune: false },
      session => carryOut(context, session, 'push'),
      (session, works) => observeImages(session, works, { choose }),
    )
  },
})
