// Which registry an image comes from, and the login that the engine is lent for one request: nothing of it stays on the host.
import type { RegistryWant } from '../../../core/engine-want.js'
import { reveal, type Secret } from '../../../core/secret.js'

/** What the file says of registries, by the names that it gives them. */
export type Registries = Readonly<Record<string, RegistryWant>>

/** Where an image without a registry in its name comes from. */
export const hub = 'docker.io'

/** How the engine and the docker command know Docker Hub. Source: moby's registry.IndexServer. */
const hubAddress = 'https://index.docker.io/v1/'

const hubNames = new Set([hub, 'index.docker.io', 'registry-1.docker.io'])

/** The one name of a registry: `docker.io`, or host and port as image names have them. */
export function registryName(given: string): string {
  const plain = given
    .replace(/^https?:\/\//, '')
    .replace(/\/(?:v[12]\/?)?$/, '')
    .toLowerCase()
  return hubNames.has(plain) ? hub : plain
}

/** The registry that an image's reference leads to. */
export function registryOf(ref: string): string {
  const [first = '', ...rest] = ref.split('/')
  // Source: distribution's reference.splitDockerDomain. Without a dot, a port or a capital it is a part of the path.
  const isHost = rest.length > 0 && (/[.:A-Z]/.test(first) || first === 'localhost')
  return isHost ? registryName(first) : hub
}

/** The address by which the docker command keeps a registry's login. */
export const serverAddress = (registry: string): string => (registry === hub ? hubAddress : registry)

/** What the file says of one registry, by its one name. */
export const registryWant = (registries: Registries | undefined, registry: string): RegistryWant | undefined =>
  Object.entries(registries ?? {}).find(([name]) => registryName(name) === registry)?.[1]

/** A login at one registry. */
export interface Credentials {
  registry: string
  username: string
  password: Secret
}

/** The login for the registry that a reference leads to, if the file has one. A UserError when its secret cannot be fetched. */
export function credentialsFor(registries: Registries | undefined, ref: string): Credentials | undefined {
  const registry = registryOf(ref)
  const want = registryWant(registries, registry)
  const password = want?.password
  if (want?.username === undefined || password === undefined) return undefined
  return { registry, username: want.username, password }
}

/** URL-safe base64 with its padding, as the engine reads it: a header that it cannot read counts as none. */
const encoded = (data: object): string =>
  Buffer.from(JSON.stringify(data)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')

const authOf = ({ registry, username, password }: Credentials): object => ({
  username,
  password: reveal(password),
  serveraddress: serverAddress(registry),
})

/**
 * Mirrors that the engine would show a login to: it offers Docker Hub's to every mirror that asks (seen with 20.10 and 26.1). A mirror
 * for which the file gives the very same login is none of them.
 */
export function strangersTo(
  login: Credentials | undefined,
  registries: Registries | undefined,
  mirrors: readonly string[],
): string[] {
  if (login?.registry !== hub) return []
  return mirrors.map(registryName).filter(mirror => {
    const own = registryWant(registries, mirror)
    return own?.username !== login.username || own.password?.reveal() !== login.password.reveal()
  })
}

/** The header for a request about one image. */
export const authHeader = (login: Credentials | undefined): Record<string, string> =>
  login === undefined ? {} : { 'x-registry-auth': encoded(authOf(login)) }

/** The header for a build: the logins of the registries that its base images come from. */
export const buildAuthHeader = (logins: readonly Credentials[]): Record<string, string> =>
  logins.length === 0
    ? {}
    : {
        'x-registry-config': encoded(
          Object.fromEntries(logins.map(login => [serverAddress(login.registry), authOf(login)])),
        ),
      }
