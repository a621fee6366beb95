// The `engine:` block: its words, and what the blocks of project, groups and host come to for one host.
import type { EngineWant, RegistryWant } from '../engine-want.js'
import { type At, usageError } from '../errors.js'
import { suggestion } from '../language/suggest.js'
import type { Secrets } from '../project.js'
import type { Raw } from '../raw.js'
import { z } from '../schema.js'
import type { Secret } from '../secret.js'
import { swarmSchema } from '../together/membership-words.js'
import { mergeMaps } from './merge.js'
import { localPath } from './paths.js'
import type { Problems } from './problems.js'
import { partOf, valueAt } from './raw.js'
import { secretUse } from './secret-use.js'

const textOrSecret = z.union([z.string().min(1), secretUse])

const lifetime = z.union([z.int().positive(), z.string().regex(/^\d+d$/, 'must be days, such as 30d')])

const tlsSchema = z
  .strictObject({
    ca: z
      .string()
      .min(1)
      .describe('Folder of the certificate authority, beside the project file; made by the first `up`. Default pki.')
      .optional(),
    passphrase: secretUse
      .describe(
        "Locks the authority's key (an age file that may be shared). Left out: a file with mode 0600, not for git.",
      )
      .optional(),
    days: lifetime.describe('How long a certificate lasts. Default 90.').optional(),
    renew_before: lifetime
      .describe('A certificate with less time left is renewed. Default 30d, and never more than a third of days.')
      .optional(),
    sans: z
      .array(z.string().min(1))
      .describe('More names and addresses by which clients call the engines, beyond those of the inventory.')
      .optional(),
    clients: z
      .array(z.string().regex(/^[A-Za-z0-9][\w.-]*$/))
      .describe('Names of client certificates to make.')
      .optional(),
  })
  .describe('Certificates for the TCP sockets, from an authority of our own; clients must have one, too.')

const registrySchema = z
  .strictObject({
    username: z.string().min(1).describe('Login name.').optional(),
    password: secretUse.describe('Its password. Sent with each pull, kept on no host.').optional(),
    ca: z.string().min(1).describe('Certificate of the authority that its own comes from: a PEM file here.').optional(),
    insecure: z.boolean().describe('Speak plain HTTP to it, or take any certificate.').optional(),
    login: z.boolean().describe("Keep the credentials on the hosts, in root's ~/.docker/config.json.").optional(),
  })
  .describe('A registry, by host and port.')

/** The words of `engine:`. */
export const engineSchema = z
  .strictObject({
    provider: z
      .union([
        z.enum(['docker', 'podman', 'swarm']),
        z.string().regex(/^\S+$/, 'must be a name or a path without blanks'),
      ])
      .describe(
        'Which container engine: docker (default), podman, swarm, or a provider of your own: a package or a path.',
      )
      .optional(),
    source: z
      .enum(['distro', 'docker-ce', 'none'])
      .describe(
        "Where the engine comes from: distro is the distribution's own package, docker-ce Docker's repository, none never installs one. Left out: an engine that answers is left alone, else distro.",
      )
      .optional(),
    replace: z
      .boolean()
      .describe('Exchange an engine from another source; its containers stop. Default false.')
      .optional(),
    version: z
      .string()
      .regex(/^[\w.+:~*-]+$/, 'must be a version such as "20.10.*"')
      .describe('Version of the package, with * for what does not matter: "20.10.*".')
      .optional(),
    repository: z
      .strictObject({
        url: z.string().min(1).describe('A mirror of download.docker.com/linux/DISTRIBUTION.').optional(),
        key: z
          .string()
          .regex(/^(https:\/\/\S+|(?![a-z]+:\/\/).+)$/, 'must be a file here, or an https:// address')
          .describe("The key that signs it: a file here, or an https:// address. Docker's own if left out.")
          .optional(),
        suite: z.string().min(1).describe("The suite; the distribution's code name if left out.").optional(),
        component: z.string().min(1).describe('stable if left out.').optional(),
      })
      .describe('Where docker-ce is fetched from.')
      .optional(),
    listen: z
      .array(z.string().min(1))
      .min(1)
      .describe('Where it listens: unix (the usual socket), unix:///PATH, tcp://ADDRESS:PORT.')
      .optional(),
    tls: tlsSchema.optional(),
    insecure: z
      .boolean()
      .describe('Allow TCP without TLS on addresses other than loopback: whoever reaches it is root.')
      .optional(),
    users: z.array(z.string().min(1)).describe('Login names that may use the engine (the docker group).').optional(),
    daemon: z.record(z.string(), z.unknown()).describe('Keys of daemon.json.').optional(),
    daemon_file: z
      .enum(['merge', 'own'])
      .describe('merge: keys of others stay, ours go with their line here (default); own: the file holds these alone.')
      .optional(),
    data_root_move: z
      .enum(['refuse', 'copy'])
      .describe(
        'When daemon.data-root names another folder than that of the engine’s data: refuse (default), or stop the engine and copy the data there; the old folder stays.',
      )
      .optional(),
    proxy: z
      .strictObject({
        http: textOrSecret.describe('For http:// registries.').optional(),
        https: textOrSecret.describe('For https:// registries.').optional(),
        no: z.array(z.string().min(1)).describe('Hosts that are reached without it.').optional(),
      })
      .describe('The proxy through which the engine pulls.')
      .optional(),
    registries: z.record(z.string().min(1), registrySchema).describe('Registries, by name.').optional(),
    swarm: swarmSchema.optional(),
    harden: z
      .boolean()
      .describe('What the CIS Docker Benchmark asks of host, engine and services, as far as nothing else is said.')
      .optional(),
  })
  .describe('The container engine that every host shall have; groups and hosts may override it.')

export type EngineEntry = z.infer<typeof engineSchema>

/** One `engine:` block with its place. */
export interface EngineLayer {
  entry: EngineEntry | undefined
  raw: Raw
  at: At
}

/** What reading the blocks needs. */
export interface EngineContext {
  folder: string
  home: string
  secrets: Secrets
}

const daysOf = (given: number | string | undefined, otherwise: number): number =>
  given === undefined ? otherwise : Number.parseInt(String(given), 10)

/** The place of a value: of the strongest block that has it, or the nearest thing around it. */
const placeOf = (layers: readonly EngineLayer[], path: readonly string[]): At => {
  for (let length = path.length; length > 0; length--) {
    const layer = layers.findLast(({ entry }) => valueAt(entry, path.slice(0, length)) !== undefined)
    if (layer !== undefined) return layer.raw.where(path)
  }
  return layers.at(-1)?.at ?? { file: 'longshore.yaml', line: 1, column: 1 }
}

const isSecretUse = (value: unknown): value is { secret: string } =>
  typeof value === 'object' && value !== null && 'secret' in value

/** Every secret that a block names must be declared. */
export function checkEngineSecrets({ entry, raw }: EngineLayer, secrets: Secrets, problems: Problems): void {
  const walk = (value: unknown, path: string[]): void => {
    if (isSecretUse(value)) {
      if (!secrets.names.includes(value.secret))
        problems.add(
          `there is no secret "${value.secret}"${suggestion(value.secret, secrets.names)}`,
          partOf(raw, path).where(['secret']),
        )
    } else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key])
  }
  for (const key of ['tls', 'proxy', 'registries'] as const) walk(entry?.[key], [key])
}

/** The engine that layers of `engine:` blocks want, the last one strongest. Secrets are fetched when they are read. */
export function readEngine(layers: readonly EngineLayer[], { folder, home, secrets }: EngineContext): EngineWant {
  const said = layers.filter(layer => layer.entry !== undefined)
  const entry = mergeMaps(...said.map(layer => layer.entry)) as EngineEntry
  const secretAt = (use: { secret: string }, path: string[]): Secret =>
    secrets.get(use.secret, placeOf(said, [...path, 'secret']))
  const lazy = (target: object, key: string, value: string | { secret: string } | undefined, path: string[]): void => {
    if (value === undefined) return
    const get = (): string | Secret => (typeof value === 'string' ? value : secretAt(value, path))
    Object.defineProperty(target, key, { enumerable: true, configurable: true, get })
  }
  const want: EngineWant = {
    provider: entry.provider ?? 'docker',
    users: entry.users ?? [],
    replace: entry.replace ?? false,
    insecure: entry.insecure ?? false,
    daemon: entry.daemon ?? {},
    daemonFile: entry.daemon_file ?? 'merge',
    dataRootMove: entry.data_root_move ?? 'refuse',
    registries: {},
    harden: entry.harden ?? false,
    places: path => placeOf(said, path),
  }
  const { source, version, repository, listen, tls, proxy, swarm } = entry
  if (swarm !== undefined) want.swarmEntry = swarm
  if (source !== undefined) want.source = source
  if (version !== undefined) want.version = version
  if (repository !== undefined) {
    const { key } = repository
    const isFile = key !== undefined && !key.includes('://')
    want.repository = isFile ? { ...repository, key: localPath(key, folder, home) } : repository
  }
  if (listen !== undefined) want.listen = listen
  if (tls !== undefined) {
    const days = daysOf(tls.days, 90)
    // Else a new certificate would be due for renewal at once.
    const renewBefore = daysOf(tls.renew_before, Math.min(30, Math.floor(days / 3)))
    if (renewBefore >= days)
      throw usageError(`a certificate of ${days} days cannot be renewed ${renewBefore} days before its end`, {
        at: placeOf(said, ['tls', 'renew_before']),
        hint: 'give a longer `days`, or a shorter `renew_before`',
      })
    want.tls = {
      folder: localPath(tls.ca ?? 'pki', folder, home),
      days,
      renewBefore,
      sans: tls.sans ?? [],
      clients: tls.clients ?? [],
    }
    lazy(want.tls, 'passphrase', tls.passphrase, ['tls', 'passphrase'])
  }
  if (proxy !== undefined) {
    want.proxy = { no: proxy.no ?? [] }
    lazy(want.proxy, 'http', proxy.http, ['proxy', 'http'])
    lazy(want.proxy, 'https', proxy.https, ['proxy', 'https'])
  }
  for (const [name, registry] of Object.entries(entry.registries ?? {})) {
    const { username, password, ca, insecure = false, login = false } = registry
    const made: RegistryWant = { insecure, login }
    if (username !== undefined) made.username = username
    if (ca !== undefined) made.ca = localPath(ca, folder, home)
    lazy(made, 'password', password, ['registries', name, 'password'])
    want.registries[name] = made
  }
  const at = said.at(-1)?.at
  if (at !== undefined) want.at = at
  return want
}
