// `longshore cp`: files between this machine and containers, by the rules of `docker cp`.
import { exitCodes, UserError, usageError } from '../../../core/errors.js'
import { command } from '../../command.js'
import { withEngines } from '../../engines.js'
import { chosenOn, chosenOne, placeOptions } from '../../services/choose.js'
import { type CopyOptions, copyIn, copyOut, copyStreamIn, copyStreamOut } from '../../services/copy.js'
import { readSide } from '../../services/copy-rules.js'

export const cp = command({
  name: 'cp',
  summary: 'copy files between this machine and containers',
  arguments: {
    from: { text: 'SERVICE:PATH, a path here, or - for a tar archive', need: 'one' },
    to: { text: 'the same', need: 'one' },
  },
  options: {
    all: { flags: '--all', text: 'into every container of the service', kind: 'flag' },
    archive: { flags: '-a, --archive', text: 'keep the ids of owners', kind: 'flag' },
    followLink: {
      flags: '-L, --follow-link',
      text: 'take what a link leads to, where the source is one',
      kind: 'flag',
    },
    ...placeOptions,
  },
  run: (context, { from: fromText, to: toText, all, archive, followLink, host, number }) => {
    const [from, to] = [readSide(fromText), readSide(toText)]
    if (from.kind === 'service' && to.kind === 'service')
      throw usageError('one side must be here', { hint: 'copy to this machine first, or through a pipe with -' })
    const service = from.kind === 'service' ? from : to.kind === 'service' ? to : undefined
    if (!service)
      throw usageError('neither side is a SERVICE:PATH', { hint: 'a path here that has a colon starts with ./' })
    if (all && service === from) throw usageError('--all is for copies into containers')
    const options: CopyOptions = { archive, followLink }
    return withEngines(context, async engines => {
      const wish = { service: service.service, host, number }
      if (all) {
        const containers = await chosenOn(context, engines, { services: [wish.service], host, number })
        // One that may be on a host that does not answer would be left as it is.
        const [problem] = engines.problems
        if (problem) throw problem
        if (containers.length === 0)
          throw new UserError(`no container of the service "${wish.service}" is there`, {
            hint: '`longshore up` makes it',
          })
        if (from.kind !== 'local')
          throw usageError('an archive can be read once only: copy it to each container by itself')
        await copyIn(context, from.path, service.path, containers, options)
        return exitCodes.done
      }
      const one = await chosenOne(context, engines, wish, { running: false })
      if (from.kind === 'local') await copyIn(context, from.path, service.path, [one], options)
      else if (from.kind === 'stream') await copyStreamIn(context, service.path, one)
      else if (to.kind === 'stream') await copyStreamOut(context, one, service.path, followLink)
      else if (to.kind === 'local') await copyOut(context, one, service.path, to.path, options)
      return exitCodes.done
    })
  },
})
