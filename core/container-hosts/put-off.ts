// Containers that this run makes or starts first: what is to be done in them is planned when they are there.
import type { Emit } from '../events.js'
import type { HostWork } from '../plan/host-work.js'
import type { Host } from '../project.js'
import type { EngineSide } from '../run/engine-side.js'
import type { Step } from '../step.js'
import { ContainerAway, isContainer } from './place.js'

/** The planned step that makes or starts a container anew, so that nothing seen of it holds. */
function stepBefore(host: Host, sides: readonly EngineSide[]): Step | undefined {
  const { container } = host
  const side = sides.find(({ scope, work }) =>
    container?.on === undefined ? work.host.connection === 'local' : scope.hosts.includes(container.on),
  )
  return side?.planned?.steps.find(({ thing }) => thing === `container ${container?.name}`)
}

/** Takes the hosts whose containers come first out of the plan, and gives their names. What keeps a container away for good is told. */
export function putOff(works: readonly HostWork[], sides: readonly EngineSide[], emit: Emit): string[] {
  const names: string[] = []
  for (const work of works) {
    const { host } = work
    if (!isContainer(host) || work.apart) continue
    const isAway = work.problem instanceof ContainerAway
    if (work.problem && !isAway) continue
    const step = stepBefore(host, sides)
    if (step) {
      names.push(host.name)
      work.runs = []
      delete work.problem
      if (isAway) emit({ type: 'host', host: host.name, state: 'ready' })
      const text = `to be planned after this: \`${step.verb} ${step.thing}\` comes first`
      emit({ type: 'note', host: host.name, text })
    } else if (work.problem) emit({ type: 'host', host: host.name, state: 'unreachable', text: work.problem.message })
  }
  return names
}
