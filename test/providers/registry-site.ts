// Registries, a mirror and a proxy on one lab host, and two more with engines of two generations, for which a project pulls from them.
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostEntry, type Ran, testProject } from '../e2e/command.js'
import { labHost } from '../lab/index.js'
import { type LabRegistry, makeAuthority, registryHost } from '../lab/registry.js'
import { pushBusybox } from '../lab/registry-image.js'

/** Requests that a registry has answered with 200, as `GET /v2/…`. */
export const served = async (registry: LabRegistry): Promise<string[]> =>
  [...(await registry.log()).matchAll(/"((?:GET|HEAD) \/v2\/\S+) HTTP\/1\.1" 200 /g)].map(([, request = '']) => request)

/** What was done on a host, as `verb thing`. */
export const doneOn = (ran: Ran, host: string): string[] =>
  ran
    .events()
    .filter(event => event.type === 'step' && event.host === host && event.state === 'done')
    .map(({ verb, thing }) => `${verb} ${thing}`)

/** Starts it all. The user of the registry with TLS and of the mirror is `ci`. */
export async function registrySite(password: string) {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-ca-'))
  const authority = await makeAuthority(folder)
  const place = await registryHost()
  const login = { username: 'ci', password }
  const plain = await place.registry({ port: 5000 })
  const secured = await place.registry({ port: 5443, authority, login })
  const mirror = await place.registry({ port: 5001, authority, login, mirrorOf: plain.url })
  const proxy = await place.proxy(3128)
  await pushBusybox(plain, 'library/busybox', 'lab')
  await pushBusybox(secured, 'team/app', '1')
  await pushBusybox(secured, 'team/base', '1')
  // A name that only the proxy can resolve.
  await place.host.sh(`echo '${place.host.ip} registry.lab' >>/etc/hosts`, { check: true })

  const hosts = await Promise.all([
    labHost({ name: 'web1', engine: true }),
    labHost({ name: 'web2', engine: true, release: 'trixie' }),
  ])
  const everywhere = (script: string, check = true): Promise<string[]> =>
    Promise.all(hosts.map(async host => (await host.sh(script, { check })).stdout))
  // Mirrors and the proxy are set up by hand: this is about pulls.
  await everywhere(`set -e
mkdir -p /etc/docker /etc/systemd/system/docker.service.d
echo '{"registry-mirrors":["${mirror.url}"]}' >/etc/docker/daemon.json
cat >/etc/systemd/system/docker.service.d/proxy.conf <<END
[Service]
Environment=HTTP_PROXY=${proxy.url} HTTPS_PROXY=${proxy.url} NO_PROXY=${place.host.ip}
END
systemctl daemon-reload; systemctl restart docker`)

  // One for each builder.
  const project = testProject({
    'built/Dockerfile': `FROM ${secured.name}/team/base:1\nRUN echo built >/built\n`,
    'built/Dockerfile.cache': `FROM ${secured.name}/team/base:1\nRUN --mount=type=cache,target=/cache echo built >/built\n`,
  })
  await copyFile(authority.file, join(project.folder, 'ca.crt'))
  const output: string[] = []

  return {
    plain,
    secured,
    mirror,
    proxy,
    /** The registry with TLS, by its name that only the proxy knows. */
    inner: 'registry.lab:5443',
    hosts,
    project,
    /** All that the command has told. */
    output,
    everywhere,
    async run(args: readonly string[], secret = password): Promise<Ran> {
      const ran = await project.run(args, { env: { REGISTRY_PASSWORD: secret } })
      output.push(ran.stdout, ran.stderr)
      return ran
    },
    /** Writes the project: its services run on both hosts. */
    write(registries: Record<string, object>, containers: Record<string, object>): void {
      const placed = Object.entries(containers).map(([name, rest]) => [name, { on: 'all', ...rest }])
      const data = {
        project: 'shop',
        hosts: Object.fromEntries(hosts.map(host => [host.name, JSON.parse(hostEntry(host))])),
        secrets: { REGISTRY: { env: 'REGISTRY_PASSWORD' } },
        engine: { source: 'none', registries },
        containers: Object.fromEntries(placed),
      }
      project.write('longshore.yaml', JSON.stringify(data))
    },
    /** Removes containers and images; certificates and logins stay. */
    forget: () => everywhere('docker rm -f $(docker ps -aq) >/dev/null 2>&1; docker image prune -af >/dev/null'),
    async remove(): Promise<void> {
      await Promise.all([...hosts.map(host => host.remove()), place.remove()])
      project.remove()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
