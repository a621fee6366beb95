// `longshore build`: builds (imports, loads) the project's images where they are needed; containers stay as they are.
import { observeImages } from '../../../core/run/images.js'
import type { ImageWant } from '../../../core/wanted.js'
import { command } from '../../command.js'
import { meantBy } from '../../images/meant.js'
import { carryOut, withSession } from '../../session.js'

export const build = command({
  name: 'build',
  summary: "build the project's images where something has changed",
  arguments: { names: { text: 'services or images; all if left out', need: 'many' } },
  options: {
    noCache: { flags: '--no-cache', text: 'build also what has not changed, every layer anew', kind: 'flag' },
    pull: { flags: '--pull', text: 'pull base images whose tags have moved', kind: 'flag' },
    push: { flags: '--push', text: 'push what is built to its registry', kind: 'flag' },
  },
  async run(context, { names, noCache, pull, push }) {
    const isMeant = meantBy(await context.project(), names)
    const settings = { ...(noCache ? { noCache, anew: noCache } : {}), ...(pull ? { pull } : {}) }
    const choose = (want: ImageWant): ImageWant | undefined => {
      if (want.from === 'pull' || !isMeant(want.ref)) return undefined
      const more = push && want.from !== 'host' ? { push } : {}
      if (want.from !== 'build') return { ...want, ...more }
      return { ...want, ...more, settings: { ...want.settings, ...settings } }
    }
    return withSession(
      context,
      { extent: 'hosts', prune: false },
      session => carryOut(context, session, 'build'),
      (session, works) => observeImages(session, works, { choose }),
    )
  },
})
