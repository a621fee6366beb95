// How an engine stands that is to join a swarm: as nothing, as a member, or half way in.
import { UserError } from '../../../core/errors.js'
import type { Api } from '../../docker/api/client.js'
import { pause } from '../../docker/apply/job.js'
import type { SwarmJob } from '../job.js'
import type { SwarmInfo } from '../shapes.js'

/** Milliseconds for an engine that has just started to tell what it is, and between two looks. */
const patience = { start: 10_000, pause: 500 }

/** What an engine says of itself as a part of a swarm. */
export const infoOf = async (api: Api): Promise<SwarmInfo> => {
  const { Swarm } = await api.json<{ Swarm?: SwarmInfo }>({ path: '/info' })
  if (Swarm === undefined) throw new UserError('the engine knows nothing of swarms')
  return Swarm
}

/** Whether an engine has asked to be taken in, and never was: it has no id, and takes no other request until it leaves. */
export const isStuck = ({ LocalNodeState, NodeID }: SwarmInfo): boolean =>
  (LocalNodeState === 'pending' || LocalNodeState === 'error') && NodeID === ''

/**
 * What an engine is by now that may just have started, or is about to be taken in. A UserError where its part of a swarm has ended by an
 * error: it may be a manager whose certificate has run out, with all that its swarm was told, and leaving would lose that.
 */
export async function infoBefore(job: SwarmJob, api: Api, host: string): Promise<SwarmInfo> {
  const end = performance.now() + patience.start
  for (;;) {
    const info = await infoOf(api)
    if (!isStuck(info) || performance.now() > end) return info
    if (info.LocalNodeState === 'error')
      throw new UserError(`its engine is part of a swarm already, and cannot go on with it: ${info.Error || 'error'}`, {
        where: job.where,
        hint: `if nothing of that swarm is needed any more: \`docker swarm leave --force\` on ${host}, then \`longshore up\` again`,
      })
    await pause(patience.pause, job.signal)
  }
}

/** Ends an attempt to join that came to nothing: the engine would go on with it, and refuse every other one. */
export async function endAttempt(api: Api): Promise<void> {
  if (!isStuck(await infoOf(api))) return
  await api.json({ method: 'POST', path: '/swarm/leave', query: { force: true } })
}
