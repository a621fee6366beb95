// The key that a swarm's secrets are fingerprinted with: one for all members, kept by the swarm, so that any manager knows it.
import { randomBytes } from 'node:crypto'
import { Secret } from '../../../core/secret.js'
import type { Api } from '../../docker/api/client.js'
import { hasStatus } from '../../docker/apply/job.js'
import type { ObjectShape } from '../shapes.js'

/** Only who may use a manager's socket, and so is root there, can read it. */
const keyName = 'longshore-key'

/** The key among a swarm's configs; undefined before the first service. */
export function readKey(configs: readonly ObjectShape[]): Uint8Array | undefined {
  const data = configs.find(({ Spec }) => Spec.Name === keyName)?.Spec.Data
  const key = data === undefined ? undefined : Buffer.from(data, 'base64')
  return key?.length === 32 ? key : undefined
}

/** The key, made where there is none. */
export async function keyOf(api: Api, mask: (secret: Secret) => void): Promise<Uint8Array> {
  const read = async (): Promise<Uint8Array | undefined> =>
    readKey(await api.json<ObjectShape[]>({ path: '/configs', query: { filters: { name: [keyName] } } }))
  let key = await read()
  if (key === undefined) {
    const body = { Name: keyName, Labels: { 'longshore.version': '1' }, Data: randomBytes(32).toString('base64') }
    await api.json({ method: 'POST', path: '/configs/create', body }).catch((error: unknown) => {
      // Another run was faster.
      if (!hasStatus(error, 409)) throw error
    })
    key = await read()
  }
  if (key === undefined) throw new Error('the swarm does not keep its key')
  mask(new Secret('swarm key', Buffer.from(key).toString('hex')))
  return key
}
