// Questions that several checks ask of an engine, and how a check says that it does not hold.

import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../core/errors.js'
import type { ContainerState } from '../../core/provider-abilities.js'
import type { Ran, Site } from './site.js'

/** What a check finds wrong with a provider. */
export class Broken extends Error {}

/** A check that cannot be made: why. */
export class Skipped extends Error {}

/** Fails the check unless it holds. */
export function must(holds: unknown, otherwise: string): asserts holds {
  if (!holds) throw new Broken(otherwise)
}

const textOf = (error: unknown): string =>
  error instanceof UserError ? `${error.message}${error.output ? `: ${error.output}` : ''}` : String(error)

/** Fails the check where a step has failed. */
export function allDone({ failures }: Ran): void {
  const [first] = failures
  if (first) throw new Broken(`${first[0]} failed: ${textOf(first[1])}`)
}

/** Verb and thing of each step. */
export const told = ({ steps }: Pick<Ran, 'steps'>): string[] => steps.map(({ verb, thing }) => `${verb} ${thing}`)

/** What steps call the containers of a service: each engine has its own, or all have the service. */
export const isOf = (site: Site, thing: string, service: string): boolean =>
  site.node === undefined
    ? thing.startsWith('container') && thing.includes(`-${service}-`)
    : thing === `service ${service}`

/** The container of a service, if there is one. */
export const find = async (site: Site, service: string): Promise<ContainerState | undefined> =>
  (await site.list(site.project)).find(one => one.service === service)

/** The container of a service. */
export async function need(site: Site, service: string): Promise<ContainerState> {
  const found = await find(site, service)
  must(found, `list does not tell of the container of ${service}`)
  return found
}

/** Waits until something holds; fails the check where it does not within some seconds. */
export async function until(holds: () => Promise<boolean>, otherwise: string, seconds = 15): Promise<void> {
  const end = performance.now() + seconds * 1_000
  while (!(await holds())) {
    must(performance.now() < end, otherwise)
    await sleep(250)
  }
}

/** The last lines that a container of a service printed. */
export async function printed(site: Site, service: string, tail = 20): Promise<string[]> {
  if (site.provider.logs === undefined) throw new Skipped('it has no `logs`')
  const container = await need(site, service)
  const lines: string[] = []
  const options = { follow: false, tail, signal: AbortSignal.timeout(20_000) }
  for await (const line of site.provider.logs(site.engineOf(container), container.id, options)) lines.push(line.text)
  return lines
}

/** Runs a command in the container of a service. */
export async function run(site: Site, service: string, argv: string[]): Promise<{ code: number; out: string }> {
  if (site.provider.exec === undefined) throw new Skipped('it has no `exec`')
  const container = await need(site, service)
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const out = text(stdout)
  stderr.resume()
  const request = { argv, tty: false, stdin: undefined, stdout, stderr }
  const code = await site.provider.exec(site.engineOf(container), container.id, request)
  stdout.end()
  return { code, out: (await out).trim() }
}

/** What the port of the host answers to an HTTP request; undefined where nobody takes it. */
export async function get({ connection, port }: Site): Promise<string | undefined> {
  if (connection.dialTcp === undefined) throw new Skipped('the way to the host opens no TCP connections')
  const signal = AbortSignal.timeout(5_000)
  const socket = await connection.dialTcp('127.0.0.1', port, { signal }).catch(() => undefined)
  socket?.on('error', () => undefined)
  socket?.write('GET / HTTP/1.0\r\n\r\n')
  return socket && text(socket).catch(() => undefined)
}
