// The client certificates that `engine.tls.clients` names: made and renewed on this machine, once the hosts are as wanted.
import type { TlsWant } from '../../core/engine-want.js'
import { exitCodes } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import { isSignedBy, readCertificate } from '../../core/x509.js'
import type { CommandContext } from '../context.js'
import {
  authorityCertificate,
  clientCertificate,
  clientFolder,
  ensureAuthority,
  hasAuthorityKey,
  keepClient,
} from './authority.js'
import { placeOf } from './issuer.js'

const day = 24 * 60 * 60 * 1000

/** Makes a client's pair and keeps it; gives its folder. Makes the authority where there is none. */
export async function makeClient(tls: TlsWant, project: string, name: string): Promise<string> {
  const { issue } = await import('./issue.js')
  const authority = await ensureAuthority(placeOf(tls, project))
  const pair = await issue(authority, { name, use: 'client', names: [], days: tls.days })
  await keepClient(tls.folder, name, pair, authority.certificate)
  return clientFolder(tls.folder, name)
}

/** A client whose certificate is to be made, and why. */
interface Due {
  tls: TlsWant
  name: string
  why: string
}

function faultOf(pem: string | undefined, authority: string | undefined, { renewBefore }: TlsWant): string | undefined {
  const found = pem === undefined ? undefined : readCertificate(pem)
  if (pem === undefined || found === undefined) return 'has no certificate here'
  if (authority === undefined || !isSignedBy(pem, authority)) return 'has a certificate of another authority'
  const left = found.until.getTime() - Date.now()
  const isLast = found.until.getTime() >= (readCertificate(authority)?.until.getTime() ?? 0)
  if (left > 0 && (left >= renewBefore * day || isLast)) return undefined
  return left > 0 ? `has a certificate that ends in ${Math.floor(left / day)} days` : 'has a certificate that has ended'
}

/** Clients that the hosts' files name and that are not as they should be; each of a folder once. */
async function clientsDue(hosts: readonly Host[], project: string): Promise<Due[]> {
  const places = new Map<string, TlsWant>()
  for (const { tls } of hosts.map(({ engine }) => engine))
    if (tls !== undefined)
      places.set(tls.folder, {
        ...tls,
        clients: [...new Set([...(places.get(tls.folder)?.clients ?? []), ...tls.clients])],
      })
  const due: Due[] = []
  for (const tls of places.values()) {
    const authority = await authorityCertificate(placeOf(tls, project))
    for (const name of tls.clients) {
      const why = faultOf(await clientCertificate(tls.folder, name), authority, tls)
      if (why !== undefined) due.push({ tls, name, why })
    }
  }
  return due
}

/** Says which client certificates `up` would make. */
export async function foretellClients(context: CommandContext): Promise<void> {
  const { name: project } = await context.project()
  for (const { name, why, tls } of await clientsDue(await context.hosts(), project))
    context.emit({
      type: 'note',
      text: `client ${name} ${why}: \`up\` makes one in ${clientFolder(tls.folder, name)}`,
    })
}

/** Makes what is due once a run has ended well, and gives the run's exit code. */
export async function withClients(context: CommandContext, run: Promise<number>): Promise<number> {
  const exit = await run
  if (exit !== exitCodes.done || context.signal.aborted) return exit
  const { name: project } = await context.project()
  for (const { name, why, tls } of await clientsDue(await context.hosts(), project)) {
    const isHere = await hasAuthorityKey(placeOf(tls, project))
    const text = isHere
      ? `client ${name} ${why}: made in ${await makeClient(tls, project, name)}`
      : `client ${name} ${why}, and none can be made: the key of the authority is not in ${tls.folder}`
    context.emit({ type: 'note', text })
  }
  return exit
}
