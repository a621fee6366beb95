// The engines that a project's machines are made on, opened together.

import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { Connection } from '../../core/connection.js'
import { hasShell, isHere } from '../../core/engine-alone/address.js'
import { anyEngine } from '../../core/engine-want.js'
import { likeError, UserError } from '../../core/errors.js'
import type { MachineMaker, MachineName, MachineWant } from '../../core/machines/machine.js'
import type { Host, Project } from '../../core/project.js'
import { noDetection } from '../../core/provider.js'
import { sh } from '../../core/sh.js'
import type { CommandContext } from '../context.js'
import { ensureFolderId } from './folder.js'

/** One machine of the file, and who makes it. */
export interface Machine {
  host: Host
  want: MachineWant
  name: MachineName
  maker: MachineMaker
  /** The way to the engine that it is made on. */
  connection: Connection
  project: Project
}

/** The folder for what can be made again. */
const cacheFolder = ({ env, home }: CommandContext): string => {
  const given = env.XDG_CACHE_HOME ?? ''
  return join(isAbsolute(given) ? given : join(home, '.cache'), 'longshore')
}

/** The engine of this machine, as a host without a shell. */
function ownEngine({ env }: CommandContext, want: MachineWant, socket: string | undefined): Host {
  const given = /^unix:\/\/(\/.+)$/.exec(env.DOCKER_HOST ?? '')?.[1]
  const path = socket ?? given ?? '/var/run/docker.sock'
  return {
    name: 'this machine',
    connection: 'engine',
    engineAddress: { kind: 'unix', path, url: `unix://${path}`, at: want.at, leftOut: [] },
    address: 'localhost',
    labels: {},
    groups: [],
    vars: {},
    engine: anyEngine(),
    at: want.at,
  }
}

interface Rights {
  rights?: { status: string; last: number }
  fuse: boolean
}

const readHere = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

/** What this machine, or another host, can give to its containers. */
async function rightsOf(host: Host, connection: Connection): Promise<Rights> {
  const read = (status: string, last: string, fuse: boolean): Rights => ({
    ...(status === '' ? {} : { rights: { status, last: Number(last) } }),
    fuse,
  })
  if (isHere(host))
    return read(readHere('/proc/self/status'), readHere('/proc/sys/kernel/cap_last_cap'), existsSync('/dev/fuse'))
  if (!hasShell(host)) return { fuse: false }
  const { stdout } = await connection.exec(
    sh`cat /proc/sys/kernel/cap_last_cap; [ -e /dev/fuse ] && echo yes || echo no; cat /proc/self/status`,
    { as: 'best' },
  )
  const [last = '', fuse = '', ...status] = stdout.split('\n')
  return read(status.join('\n'), last, fuse === 'yes')
}

async function openMaker(
  context: CommandContext,
  project: Project,
  want: MachineWant,
): Promise<{ maker: MachineMaker; connection: Connection }> {
  const { engine } = want
  const { signal } = context
  const found = engine.kind === 'host' ? project.hosts.find(({ name }) => name === engine.name) : undefined
  const host = found ?? ownEngine(context, want, engine.kind === 'local' ? engine.socket : undefined)
  const none = (error: UserError): UserError =>
    likeError(error, {
      message: `there is no engine to make machines on: ${error.message}`,
      hint: 'start a docker engine (`systemctl start docker`), or say where one is: machine: { engine: … }',
      at: error.at ?? want.at,
    })
  const connection = await (await context.connect())(host, { signal }).catch((error: unknown) => {
    throw error instanceof UserError ? none(error) : error
  })
  try {
    const [{ openMachineMaker }, providers, rights] = await Promise.all([
      import('../../providers/docker/machines/index.js'),
      context.providers(),
      rightsOf(host, connection),
    ])
    const docker = providers.find(({ name }) => name === 'docker')
    if (docker === undefined) throw new Error('there is no docker provider')
    const detection = hasShell(host)
      ? connection
          .exec(docker.detect(host.engine, []), { as: 'best', signal })
          .then(exit => docker.readDetection(exit.stdout))
      : noDetection(host)
    detection.catch(() => undefined)
    const scope = { name: host.name, hosts: [host.name] }
    const maker = await openMachineMaker({
      scope,
      connection,
      detection,
      ...rights,
      cache: cacheFolder(context),
      signal,
    })
    if ('absent' in maker) throw none(new UserError(maker.text, { where: host.name }))
    return { maker, connection }
  } catch (error) {
    await connection.close()
    throw error instanceof UserError && error.at === undefined ? likeError(error, { at: want.at }) : error
  }
}

/** Opens the engines of those hosts that are machines, hands the machines to `work`, and closes everything whatever happens. */
export async function withMachines<T>(
  context: CommandContext,
  hosts: readonly Host[],
  work: (machines: Machine[]) => Promise<T>,
): Promise<T> {
  const project = await context.projectWithSecrets()
  const folder = await ensureFolderId(project)
  const opening = new Map<string, ReturnType<typeof openMaker>>()
  try {
    const machines = await Promise.all(
      hosts.flatMap(host => {
        const { machine: want } = host
        if (want === undefined) return []
        const key = JSON.stringify(want.engine)
        const opened = opening.get(key) ?? openMaker(context, project, want)
        opening.set(key, opened)
        const name: MachineName = { project: project.name, host: host.name, folder }
        return opened.then(({ maker, connection }): Machine => ({ host, want, name, maker, connection, project }))
      }),
    )
    return await work(machines)
  } finally {
    for (const opened of await Promise.allSettled(opening.values())) {
      if (opened.status === 'rejected') continue
      opened.value.maker.close()
      await opened.value.connection.close()
    }
  }
}
