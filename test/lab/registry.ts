// Real image registries and a real forward proxy, on a lab host of their own: Debian's docker-registry and tinyproxy.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debianProgram } from './deb.js'
import { type HostOptions, type LabHost, labHost } from './host.js'
import { type RegistryAccess, registryAnswers } from './registry-image.js'
import { docker, must, pause } from './run.js'

/** A registry that runs. */
export interface LabRegistry extends RegistryAccess {
  /** `10.0.0.1:5000`, as image names have it. */
  name: string
  /** Every request that it was asked, a line each. */
  log(): Promise<string>
}

export interface RegistryOptions {
  port: number
  /** Serves TLS, with a certificate of this authority. */
  authority?: Authority
  login?: { username: string; password: string }
  /** Passes on what this registry (a URL) has, and keeps it. */
  mirrorOf?: string
}

/** A lab host for registries and proxies. */
export interface RegistryHost {
  host: LabHost
  registry(options: RegistryOptions): Promise<LabRegistry>
  /** A forward proxy for HTTP and CONNECT; gives its URL, and its log. */
  proxy(port: number): Promise<{ url: string; log(): Promise<string> }>
  remove(): Promise<void>
}

/** A certificate authority in a folder, made by openssl. */
export interface Authority {
  folder: string
  /** Path of its certificate. */
  file: string
  /** The certificate, PEM. */
  ca: string
}

const openssl = (folder: string, args: readonly string[]): Promise<string> =>
  must('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...args], {
    env: { RANDFILE: join(folder, '.rnd') },
  })

/** Makes an authority in an existing folder. */
export async function makeAuthority(folder: string, name = 'lab registries'): Promise<Authority> {
  const file = join(folder, 'ca.crt')
  const place = ['-keyout', join(folder, 'ca.key'), '-out', file]
  await openssl(folder, ['-subj', `/CN=${name}`, '-days', '30', ...place])
  return { folder, file, ca: await readFile(file, 'utf8') }
}

/** Makes a server certificate for an address; gives its files. */
export async function makeCertificate(
  { folder, file }: Authority,
  ip: string,
  name = 'registry.lab',
): Promise<{ key: string; certificate: string }> {
  const [key, certificate] = [join(folder, `${ip}.key`), join(folder, `${ip}.crt`)]
  await openssl(folder, [
    ...['-CA', file, '-CAkey', join(folder, 'ca.key'), '-subj', '/CN=registry', '-days', '30'],
    ...['-addext', `subjectAltName=IP:${ip},DNS:${name}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-keyout', key, '-out', certificate],
  ])
  return { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') }
}

/** A line of a htpasswd file: the registry takes bcrypt alone, and perl has it from the system's crypt(3). */
export const htpasswd = async ({ username, password }: { username: string; password: string }): Promise<string> => {
  const program = 'chomp($_ = <STDIN>); print crypt($_, q{$2b$05$abcdefghijklmnopqrstuu})'
  return `${username}:${await must('perl', ['-e', program], { input: password })}\n`
}

/** The registry's own configuration, as JSON, which is YAML. */
export const configuration = (
  { port, authority, login, mirrorOf }: RegistryOptions,
  folder: string,
  address = '',
): string =>
  JSON.stringify({
    version: '0.1',
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: `${folder}/data` } },
    http: {
      addr: `${address}:${port}`,
      ...(authority && { tls: { certificate: `${folder}/tls.crt`, key: `${folder}/tls.key` } }),
    },
    ...(login && { auth: { htpasswd: { realm: 'lab', path: `${folder}/htpasswd` } } }),
    ...(mirrorOf && { proxy: { remoteurl: mirrorOf } }),
  })

const tinyproxyConfiguration = (port: number): string =>
  [`Port ${port}`, 'Timeout 60', 'MaxClients 50', 'LogLevel Connect', 'LogFile "/var/log/proxy.log"', ''].join('\n')

export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; await pause(100)) if (await holds()) return
  throw new Error(`${what} did not come up`)
}

/** Starts a lab host on which registries and proxies run, each in the background. */
export async function registryHost(options: HostOptions = {}): Promise<RegistryHost> {
  const programs = await Promise.all([
    debianProgram('docker-registry', 'usr/bin/docker-registry'),
    debianProgram('tinyproxy-bin', 'usr/bin/tinyproxy'),
  ])
  const host = await labHost({ init: 'none', ...options })
  for (const program of programs) await docker(['cp', program, `${host.container}:/usr/bin/`])
  const put = (path: string, input: string) =>
    host.sh(`mkdir -p "$(dirname ${path})" && cat >${path}`, { input, check: true })
  const background = (command: string, log: string) =>
    host.sh(`setsid ${command} >>${log} 2>&1 </dev/null &`, { check: true })
  const read = async (log: string): Promise<string> => (await host.sh(`cat ${log}`)).stdout

  const registry: RegistryHost['registry'] = async registryOptions => {
    const { port, authority, login } = registryOptions
    const folder = `/srv/registry-${port}`
    await put(`${folder}/config.yml`, configuration(registryOptions, folder))
    if (authority) {
      const { key, certificate } = await makeCertificate(authority, host.ip)
      await put(`${folder}/tls.key`, key)
      await put(`${folder}/tls.crt`, certificate)
    }
    if (login) await put(`${folder}/htpasswd`, await htpasswd(login))
    await background(`docker-registry serve ${folder}/config.yml`, `${folder}/log`)
    const name = `${host.ip}:${port}`
    const access: RegistryAccess = {
      url: `${authority ? 'https' : 'http'}://${name}`,
      ...(authority && { ca: authority.ca }),
      ...(login && { login }),
    }
    await until(() => registryAnswers(access), `the registry ${name}`)
    return { ...access, name, log: () => read(`${folder}/log`) }
  }

  const proxy: RegistryHost['proxy'] = async port => {
    await put('/etc/proxy.conf', tinyproxyConfiguration(port))
    await background('tinyproxy -d -c /etc/proxy.conf', '/var/log/proxy.out')
    // 0A is the state of a socket that listens.
    const hex = port.toString(16).toUpperCase().padStart(4, '0')
    const listens = `grep -q ':${hex} [0-9A-F:]* 0A' /proc/net/tcp /proc/net/tcp6`
    await until(async () => (await host.sh(listens)).code === 0, `the proxy at ${port}`)
    return { url: `http://${host.ip}:${port}`, log: () => read('/var/log/proxy.log') }
  }

  return { host, registry, proxy, remove: () => host.remove() }
}
