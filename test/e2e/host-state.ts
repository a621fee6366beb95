// What a lab host is like, read without the product: everything that a plan must not touch, its containers, and what its pages answer.
import { readFileSync } from 'node:fs'
import { busyboxTarball, type LabHost } from '../lab/index.js'

/** Names, owners, modes and contents of files; packages; units; docker's objects. One fact a line. Large folders are told by ctime, which every write changes. */
const stateScript = `
export LC_ALL=C
for d in /etc /usr /opt /root /home /tmp /var/lib/longshore /var/lib/dpkg /var/lib/apt; do
  if [ -e "$d" ]; then find "$d" -xdev ! -name 'runc-process*' -printf '%y %m %u:%g %p %l\\n'; fi
done
find /usr /var/lib/dpkg /var/lib/apt -xdev -type f -printf '%s %C@ %p\\n'
for d in /etc /opt /root /home /tmp /var/lib/longshore; do
  if [ -e "$d" ]; then find "$d" -xdev ! -name 'runc-process*' -type f -print0 | xargs -0r sha256sum; fi
done
dpkg -l
if [ -d /run/systemd/system ]; then
  systemctl list-units --all --plain --no-legend --type=service,socket --no-pager | grep -v -e -daily -e tmpfiles-clean
fi
if command -v docker >/dev/null && docker version >/dev/null 2>&1; then
  docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}'
  docker images -a --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}'
  docker network ls --no-trunc --format '{{.ID}} {{.Name}}'
  docker volume ls --format '{{.Name}}'
fi`

/** The state of a host as a set of facts. */
export const hostState = async (host: LabHost): Promise<Set<string>> =>
  new Set((await host.sh(stateScript, { check: true })).stdout.split('\n'))

/** Facts that only one of the two states has, marked with - and +; empty where nothing was touched. */
export const changedFacts = (before: ReadonlySet<string>, after: ReadonlySet<string>): string[] => [
  ...[...before].filter(line => !after.has(line)).map(line => `- ${line}`),
  ...[...after].filter(line => !before.has(line)).map(line => `+ ${line}`),
]

/** Id and state of every container on the host, by name. */
export async function containersOn(host: LabHost): Promise<Record<string, { id: string; state: string }>> {
  const format = '{{.Names}} {{.ID}} {{.State}}'
  const { stdout } = await host.sh(`docker ps -a --no-trunc --format '${format}'`, { check: true })
  const lines = stdout.trim().split('\n').filter(Boolean).sort()
  return Object.fromEntries(
    lines.map(line => {
      const [name = '', id = '', state = ''] = line.split(' ')
      return [name, { id, state }]
    }),
  )
}

/** Ids alone: equal before and after where no container was touched. */
export const idsOn = async (host: LabHost): Promise<Record<string, string>> =>
  Object.fromEntries(Object.entries(await containersOn(host)).map(([name, { id }]) => [name, id]))

/** The names of what docker keeps on the host: images and volumes, and networks beyond its own three. */
export async function thingsOn(
  host: LabHost,
): Promise<{ containers: string[]; images: string[]; networks: string[]; volumes: string[] }> {
  const list = async (command: string): Promise<string[]> =>
    (await host.sh(`docker ${command}`, { check: true })).stdout.trim().split('\n').filter(Boolean).sort()
  return {
    containers: Object.keys(await containersOn(host)),
    images: await list(`images --format '{{.Repository}}:{{.Tag}}'`),
    networks: (await list(`network ls --format '{{.Name}}'`)).filter(
      name => !['bridge', 'host', 'none'].includes(name),
    ),
    volumes: await list(`volume ls --format '{{.Name}}'`),
  }
}

/** Unpacks busybox's root file system on the host, for \`import: { dir: /opt/rootfs, at: host }\`. */
export const giveRootfs = async (host: LabHost): Promise<void> => {
  const input = readFileSync(await busyboxTarball())
  await host.sh('mkdir -p /opt/rootfs && tar -C /opt/rootfs -xf -', { input, check: true })
}

/** The body of a page that a lab host serves, asked for from this machine; a published port may take a moment to listen. */
export async function page(host: LabHost, port: number, path = '/'): Promise<string> {
  for (let left = 30; ; left--)
    try {
      return (await (await fetch(`http://${host.ip}:${port}${path}`)).text()).trim()
    } catch (error) {
      if (left === 0) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
}
