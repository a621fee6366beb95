// `longshore certs`: the engines' certificates and their clients': shows them, renews them, makes one for a client.
import type { TlsWant } from '../../../core/engine-want.js'
import { exitCodes, messageOf, UserError, usageError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import type { Host } from '../../../core/project.js'
import { sh } from '../../../core/sh.js'
import { isSignedBy, readCertificate } from '../../../core/x509.js'
import { authorityCertificate, clientCertificate } from '../../certificates/authority.js'
import { makeClient, withClients } from '../../certificates/clients.js'
import { placeOf } from '../../certificates/issuer.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { table } from '../../report/table.js'
import { carryOut, withSession } from '../../session.js'

const day = 24 * 60 * 60 * 1000

/** Where an engine keeps its certificate. */
const serverFile = '/etc/docker/tls/cert.pem'

const withTls = (hosts: readonly Host[]): (Host & { engine: { tls: TlsWant } })[] =>
  hosts.filter((host): host is Host & { engine: { tls: TlsWant } } => host.engine.tls !== undefined)

async function hostsWithTls(context: CommandContext): Promise<(Host & { engine: { tls: TlsWant } })[]> {
  await context.projectWithSecrets()
  const hosts = withTls(await context.hosts())
  if (hosts.length === 0)
    throw usageError('no host of this project has certificates', { hint: 'say `engine: { tls: {} }` in the file' })
  return hosts
}

/** One line of the list. */
interface Row {
  what: string
  state: string
  until: string
  names: string
}

function rowOf(what: string, pem: string | undefined, authority: string | undefined): Row {
  const found = pem === undefined ? undefined : readCertificate(pem)
  if (pem === undefined || found === undefined) return { what, state: 'none', until: '', names: '' }
  const left = Math.floor((found.until.getTime() - Date.now()) / day)
  const whose = authority === undefined || isSignedBy(pem, authority) ? '' : ', of another authority'
  const state = left < 0 ? 'expired' : `${left} days left`
  return { what, state: state + whose, until: found.until.toISOString().slice(0, 10), names: found.names.join(' ') }
}

async function certificateOn(host: Host, context: CommandContext): Promise<string | undefined> {
  const connect = await context.connect()
  const connection = await connect(host, { signal: context.signal })
  try {
    const exit = await connection.exec(sh`cat ${serverFile} 2>/dev/null; :`, { as: 'best', signal: context.signal })
    return exit.stdout.includes('BEGIN CERTIFICATE') ? exit.stdout : undefined
  } finally {
    await connection.close()
  }
}

async function show(context: CommandContext): Promise<number> {
  const project = await context.project()
  const hosts = await hostsWithTls(context)
  const rows: Row[] = []
  const errors: UserError[] = []
  for (const folder of new Set(hosts.map(host => host.engine.tls.folder))) {
    const tls = hosts.find(host => host.engine.tls.folder === folder)?.engine.tls
    if (tls === undefined) continue
    const authority = await authorityCertificate(placeOf(tls, project.name))
    rows.push(rowOf(`authority ${folder}`, authority, authority))
    for (const name of tls.clients) rows.push(rowOf(`client ${name}`, await clientCertificate(folder, name), authority))
    for (const host of hosts.filter(each => each.engine.tls.folder === folder)) {
      try {
        rows.push(rowOf(`host ${host.name}`, await certificateOn(host, context), authority))
      } catch (error) {
        if (!(error instanceof UserError) || context.signal.aborted) throw error
        errors.push(error)
        rows.push({ what: `host ${host.name}`, state: cleanLine(messageOf(error)), until: '', names: '' })
      }
    }
  }
  if (context.options.json) for (const row of rows) context.printJson({ type: 'certificate', ...row })
  else
    context.print(
      table(
        ['CERTIFICATE', 'STATE', 'UNTIL', 'NAMES'],
        rows.map(row => [row.what, row.state, row.until, row.names]),
      ).join('\n'),
    )
  for (const error of errors) await context.tell(error)
  return errors[0]?.exit ?? exitCodes.done
}

async function newClient(context: CommandContext, name: string): Promise<number> {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name))
    throw usageError(`"${name}" is no name for a client`, { hint: 'letters, digits, `.`, `_` and `-`' })
  const project = await context.project()
  const [host] = await hostsWithTls(context)
  if (host === undefined) return exitCodes.usage
  const { tls } = host.engine
  const place = await makeClient(tls, project.name, name)
  if (context.options.json) context.printJson({ type: 'client', name, folder: place })
  else context.print(`The client ${name} lies in ${place}: ca.pem, cert.pem, key.pem`)
  return exitCodes.done
}

/** Renews as `provision` would if every certificate were about to expire. */
async function renew(context: CommandContext): Promise<number> {
  for (const { engine } of await hostsWithTls(context)) engine.tls.renewBefore = Number.POSITIVE_INFINITY
  return withSession(context, { extent: 'hosts', prune: false }, session =>
    withClients(context, carryOut(context, session, 'certs renew')),
  )
}

export const certs = command({
  name: 'certs',
  summary: "show or renew the engines' certificates, or make one for a client",
  arguments: {
    action: { text: 'show (default), renew, or client', need: 'maybe' },
    name: { text: 'name of the client', need: 'maybe' },
  },
  options: {},
  async run(context, { action = 'show', name }) {
    if (action === 'client') {
      if (name === undefined) throw usageError('certs client needs a name', { hint: 'longshore certs client ci' })
      return newClient(context, name)
    }
    if (name !== undefined) throw usageError(`certs ${action} takes no name`, { hint: 'choose hosts by --on' })
    if (action === 'show') return show(context)
    if (action === 'renew') return renew(context)
    throw usageError(`certs knows no "${action}"`, { hint: 'show, renew or client NAME' })
  },
})
