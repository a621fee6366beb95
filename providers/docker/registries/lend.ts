// Which login may go along with a request to the engine: that of the image's own registry, if nobody else would see it.
import type { Job } from '../apply/job.js'
import { type Credentials, credentialsFor, hub, strangersTo } from './credentials.js'

/** A login to send, and the mirrors because of which it is kept back. */
export interface Lent {
  login?: Credentials
  keptFrom: string[]
}

async function mirrorsOf({ engine, signal }: Pick<Job, 'engine' | 'signal'>): Promise<string[]> {
  type Info = { RegistryConfig?: { Mirrors?: string[] | null } | null }
  const { RegistryConfig } = await engine.api.json<Info>({ path: '/info', signal })
  return RegistryConfig?.Mirrors ?? []
}

/** The login for an image's registry. Docker Hub's is kept back where the engine has mirrors that would be shown it. */
export async function lendLogin(job: Pick<Job, 'engine' | 'signal'>, ref: string): Promise<Lent> {
  const { registries } = job.engine.scope
  const login = credentialsFor(registries, ref)
  if (login === undefined) return { keptFrom: [] }
  const keptFrom = login.registry === hub ? strangersTo(login, registries, await mirrorsOf(job)) : []
  return keptFrom.length === 0 ? { login, keptFrom } : { keptFrom }
}
