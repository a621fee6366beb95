// A container as its task wants it: the words that create it, and the label by which a later plan knows it again.
import { createHash } from 'node:crypto'
import { Secret } from '../../core/secret.js'
import { quote } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import type { Environment } from '../_environment.js'
import type { ContainerWant } from './_container-want.js'
import { pairs } from './_engine.js'

/** The label that holds the spec of a container which a task has made. */
export const specLabel = 'longshore.task'

/** What of the YAML is about the running of the task, and not about the container. */
const aboutTask = new Set(['name', 'state', 'pull', 'recreate', 'keep_volumes', 'env'])

const isSaid = (value: unknown): boolean =>
  value !== undefined &&
  value !== false &&
  !(typeof value === 'object' && value !== null && Object.keys(value).length === 0)

export type Spec = Record<string, unknown>

/**
 * The spec: what the task says, in the order of its names, without what is left out, so that a later option changes no spec. Of a
 * secret variable it holds that there is one, and nothing made of its value. Variables stand each for itself.
 */
export function specOf(want: ContainerWant): Spec {
  const said = Object.entries(want).filter(
    ([name, value]) =>
      !aboutTask.has(name) && name !== 'detach' && (name === 'healthcheck' ? value !== undefined : isSaid(value)),
  )
  if (!want.detach) said.push(['detach', false])
  const variables = Object.entries(want.env).map(([name, value]): [string, unknown] => [
    `env.${name}`,
    value instanceof Secret ? { secret: true } : value,
  ])
  return Object.fromEntries([...said, ...variables].toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

/** Reads the label; undefined for a container that no task has made. */
export function readSpec(label: string | undefined): Spec | undefined {
  if (label === undefined) return undefined
  try {
    const spec: unknown = JSON.parse(label)
    return typeof spec === 'object' && spec !== null ? (spec as Spec) : undefined
  } catch {
    return undefined
  }
}

const shown = (value: unknown): string => {
  const text = value === undefined ? 'not set' : typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** What differs between two specs, but for the image, which is compared by its id where that is known. */
export const specChanges = (wanted: Spec, seen: Spec): Change[] =>
  [...new Set([...Object.keys(wanted), ...Object.keys(seen)])]
    .filter(name => name !== 'image' && JSON.stringify(wanted[name]) !== JSON.stringify(seen[name]))
    .sort()
    .map(what => ({ what, from: shown(seen[what]), to: shown(wanted[what]) }))

/** The variables that are secrets. */
export const secretVariables = ({ env }: ContainerWant): Environment =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value instanceof Secret))

/** How the engine's template function prints a variable: its bytes in hex. */
export const inHex = (text: string): string => Buffer.from(text).toString('hex')

/**
 * The sum of a variable, salted with the container's id: what the probe makes of the variable that the container has. It is compared
 * and forgotten, and is stored nowhere.
 */
export const variableSum = (id: string, name: string, value: string): string =>
  createHash('sha256')
    .update(`${id}${inHex(`${name}=${value}`)}`)
    .digest('hex')

/** A health check as one shell text, which is all that the command takes. */
function healthText(test: string | string[]): string {
  if (typeof test === 'string') return test
  const [first, ...rest] = test
  if (first === 'CMD-SHELL') return rest.join(' ')
  return (first === 'CMD' ? rest : test).map(quote).join(' ')
}

function healthWords({ healthcheck }: ContainerWant): string[] {
  if (healthcheck === undefined) return []
  if (healthcheck === false) return ['--no-healthcheck']
  const { test, interval, timeout, start_period, retries } = healthcheck
  return [
    ...['--health-cmd', healthText(test)],
    ...(interval === undefined ? [] : ['--health-interval', interval]),
    ...(timeout === undefined ? [] : ['--health-timeout', timeout]),
    ...(start_period === undefined ? [] : ['--health-start-period', start_period]),
    ...(retries === undefined ? [] : ['--health-retries', String(retries)]),
  ]
}

const each = (flag: string, values: readonly string[]): string[] => values.flatMap(value => [flag, value])

/** Words that make a container of a network a member, with its names and address there. */
export const networkWords = (network: ContainerWant['networks'][number], alias: string): string[] => [
  ...each(alias, network.aliases),
  ...(network.ipv4_address === undefined ? [] : ['--ip', network.ipv4_address]),
]

/** The words for `create`, without its name. Of a secret variable only the name: its value is in the command's own environment. */
export function createWords(want: ContainerWant): string[] {
  const one = (flag: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [flag, String(value)]
  const [first] = want.networks
  const [program, ...before] = want.entrypoint ?? []
  return [
    ...Object.entries(want.env).flatMap(([name, value]) => [
      '--env',
      value instanceof Secret ? name : `${name}=${value}`,
    ]),
    ...each('--publish', want.ports),
    ...each('--volume', want.volumes),
    ...each('--tmpfs', want.tmpfs),
    ...one('--network', want.network_mode ?? first?.name),
    ...(first === undefined ? [] : networkWords(first, '--network-alias')),
    ...one('--restart', want.restart_policy),
    ...one('--user', want.user),
    ...one('--workdir', want.working_dir),
    ...one('--hostname', want.hostname),
    ...one('--memory', want.memory),
    ...one('--cpus', want.cpus),
    ...one('--stop-timeout', want.stop_timeout),
    ...(want.read_only ? ['--read-only'] : []),
    ...(want.init ? ['--init'] : []),
    ...(want.privileged ? ['--privileged'] : []),
    ...each('--cap-add', want.cap_add),
    ...each('--cap-drop', want.cap_drop),
    ...each('--device', want.devices),
    ...Object.entries(want.extra_hosts).flatMap(([name, address]) => ['--add-host', `${name}:${address}`]),
    ...healthWords(want),
    ...pairs('--label', { ...want.labels, [specLabel]: JSON.stringify(specOf(want)) }),
    ...one('--entrypoint', program),
    want.image ?? '',
    ...before,
    ...(want.command ?? []),
  ]
}
