// What is to be said of a host that is reached by its engine alone: the way there, the engine, our certificate, and a lock left behind.
import { readFile } from 'node:fs/promises'
import type { Host } from '../../core/project.js'
import type { AnyProvider } from '../../core/provider.js'
import { lockText } from '../../core/run/lock.js'
import { readCertificate } from '../../core/x509.js'
import type { CommandContext } from '../context.js'
import { withEngineAlone } from '../kept/keepers.js'
import { type Finding, ok, warning } from './finding.js'

const day = 86_400_000

/** Days from which on the end of a certificate is worth a word. */
const soon = 14

function way(host: Host): Finding[] {
  const { engineAddress: address } = host
  if (address === undefined || address.kind === 'unix' || address.tls !== undefined) return []
  return [
    warning(
      'socket',
      `${address.url} asks for no certificate: who can connect is root on the host`,
      'say `tls:`, and let the engine ask for one',
    ),
  ]
}

/** Our own certificate; that it holds today was seen when we connected. */
async function certificate(host: Host): Promise<Finding[]> {
  const tls = host.engineAddress?.kind === 'tcp' ? host.engineAddress.tls : undefined
  const told = tls?.cert === undefined ? undefined : readCertificate(await readFile(tls.cert, 'utf8'))
  if (told === undefined) return []
  const days = Math.floor((told.until.getTime() - Date.now()) / day)
  const text = `ours, until ${told.until.toISOString().slice(0, 10)}, ${days} days`
  return [
    days < soon
      ? warning(
          'certificate',
          text,
          'get a new one; of an authority of ours: longshore certs client NAME, where that project lies',
        )
      : ok('certificate', text),
  ]
}

/** Connects, looks and closes. A UserError where the engine cannot be reached. */
export async function engineAloneFindings(
  host: Host,
  provider: AnyProvider,
  context: CommandContext,
): Promise<Finding[]> {
  const project = await context.project()
  const from = Date.now()
  return withEngineAlone(host, context, async ({ engine, keeper }) => {
    const ms = Date.now() - from
    const { lock } = await keeper.read(project.name, context.signal)
    const reached = `${host.engineAddress?.url ?? host.address} by its engine alone, answered in ${ms} ms`
    return [
      ok('reached', reached),
      ok('engine', `${engine.about}, through the provider ${provider.name}`),
      ...way(host),
      ...(await certificate(host)),
      lock === undefined
        ? ok('left behind', 'nothing')
        : warning('lock', lockText(lock), 'if nobody works on it: longshore lock --release'),
    ]
  })
}
