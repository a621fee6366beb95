// Lab hosts: machines as the product makes them, with what tests ask for beyond that. Starts them, finds them, runs scripts in them, removes them.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { containerName, machineLabels } from '../../providers/docker/machines/names.js'
import { cacheDir, withLock } from './cache.js'
import { ensureImage, type Release } from './images.js'
import { machineName, makeMachine, withMaker, work } from './machines.js'
import { sshGreets } from './ports.js'
import { docker, must, pause, type RunOptions, type RunResult, socket, tryDocker } from './run.js'

export interface HostOptions {
  /** The host's name; random if not given. */
  name?: string
  release?: Release
  /** With Debian's docker.io, enabled and started by systemd. */
  engine?: boolean
  /** With python3, for a peer that needs it. The others have no python at all. */
  python?: boolean
  /** 'none': PID 1 is a small shell, sshd runs, and nothing starts services. */
  init?: 'systemd' | 'none'
  /** More TCP ports of the host to publish on 127.0.0.1. */
  publish?: number[]
  /** Volumes as `docker run -v` takes them: folders or files of this machine, or the path alone of a volume of its own. */
  mounts?: string[]
  /** Give the host a boot_id of its own, new at each boot; rootless engines cannot run in it then. */
  ownBootId?: boolean
  /** Hosts of one owner can be removed together; the process's own id if not given. */
  owner?: string
  /** Leave the host running when this process ends. */
  keep?: boolean
}

export interface LabHost {
  name: string
  /** The container's name in the outer engine. */
  container: string
  address: '127.0.0.1'
  /** The loopback port of the host's sshd; it stays the same over reboots. */
  port: number
  /** The private key file with which root logs in. */
  identity: string
  /** The public half of the host's key, `ssh-ed25519 AAAA…`. */
  hostKey: string
  /** The address by which lab hosts, and this machine, reach the host; a new one may come with a reboot. */
  ip: string
  /** Loopback ports by the host's own port, for what was asked with `publish`. */
  ports: Record<number, number>
  /** Runs a script with the host's sh as root through `docker exec`: no SSH, none of the product. */
  sh(script: string, options?: RunOptions & { check?: boolean }): Promise<RunResult>
  /** Cuts the power. */
  stop(): Promise<void>
  /** Boots a stopped host, or one that rebooted, and waits until it is up. */
  start(): Promise<void>
  remove(): Promise<void>
}

/** The owner of this process's hosts: LONGSHORE_LAB_OWNER, or the process id. */
const ownOwner = (): string => process.env.LONGSHORE_LAB_OWNER ?? String(process.pid)

/** The private key with which root logs in to every lab host. */
export const labKey = async (): Promise<string> => {
  const file = join(cacheDir(), 'id_ed25519')
  if (existsSync(file)) return file
  return withLock('key', async () => {
    if (existsSync(file)) return file
    await must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'longshore-lab', '-f', `${file}.part`])
    await rename(`${file}.part.pub`, `${file}.pub`)
    await rename(`${file}.part`, file)
    return file
  })
}

/** Hosts of this process that go with it, in case a test forgets them or does not come to remove them. */
const alive = new Set<string>()
let sweeping = false

const removeAtExit = (container: string): void => {
  alive.add(container)
  if (sweeping) return
  sweeping = true
  process.on('exit', () => {
    if (alive.size > 0) spawnSync('docker', ['--host', `unix://${socket}`, 'rm', '-f', '-v', ...alive])
  })
}

/**
 * Makes a host's machine. What the product has no word for comes with the image: a first program that is no systemd, a boot_id of its
 * own, more volumes.
 */
const create = async (host: string, owner: string, options: HostOptions): Promise<void> => {
  const { release = 'bookworm', engine = false, python = false, init = 'systemd', ownBootId = false } = options
  const mounts = options.mounts ?? []
  const volumes = mounts.filter(mount => !mount.includes(':'))
  const image = await ensureImage({ release, engine, python, boot: { init, ownBootId }, volumes })
  await makeMachine(machineName(host, owner), {
    image,
    publish: options.publish ?? [],
    mounts: mounts.filter(mount => mount.includes(':')),
    login: readFileSync(`${await labKey()}.pub`, 'utf8'),
  })
}

/** Runs in the host until it is up; prints its host key. */
const waitScript = `
  while [ "$1" = systemd ]; do
    case $(systemctl is-system-running 2>/dev/null) in running|degraded) break;; esac
    sleep 0.1
  done
  until [ -s /etc/ssh/ssh_host_ed25519_key.pub ]; do sleep 0.1; done
  cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub`

const waitUntilUp = async (container: string, init: string, port: number): Promise<string> => {
  const giveUp = Date.now() + 60_000
  while (Date.now() < giveUp) {
    // The exec itself fails while the container is between two boots.
    const up = await tryDocker(['exec', container, 'sh', '-c', waitScript, 'sh', init], { timeout: 60_000 })
    if (up.code === 0 && (await sshGreets(port))) return up.stdout.trim()
    await pause(100)
  }
  const log = await tryDocker(['logs', '--tail', '20', container])
  const units = await tryDocker(['exec', container, 'systemctl', '--failed', '--no-pager'], { timeout: 5000 })
  throw new Error(`lab host ${container} did not come up within a minute:\n${log.stdout}${log.stderr}${units.stdout}`)
}

interface Inspected {
  Config: { Labels: Record<string, string> }
  NetworkSettings: { IPAddress: string; Ports: Record<string, { HostPort: string }[] | null> }
}

const inspect = async (container: string): Promise<Inspected> => {
  const [found] = JSON.parse(await docker(['inspect', container])) as Inspected[]
  if (!found) throw new Error(`no lab host ${container}`)
  return found
}

/** The handle of a running lab host, whoever started it; waits until it is up. */
export const attach = async (container: string): Promise<LabHost> => {
  const identity = await labKey()
  const { Config, NetworkSettings } = await inspect(container)
  const { [machineLabels.host]: name = '', [machineLabels.folder]: owner = '' } = Config.Labels
  const machine = machineName(name, owner)
  const ports: Record<number, number> = {}
  for (const [port, bound] of Object.entries(NetworkSettings.Ports))
    if (bound?.[0]) ports[Number.parseInt(port, 10)] = Number(bound[0].HostPort)
  const { 22: port = 0, ...published } = ports
  const wait = (): Promise<string> => waitUntilUp(container, Config.Labels['longshore.lab.init'] ?? 'systemd', port)
  const host: LabHost = {
    name,
    container,
    address: '127.0.0.1',
    port,
    identity,
    hostKey: await wait(),
    ip: NetworkSettings.IPAddress,
    ports: published,
    async sh(script, { check = false, ...options } = {}) {
      const result = await tryDocker(['exec', '-i', container, 'sh', '-c', script], options)
      if (!check || result.code === 0) return result
      throw new Error(`${host.name}: ended with ${result.code}: ${script}\n${result.stdout}${result.stderr}`)
    },
    async stop() {
      await docker(['stop', '-t', '0', container])
    },
    async start() {
      // One that rebooted is started by the engine.
      await withMaker(async maker => {
        if ((await maker.look(machine)).state !== 'running') await maker.start(machine, work)
      })
      await wait()
      host.ip = (await inspect(container)).NetworkSettings.IPAddress
    },
    async remove() {
      await withMaker(maker => maker.remove(machine, work))
      alive.delete(container)
    },
  }
  return host
}

/** Starts a lab host and waits until its systemd (if it has one) and its sshd are up. */
export const labHost = async (options: HostOptions = {}): Promise<LabHost> => {
  const name = options.name ?? `lab-${randomBytes(4).toString('hex')}`
  const owner = options.owner ?? ownOwner()
  const container = containerName(machineName(name, owner))
  if (!options.keep) removeAtExit(container)
  await create(name, owner, options)
  try {
    return await attach(container)
  } catch (error) {
    if (!options.keep) await tryDocker(['rm', '-f', '-v', container])
    throw error
  }
}
