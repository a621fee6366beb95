// Turns what the engine says when it will not start or make a container into what people need to know.
import { UserError } from '../../../core/errors.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { hasStatus, type Job } from '../apply/job.js'
import { ownerOf } from '../labels.js'
import { listContainers } from '../observe/observe.js'

const inUse = /port is already allocated|address already in use/i

/** The host port that a refusal is about: one that the container wants, if the text names one. */
export function refusedPort(message: string, want: ContainerWant): number | undefined {
  if (!inUse.test(message)) return undefined
  const named = [...message.matchAll(/:(\d+)/g)].map(([, port]) => Number(port))
  const published = want.config.ports.flatMap(port => port.published ?? [])
  return named.find(port => published.includes(port)) ?? (published.length === 1 ? published[0] : undefined)
}

async function portTaken(
  job: Job,
  project: string,
  want: ContainerWant,
  port: number,
  cause: Error,
): Promise<UserError> {
  const all = await listContainers(job.engine).catch(() => [])
  const holder = all.find(
    ({ name, ports }) => name !== want.name && ports.some(({ PublicPort }) => PublicPort === port),
  )
  const owner = holder && ownerOf(holder.labels, project)
  const whose = owner === undefined ? '' : owner === 'ours' ? 'of this project' : `of ${owner.other}`
  const who = holder ? `container ${holder.name} (${whose}) holds it` : 'another program on the host holds it'
  return new UserError(`container ${want.name} cannot have port ${port} of ${job.host}: ${who}`, {
    where: job.where,
    at: want.at,
    hint: holder ? `publish another port, or stop ${holder.name}` : 'publish another port, or stop that program',
    cause,
  })
}

/** The error to show for a refused create or start; anything but an answer of the engine passes as it is. */
export async function explainRefusal(job: Job, project: string, want: ContainerWant, error: unknown): Promise<unknown> {
  if (!hasStatus(error, 400, 403, 404, 409, 500)) return error
  const port = refusedPort(error.message, want)
  if (port !== undefined) return portTaken(job, project, want, port, error)
  const details = { where: job.where, at: want.at, cause: error }
  if (/no such image/i.test(error.message))
    return new UserError(`image ${want.config.image} is not on ${job.host}`, details)
  const network = /network (\S+) not found/.exec(error.message)?.[1]
  if (network !== undefined)
    return new UserError(`network ${network}, which container ${want.name} joins, is not there`, details)
  return new UserError(`the engine refuses container ${want.name}: ${error.message}`, details)
}
