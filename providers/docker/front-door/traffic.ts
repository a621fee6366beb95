// Leads the front door's requests to a container, and away from one that is about to stop, until the last one is answered.
import { drainLabel, frontDoorService } from '../../../core/containers/front-door/want.js'
import { UserError } from '../../../core/errors.js'
import type { Serving, Traffic } from '../../../core/provider.js'
import { sh } from '../../../core/sh.js'
import type { ContainerDetails } from '../api/shapes.js'
import { type Job, pause } from '../apply/job.js'
import { inspect } from '../containers/calls.js'
import { labels } from '../labels.js'
import { adminAddress, servingFolder } from './config.js'
import { shortId } from './diff.js'
import { type Answer, runInDoor } from './program.js'

/** Where a container stands with the front door of its project. */
interface Place {
  door: ContainerDetails
  /** SERVICE/NUMBER. */
  slot: string
  id: string
  /** Its addresses on networks that both are on. */
  addresses: string[]
}

/** The place of a container behind a front door that runs; undefined where there is none. */
async function placeOf(job: Job, { id }: Serving): Promise<Place | undefined> {
  const details = await inspect(job.engine, id)
  const told = details?.Config.Labels ?? {}
  const [project, service, number] = [told[labels.project], told[labels.service], told[labels.number]]
  if (!details || !project || !service || !number || service === frontDoorService) return undefined
  const door = await inspect(job.engine, `${project}-${frontDoorService}-1`)
  if (!door?.State.Running || door.Config.Labels?.[labels.service] !== frontDoorService) return undefined
  const own = details.NetworkSettings.Networks ?? {}
  const shared = Object.keys(door.NetworkSettings.Networks ?? {}).filter(network => network in own)
  if (shared.length === 0) return undefined
  const addresses = shared.flatMap(network => [own[network]?.IPAddress ?? '', own[network]?.GlobalIPv6Address ?? ''])
  return { door, slot: `${service}/${number}`, id: shortId(details.Id), addresses: addresses.filter(Boolean) }
}

/** The script that makes these the only containers that serve in their slots. */
export const servingScript = (slots: readonly { slot: string; id: string }[]): string =>
  [
    'set -e',
    ...slots.map(({ slot, id }) => {
      const folder = `${servingFolder}/${slot}`
      return sh`mkdir -p ${folder}; : >${folder}/${id}; for f in ${folder}/*; do [ "$f" = ${folder}/${id} ] || rm -f "$f"; done`
        .sh
    }),
  ].join('\n')

const upstreamsUrl = `http://${adminAddress}/reverse_proxy/upstreams`

/** How many requests containers with these addresses are still answering; undefined where the front door cannot be asked. */
export function requestsAt(answer: Pick<Answer, 'code' | 'out'>, addresses: readonly string[]): number | undefined {
  if (answer.code !== 0) return undefined
  try {
    const told: unknown = JSON.parse(answer.out)
    if (!Array.isArray(told)) return undefined
    const all = told as { address?: unknown; num_requests?: unknown }[]
    return all
      .filter(({ address }) =>
        addresses.some(own => String(address).startsWith(`${own.includes(':') ? `[${own}]` : own}:`)),
      )
      .reduce((sum, { num_requests: count }) => sum + (Number(count) || 0), 0)
  } catch {
    return undefined
  }
}

/** How long to wait where the front door's image has nothing to ask it with. */
const blindMs = 5_000

async function drained(job: Job, { door, addresses }: Place): Promise<void> {
  const most = Number(door.Config.Labels?.[drainLabel]) || 0
  const ask = `wget -qO- ${upstreamsUrl} 2>/dev/null || curl -fsS ${upstreamsUrl}`
  const end = performance.now() + most
  for (let waitMs = 50; performance.now() < end; waitMs = Math.min(1000, waitMs * 1.5)) {
    const count = requestsAt(await runInDoor(job.engine, door.Id, ['sh', '-c', ask]), addresses)
    if (count === 0) return
    if (count === undefined) return pause(Math.min(blindMs, most), job.signal).catch(() => undefined)
    job.tell(`waiting for ${count} request${count === 1 ? '' : 's'}`)
    // An interrupted run waits no longer: what it leaves is stopped in its own grace period.
    if (job.signal.aborted) return
    await pause(waitMs, job.signal).catch(() => undefined)
  }
}

/** Does something with a front door; one that has stopped meanwhile leads nobody anywhere, and is told anew when it starts. */
async function unlessStopped(job: Job, { door }: Place, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if ((await inspect(job.engine, door.Id))?.State.Running) throw error
  }
}

/** What the front door of a job's host does with traffic; nothing where there is none. */
export const doorTraffic = (job: Job): Traffic => ({
  async admit(serving) {
    const place = await placeOf(job, serving)
    if (place === undefined) return
    await unlessStopped(job, place, async () => {
      const { code, err } = await runInDoor(job.engine, place.door.Id, ['sh', '-c', servingScript([place])])
      if (code !== 0)
        throw new UserError(`the front door cannot be told who serves: ${err || `exit code ${code}`}`, {
          where: job.where,
        })
    })
  },
  async drain(serving) {
    const place = await placeOf(job, serving)
    if (place === undefined) return
    await unlessStopped(job, place, async () => {
      await runInDoor(job.engine, place.door.Id, ['rm', '-f', `${servingFolder}/${place.slot}/${place.id}`])
      await drained(job, place)
    })
  },
})

/** The same job, whose replacements tell the front door. */
export const withDoor = (job: Job): Job =>
  job.context.traffic ? job : { ...job, context: { ...job.context, traffic: doorTraffic(job) } }
