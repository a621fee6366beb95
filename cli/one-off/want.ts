// The container of `run`: that of the service, but for what the command line says, and for what would be in the service's way. Pure.
import { randomBytes } from 'node:crypto'
import { portsOf, readPort } from '../../core/containers/schema/ports.js'
import { shellwords } from '../../core/containers/schema/shellwords.js'
import { usageError } from '../../core/errors.js'
import type { Project, RawService } from '../../core/project.js'
import type { ContainerWant, PortWant } from '../../core/wanted.js'

/** What the command line says of a one-off container. */
export interface OneOffWish {
  /** The program and its arguments; the service's own where there are none. */
  argv: readonly string[]
  /** NAME=VALUE, or NAME alone for the value that it has here. */
  env: readonly string[]
  entrypoint?: string | undefined
  user?: string | undefined
  workdir?: string | undefined
  /** As in `ports:`. */
  publish: readonly string[]
  servicePorts: boolean
  name?: string | undefined
  tty: boolean
}

/** Label of containers made by `run`. */
const oneOffLabel = 'longshore.oneoff'

const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** The project with the service as `run` needs it: once on each of its hosts, whatever its number is, and with more volumes. */
export function forOneOff(project: Project, name: string, volumes: readonly string[]): Project {
  const changed = (service: RawService): RawService => {
    const { value } = service.raw
    if (service.name !== name || !isMap(value)) return service
    const { scale: _scale, deploy, container_name: _name, ...rest } = value
    const { replicas: _replicas, ...others } = isMap(deploy) ? deploy : {}
    const more =
      volumes.length === 0 ? {} : { volumes: [...(Array.isArray(rest.volumes) ? rest.volumes : []), ...volumes] }
    const kept = deploy === undefined ? {} : { deploy: others }
    return { ...service, raw: { ...service.raw, value: { ...rest, ...kept, ...more } } }
  }
  return { ...project, services: project.services.map(changed) }
}

function environmentOf(
  lines: readonly string[],
  here: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const found: Record<string, string> = {}
  for (const line of lines) {
    const at = line.indexOf('=')
    const name = at < 0 ? line : line.slice(0, at)
    if (name === '') throw usageError(`-e takes NAME=VALUE or NAME, not "${line}"`)
    const value = at < 0 ? here[name] : line.slice(at + 1)
    if (value === undefined) throw usageError(`-e ${name}: this variable is not set here`)
    found[name] = value
  }
  return found
}

function portsFor(wish: OneOffWish, { config, portRules, service }: ContainerWant): PortWant[] {
  if (wish.servicePorts && portRules !== undefined)
    throw usageError(
      `${service} says who may reach its ports (\`allow\`), and those rules are for its own containers`,
      {
        hint: 'publish another port with -p',
      },
    )
  return [...(wish.servicePorts ? config.ports : []), ...wish.publish.flatMap(text => portsOf(readPort(text), 1))]
}

/**
 * The container to make. It has none of the service's names and addresses on its networks, publishes nothing unless told to, is not
 * restarted, and has no health check to wait for. `here` are the variables of this process. A usage error for what cannot be read.
 */
export function oneOffWant(
  project: string,
  want: ContainerWant,
  wish: OneOffWish,
  here: Readonly<Record<string, string | undefined>>,
): ContainerWant {
  const { restart: _restart, healthcheck: _check, macAddress: _mac, ...config } = want.config
  const { portRules: _rules, ...rest } = want
  // A program in place of another takes none of its arguments.
  const entrypoint = wish.entrypoint === undefined ? undefined : shellwords(wish.entrypoint)
  const command = wish.argv.length > 0 ? [...wish.argv] : entrypoint === undefined ? config.command : undefined
  const { command: _command, ...others } = config
  return {
    ...rest,
    number: 0,
    name: wish.name ?? `${project}-${want.service}-run-${randomBytes(6).toString('hex')}`,
    config: {
      ...others,
      ...(entrypoint === undefined ? {} : { entrypoint }),
      ...(command === undefined ? {} : { command }),
      ...(wish.user === undefined ? {} : { user: wish.user }),
      ...(wish.workdir === undefined ? {} : { workingDir: wish.workdir }),
      environment: { ...config.environment, ...environmentOf(wish.env, here) },
      labels: { ...config.labels, [oneOffLabel]: 'True' },
      ports: portsFor(wish, want),
      networks: config.networks.map(({ name, linkLocal: _local, options }) => ({
        name,
        aliases: [],
        ...(options === undefined ? {} : { options }),
      })),
      tty: wish.tty,
      stdinOpen: true,
    },
  }
}
