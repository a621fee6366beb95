// What YAML may say about an engine: keys of daemon.json, listeners, certificates, proxy; and what of it becomes keys.
import { type DaemonSurroundings, daemonExceptions, hardenedKeys, hardenedNames } from '../../core/hardening/daemon.js'
import { revealAll } from '../../core/language/reveal.js'
import { z } from '../../core/schema.js'
import { reveal, Secret, type Value } from '../../core/secret.js'
import { secretSchema, textOrSecret } from '../_attributes.js'
import { type Issuing, issuedSchema } from './certificate.js'
import { checkDaemon, type DaemonMap } from './check.js'
import { flagConflicts } from './flags.js'
import { isFrom, type Release, releaseOf } from './keys.js'
import { defaultSocket, execStartOf, isLoopback, type Listener, listenerText, readListener } from './listen.js'
import { dropIn } from './probe.js'
import { type EngineSeen, isInSwarm } from './seen.js'

const pem = (what: string) =>
  z.string().regex(/-----BEGIN [A-Z ]*-----[\s\S]+-----END/, `must be the text of ${what}, as PEM`)

/** Where the engine finds its certificates. */
export const tlsFiles = {
  ca: '/etc/docker/tls/ca.pem',
  cert: '/etc/docker/tls/cert.pem',
  key: '/etc/docker/tls/key.pem',
} as const

/** The value with its secrets as plain text, and the names of the keys that hold one. */
function plainDaemon(given: Record<string, unknown>): { map: DaemonMap; secretKeys: Set<string> } {
  const secretKeys = new Set<string>()
  const map = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, revealAll(value, () => secretKeys.add(key))]),
  )
  return { map, secretKeys }
}

const listenField = z.array(z.string()).transform((texts, context) =>
  texts.flatMap((text, index): Listener[] => {
    const listener = readListener(text)
    if (typeof listener !== 'string') return [listener]
    context.addIssue({ code: 'custom', path: [index], message: listener })
    return []
  }),
)

const noProxy = z.union([z.string().transform(text => text.split(',')), z.array(z.string())])

const schema = z
  .strictObject({
    daemon: z.record(z.string(), z.unknown()).default({}).describe('Keys of daemon.json, as the engine documents them'),
    daemon_file: z
      .enum(['merge', 'own'])
      .default('merge')
      .describe('merge: keys that others wrote stay; own: the file holds the keys given here alone'),
    data_root_move: z
      .enum(['refuse', 'copy'])
      .default('refuse')
      .describe(
        'When daemon.data-root names another folder than that of the engine’s data: refuse, or leave the key to a task `engine_data` before this one, which copies the data',
      ),
    listen: listenField
      .optional()
      .describe('Where the engine listens: unix (the usual socket; must be there), unix:///PATH, tcp://ADDRESS:PORT'),
    tls: z
      .strictObject({
        ca: pem('a certificate').describe('Certificate of the authority that clients must come from, as PEM'),
        cert: pem('a certificate').describe('The engine’s certificate, as PEM'),
        key: z.union([secretSchema, pem('a private key')]).describe('Its private key, as PEM; best { secret: NAME }'),
      })
      .optional()
      .describe('Certificates for the TCP addresses; clients must have one of the same authority'),
    issued: issuedSchema
      .optional()
      .describe('Certificates of the project’s own authority: what `engine: { tls }` becomes; not for playbooks'),
    proxy: z
      .strictObject({
        http: textOrSecret.optional().describe('For http:// registries'),
        https: textOrSecret.optional().describe('For https:// registries'),
        no: noProxy.optional().describe('Hosts that are reached without it'),
      })
      .optional()
      .describe('The proxy through which the engine pulls'),
    insecure: z
      .boolean()
      .default(false)
      .describe('Allow TCP without TLS on other addresses than loopback: whoever reaches it is root'),
    harden: z
      .enum(['host', 'swarm'])
      .optional()
      .describe(
        'Keys that the CIS Docker Benchmark asks for, where `daemon` does not name them; swarm: those that a member of one may have. What `engine: { harden }` becomes',
      ),
    project: z
      .string()
      .optional()
      .describe('Whose configuration it is: its keys leave the host when the file of that project names none any more'),
    deadline: z.int().min(5).max(600).default(30).describe('Seconds within which the engine must be up again'),
  })
  .superRefine((want, context) => {
    const issue = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message })
    const { map } = plainDaemon(want.daemon)
    for (const { path, text } of checkDaemon(map, undefined).refusals) issue(['daemon', ...path], text)
    const listen = want.listen ?? []
    if (want.listen !== undefined && !listen.some(({ kind }) => kind === 'own'))
      issue(['listen'], 'must name unix: Longshore and the docker command on the host use that socket')
    const texts = listen.map(listener => listenerText(listener, 'unix'))
    if (new Set(texts).size < texts.length) issue(['listen'], 'names an address twice')
    const hasTls = want.tls !== undefined || want.issued !== undefined
    const secured = hasTls || map.tlsverify === true
    listen.forEach((listener, index) => {
      if (listener.kind === 'tcp' && !secured && !want.insecure && !isLoopback(listener.host))
        issue(
          ['listen', index],
          'is open to whoever reaches it, and who may use the engine is root: give `tls`, a loopback address, or `insecure: true`',
        )
    })
    for (const key of ['tls', 'tlsverify', 'tlscacert', 'tlscert', 'tlskey'])
      if (hasTls && key in map) issue(['daemon', key], `\`${key}\` comes from \`tls\`: leave it out here`)
    if (want.proxy !== undefined && 'proxies' in map)
      issue(['daemon', 'proxies'], '`proxies` comes from `proxy`: leave it out here')
  })

export { schema as engineSchema }

/** What is wanted of an engine. */
export type EngineWant = z.infer<typeof schema> & {
  /** How the certificates of `issued` come; set once this machine was looked at. */
  issuing?: Issuing
}

/** Whether its TCP addresses have certificates. */
export const hasCertificates = ({ tls, issued }: EngineWant): boolean => tls !== undefined || issued !== undefined

/** Every secret in it; a private key is one, however it was given. */
export function secretsOf(want: EngineWant): Secret[] {
  const found: Secret[] = []
  const walk = (value: unknown): void => {
    if (value instanceof Secret) found.push(value)
    else if (Array.isArray(value)) value.forEach(walk)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk)
  }
  walk([want.daemon, want.proxy, want.tls])
  if (typeof want.tls?.key === 'string') found.push(new Secret('tls.key', want.tls.key))
  return found
}

/** How a proxy reaches the engine: since 23.0 in daemon.json, before by its environment. */
export const proxyByEnvironment = (engine: Release | undefined): boolean =>
  engine !== undefined && !isFrom(engine, [23, 0])

/** The environment of the engine for its proxy, as systemd and shells read it; undefined without one. */
export function proxyEnvironment({ proxy }: EngineWant): string | undefined {
  if (proxy === undefined) return undefined
  const quoted = (value: Value): string => `'${reveal(value).replaceAll("'", '%27')}'`
  const entries: [string, Value | undefined][] = [
    ['HTTP_PROXY', proxy.http],
    ['HTTPS_PROXY', proxy.https],
    ['NO_PROXY', proxy.no?.join(',')],
  ]
  return entries.map(([name, value]) => (value === undefined ? '' : `${name}=${quoted(value)}\n`)).join('')
}

/** What bears on `harden`; the addresses that it wants closed are those of `listen`. */
const surroundings = (want: EngineWant, seen: EngineSeen): DaemonSurroundings => ({
  swarm: isInSwarm(seen) || want.harden === 'swarm',
  // The engine refuses to start with a key that it has as a flag, too.
  flags: flagConflicts(execStartOf(seen.unit, dropIn) ?? '', seen.argv, hardenedNames),
  open:
    !hasCertificates(want) && want.daemon.tlsverify !== true && (want.listen ?? []).some(({ kind }) => kind === 'tcp'),
})

/** What of the file's words is an exception to what `harden` asks for, in sentences. */
export const exceptionsOf = (want: EngineWant, seen: EngineSeen): string[] =>
  want.harden === undefined
    ? []
    : daemonExceptions(plainDaemon(want.daemon).map, surroundings(want, seen)).map(({ text }) => text)

/** What is to stand in daemon.json: the keys given, and those that listeners, certificates and proxy become. */
export function wantedKeys(want: EngineWant, seen: EngineSeen): { map: DaemonMap; secretKeys: Set<string> } {
  const { map, secretKeys } = plainDaemon(want.daemon)
  const more: Record<string, unknown> = want.harden === undefined ? {} : hardenedKeys(map, surroundings(want, seen))
  if (hasCertificates(want)) {
    more.tlsverify = true
    more.tlscacert = tlsFiles.ca
    more.tlscert = tlsFiles.cert
    more.tlskey = tlsFiles.key
  }
  if (want.proxy !== undefined && !proxyByEnvironment(releaseOf(seen.version))) {
    const { http, https, no } = want.proxy
    more.proxies = {
      ...(http === undefined ? {} : { 'http-proxy': reveal(http) }),
      ...(https === undefined ? {} : { 'https-proxy': reveal(https) }),
      ...(no === undefined ? {} : { 'no-proxy': no.join(',') }),
    }
    if (http instanceof Secret || https instanceof Secret) secretKeys.add('proxies')
  }
  // Without systemd nothing starts the engine with addresses of its own, so the file is the one place that every way of starting shares.
  if (seen.init !== 'systemd' && want.listen?.some(({ kind }) => kind !== 'own'))
    more.hosts = want.listen.map(listener => listenerText(listener, `unix://${defaultSocket}`))
  return { map: { ...map, ...more }, secretKeys }
}
