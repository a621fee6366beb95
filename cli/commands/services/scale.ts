// `longshore scale`: another number of containers of a service, now; the file stays as it is.
import { usageError } from '../../../core/errors.js'
import { suggestion } from '../../../core/language/index.js'
import type { Project, RawService } from '../../../core/project.js'
import { observe } from '../../../core/run/observe.js'
import { onlyServices } from '../../../core/run/only-services.js'
import { command } from '../../command.js'
import { carryOut, withSession } from '../../session.js'

/** Reads SERVICE=N. */
function readWishes(words: readonly string[], { services, inactive }: Project): Map<string, number> {
  const wishes = new Map<string, number>()
  for (const word of words) {
    const [, name = '', count = ''] = /^(.+)=(\d{1,5})$/.exec(word) ?? []
    if (name === '' || Number(count) > 10_000)
      throw usageError(`"${word}" is no SERVICE=N`, { hint: 'for example: longshore scale web=3' })
    if (!services.some(service => service.name === name))
      throw usageError(
        inactive[name] === undefined
          ? `there is no service "${name}"${suggestion(
              name,
              services.map(service => service.name),
            )}`
          : `the service "${name}" is not active: it belongs to the profile ${inactive[name]?.join(', ')}`,
      )
    wishes.set(name, Number(count))
  }
  return wishes
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** The service with another number of containers; its places in the file stay. */
function scaled(service: RawService, count: number): RawService {
  const { value } = service.raw
  if (!isMap(value)) return service
  const { deploy } = value
  const rest = isMap(deploy) ? { deploy: { ...deploy, replicas: count } } : {}
  return { ...service, raw: { ...service.raw, value: { ...value, ...rest, scale: count } } }
}

/** How many the file wants in all; undefined where it says no number. */
function fileSays({ raw: { value } }: RawService): unknown {
  if (!isMap(value)) return undefined
  return value.scale ?? (isMap(value.deploy) ? value.deploy.replicas : undefined)
}

export const scale = command({
  name: 'scale',
  summary: 'change how many containers a service has, now; the file stays as it is',
  arguments: { services: { text: 'SERVICE=N: how many in all', need: 'some' } },
  options: {},
  async run(context, { services }) {
    const project = await context.project()
    const wishes = readWishes(services, project)
    const changed = {
      services: project.services.map(service => {
        const count = wishes.get(service.name)
        return count === undefined ? service : scaled(service, count)
      }),
    }
    const names = [...wishes.keys()]
    const reason = `scale ${[...wishes].map(([name, count]) => `${name}=${count}`).join(' ')}`
    return withSession(
      context,
      { extent: 'all', prune: false },
      async session => {
        const exit = await carryOut(context, session, reason)
        for (const [name, count] of wishes) {
          const service = project.services.find(one => one.name === name)
          const says = service && fileSays(service)
          if (exit === 0 && String(says) !== String(count))
            context.emit({
              type: 'note',
              text: `the file says ${says === undefined ? 'no number' : `scale: ${String(says)}`} for ${name}: the next \`longshore up\` goes by that. Say \`scale: ${count}\` there to keep it`,
            })
        }
        return exit
      },
      async (session, works) =>
        onlyServices(
          await observe({ ...session, project: { ...session.project, ...changed } }, works),
          project.name,
          names,
        ),
    )
  },
})
