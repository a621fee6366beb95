// `longshore env HOST`: what a stock client needs to speak to a host's engine, as shell variables or as a docker context.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { EngineAddress } from '../../../core/engine-alone/address.js'
import type { EngineWant } from '../../../core/engine-want.js'
import { exitCodes, UserError, usageError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import type { Host } from '../../../core/project.js'
import { quote } from '../../../core/sh.js'
import { clientCertificate, clientFolder } from '../../certificates/authority.js'
import { command } from '../../command.js'

/** The TCP address that others reach, if the engine has one: a host may listen on all of its own. */
function tcpOf({ listen = [] }: EngineWant, host: Host): string | undefined {
  for (const text of listen) {
    const [, address, port] = /^tcp:\/\/(\[[^\]]+\]|[^:]+):(\d+)/.exec(text) ?? []
    if (address === undefined || /^127\.|^localhost$|^\[::1\]$/.test(address)) continue
    return `tcp://${/^(0\.0\.0\.0|\[::\])$/.test(address) ? host.address : address}:${port}`
  }
  return undefined
}

/** By SSH where no TCP socket is open to others: the docker client starts ssh itself. */
function sshOf(host: Host): string {
  const user = host.user === undefined ? '' : `${host.user}@`
  return `ssh://${user}${host.address}${host.port === undefined ? '' : `:${host.port}`}`
}

/** How to reach an engine. */
interface Way {
  host: string
  /** Folder of ca.pem, cert.pem and key.pem. */
  certificates?: string
}

/** Where the file has the engine; stock clients want the certificates in one folder. */
function wayToAlone(address: EngineAddress): Way {
  const tls = address.kind === 'tcp' ? address.tls : undefined
  if (tls === undefined) return { host: address.url }
  if (tls.folder !== undefined) return { host: address.url, certificates: tls.folder }
  throw usageError('a docker client wants its certificates in one folder, and the file names each by itself', {
    at: tls.at,
    hint: 'put them into a folder as ca.pem, cert.pem and key.pem, and say tls: FOLDER',
  })
}

async function wayTo(host: Host, client: string | undefined): Promise<Way> {
  if (host.connection === 'local') return { host: 'unix:///var/run/docker.sock' }
  if (host.engineAddress) return wayToAlone(host.engineAddress)
  const { tls } = host.engine
  const tcp = tcpOf(host.engine, host)
  if (tcp === undefined) return { host: sshOf(host) }
  if (tls === undefined) return { host: tcp }
  const name = client ?? tls.clients[0]
  if (name === undefined)
    throw usageError(`no client certificate is named for ${host.name}`, {
      at: host.engine.places(['tls']),
      hint: 'make one: longshore certs client NAME, then say --client NAME, or name it in engine.tls.clients',
    })
  if ((await clientCertificate(tls.folder, name)) === undefined)
    throw usageError(`the client ${name} has no certificate here`, { hint: `longshore certs client ${name}` })
  return { host: tcp, certificates: clientFolder(tls.folder, name) }
}

/** Makes or changes a context of the docker client. */
function dockerContext(name: string, { host, certificates }: Way): Promise<void> {
  const files = certificates
    ? `,ca=${join(certificates, 'ca.pem')},cert=${join(certificates, 'cert.pem')},key=${join(certificates, 'key.pem')}`
    : ''
  const run = (action: string): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      execFile('docker', ['context', action, name, '--docker', `host=${host}${files}`], (error, _out, told) => {
        if (error && 'code' in error && error.code === 'ENOENT')
          reject(
            new UserError('there is no docker client on this machine', {
              hint: 'leave --context out, and use the variables',
            }),
          )
        else resolve(error ? cleanLine(told) : undefined)
      })
    })
  return run('create')
    .then(wrong => (wrong === undefined ? undefined : run('update')))
    .then(wrong => {
      if (wrong !== undefined) throw new UserError(`docker cannot make the context ${name}`, { output: wrong })
    })
}

export const env = command({
  name: 'env',
  summary: "point a stock docker client at a host's engine",
  arguments: { host: { text: 'a host of the file', need: 'one' } },
  options: {
    client: {
      flags: '--client <name>',
      kind: 'value',
      text: 'whose certificate; the first of engine.tls.clients if left out',
    },
    context: { flags: '--context', kind: 'flag', text: 'make a context of the docker client instead' },
  },
  async run(context, given) {
    const project = await context.project()
    const host = project.hosts.find(({ name }) => name === given.host)
    if (host === undefined)
      throw usageError(`there is no host "${given.host}"`, {
        hint: `known: ${project.hosts.map(({ name }) => name).join(', ')}`,
      })
    const way = await wayTo(host, given.client)
    if (given.context) {
      const name = `${project.name}-${host.name}`
      await dockerContext(name, way)
      if (context.options.json) context.printJson({ type: 'context', name, host: way.host })
      else context.print(`docker --context ${name} …`)
      return exitCodes.done
    }
    const variables: [string, string][] = [['DOCKER_HOST', way.host]]
    if (way.certificates !== undefined)
      variables.push(['DOCKER_TLS_VERIFY', '1'], ['DOCKER_CERT_PATH', way.certificates])
    if (context.options.json) context.printJson({ type: 'env', ...Object.fromEntries(variables) })
    else for (const [name, value] of variables) context.print(`export ${name}=${quote(value)}`)
    return exitCodes.done
  },
})
