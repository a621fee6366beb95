// One authenticated connection to an address, through whatever jump hosts it takes; bastions are shared.
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { unreachableError, usageError } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import type { ConnectOptions } from '../options.js'
import { createSemaphore, type Semaphore } from '../semaphore.js'
import { type Login, prepareLogin } from './auth.js'
import { openClient, type SshClient } from './client.js'
import { createConfigReader } from './config.js'
import { connectError, isDropped, placeOf } from './errors.js'
import { changedError, createKeyQuestion, hostKeysOf, type KeyProblem } from './host-key.js'
import { createKeyReader } from './keys.js'
import { readKnownKeys } from './known-hosts.js'
import { parseDestination, type Reach, resolveTarget, type Target } from './target.js'

/** An open connection. `close` ends it, and lets go of the bastions it came through. */
export interface Link {
  client: SshClient
  user: string
  close(): void
}

export type OpenLink = (reach: Reach, signal?: AbortSignal) => Promise<Link>

/** sshd starts to drop logins at ten at a time (MaxStartups 10:30:100); others may come too. */
const loginsAtATime = 5
const attempts = 5
const defaultTimeoutMs = 15_000
/** A host may take its time to refuse a password (PAM). */
const loginTimeoutMs = 30_000

/** A jump host with those who use it. */
interface Bastion {
  link: Promise<Link>
  users: number
}

/** Makes the function that opens links; keys, configuration, bastions and questions are shared between all that it opens. */
export function createLinks(options: ConnectOptions): OpenLink {
  const readKey = createKeyReader()
  const settings = createConfigReader(options.home, options.env)
  const ask = createKeyQuestion(options)
  const bastions = new Map<string, Bastion>()
  const gates = new Map<string, Semaphore>()

  const gateOf = (target: Target): Semaphore => {
    const place = `${target.jump ?? ''} ${placeOf(target)}`
    const gate = gates.get(place) ?? createSemaphore(loginsAtATime)
    gates.set(place, gate)
    return gate
  }

  async function open(reach: Reach, signal: AbortSignal | undefined, path: readonly string[]): Promise<Link> {
    if (path.includes(reach.name))
      throw usageError(`the jumps lead in a circle: ${[...path, reach.name].join(' → ')}`, { where: reach.name })
    const target = await resolveTarget(reach, { ...options, settings })
    const free = await gateOf(target).acquire(signal)
    try {
      return await openTarget(target, signal, [...path, reach.name])
    } finally {
      free()
    }
  }

  async function openTarget(target: Target, signal: AbortSignal | undefined, path: readonly string[]): Promise<Link> {
    const via = target.jump === undefined ? undefined : await openBastion(target.jump, signal, path)
    try {
      const client = await openKnown(target, signal, via)
      // The bastion is let go as soon as nobody comes through it any more.
      client.once('close', () => via?.leave())
      return { client, user: target.user, close: () => hangUp(client) }
    } catch (error) {
      via?.leave()
      throw error
    }
  }

  /** Connects; an unknown host key is asked about without a connection waiting for the answer, then it connects again. */
  async function openKnown(target: Target, signal: AbortSignal | undefined, via: Via | undefined): Promise<SshClient> {
    for (;;) {
      let problem: KeyProblem | undefined
      const keys = await hostKeysOf(target)
      const login = await prepareLogin(target, readKey)
      try {
        return await retryDropped(target, signal, async () =>
          openClient({
            ...target,
            ...(via === undefined ? {} : { sock: await via.forward(target) }),
            hostKeyTypes: keys.types,
            verifyHostKey(key) {
              problem = keys.check(key)
              return problem === undefined
            },
            nextAuth: login.next,
            connectTimeoutMs: options.connectTimeoutMs ?? defaultTimeoutMs,
            loginTimeoutMs,
            ...(signal === undefined ? {} : { signal }),
          }),
        )
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        // Set in a callback, which the compiler does not see.
        const found = problem as KeyProblem | undefined
        if (found === undefined) throw await explain(target, login, error, via)
        if (found.kind === 'refused') throw found.error
        await ask(target, found)
      }
    }
  }

  async function explain(target: Target, login: Login, error: unknown, via: Via | undefined): Promise<unknown> {
    if (error instanceof Error && /no matching host key/i.test(error.message)) {
      const [known] = (await readKnownKeys(target.knownName, target.knownHostsFiles)).filter(
        line => line.marker === 'none',
      )
      if (known !== undefined) return changedError(target, undefined, known)
    }
    return connectError(target, login, error, via?.name)
  }

  async function retryDropped<T>(
    target: Target,
    signal: AbortSignal | undefined,
    connect: () => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await connect()
      } catch (error) {
        if (attempt === attempts || signal?.aborted || !isDropped(error)) throw error
        options.emit?.({ type: 'note', host: target.reach.name, text: `${placeOf(target)} is busy, trying again` })
        await sleep(attempt * (150 + Math.random() * 250), undefined, signal === undefined ? {} : { signal })
      }
    }
  }

  /** One jump of a list "first,second": the last one is reached through those before it. */
  async function openBastion(jump: string, signal: AbortSignal | undefined, path: readonly string[]): Promise<Via> {
    const stops = jump.split(',').map(stop => stop.trim())
    const name = stops.pop() ?? jump
    const named: Host | undefined = options.hosts.find(host => host.name === name)
    if (named?.connection === 'local')
      throw usageError(`${path.at(-1)} cannot jump through ${name}, which is this machine`, { where: name })
    const reach: Reach = {
      ...(named ?? parseDestination(name)),
      ...(stops.length > 0 ? { jump: stops.join(',') } : {}),
    }
    const key = [...stops, name].join(',')
    let bastion = bastions.get(key)
    if (bastion === undefined) {
      const opening = open(reach, signal, path)
      const fresh: Bastion = { link: opening, users: 0 }
      bastion = fresh
      bastions.set(key, fresh)
      const forget = (): void => {
        if (bastions.get(key) === fresh) bastions.delete(key)
      }
      opening.then(link => link.client.once('close', forget), forget)
    }
    const mine = bastion
    mine.users += 1
    const leave = onceOnly(() => {
      mine.users -= 1
      if (mine.users > 0) return
      if (bastions.get(key) === mine) bastions.delete(key)
      mine.link.then(
        link => link.close(),
        () => undefined,
      )
    })
    try {
      const { client } = await mine.link
      return { name, leave, forward: target => forwardThrough(client, name, target) }
    } catch (error) {
      leave()
      throw error
    }
  }

  return (reach, signal) => open(reach, signal, [])
}

/** A way through a bastion. */
interface Via {
  name: string
  forward(target: Target): Promise<Duplex>
  leave(): void
}

/** Says goodbye; a host that no longer listens does not keep us. */
function hangUp(client: SshClient): void {
  client.end()
  setTimeout(() => client.destroy(), 1_000).unref()
}

const onceOnly = (act: () => void): (() => void) => {
  let done = false
  return () => {
    if (!done) act()
    done = true
  }
}

function forwardThrough(client: SshClient, name: string, target: Target): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void =>
      reject(
        unreachableError(target.reach.name, `${name} cannot reach ${placeOf(target)}: ${error.message}`, {
          hint: `is the host up, and does ${name} allow forwarding (AllowTcpForwarding)?`,
          cause: error,
        }),
      )
    try {
      client.forwardOut('127.0.0.1', 0, target.hostname, target.port, (error, stream) => {
        if (error) refuse(error)
        else resolve(stream)
      })
    } catch (error) {
      // ssh2 throws when the connection is already gone.
      refuse(error as Error)
    }
  })
}
