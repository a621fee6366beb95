// Logs of many containers as they come: those that stop and start again, and those that take another's place, are followed on.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerEvent, LogLine, LogOptions } from '../../core/provider-abilities.js'
import type { Engines, Placed } from '../engines.js'
import { able } from './choose.js'
import type { Origin } from './log-lines.js'

/** How long nobody may run before it is over: one that takes another's place may come a moment after that has gone. */
const graceMs = 3000

/** One container while it is followed. */
interface Watched {
  /** The newest time that is known of it. */
  last: string
  isOpen: boolean
  /** It was started again while what it printed before was still being read. */
  startedAgain: boolean
}

export interface FollowOptions {
  project: string
  options: LogOptions
  /** True for a container that is meant, of those that start later. */
  meant(event: ContainerEvent): boolean
  show(origin: Origin, line: LogLine): Promise<void> | undefined
  /** Is told what went wrong with one container; the others go on. */
  tell(error: unknown): void
}

const oneNanosecondLater = (time: string): string => {
  const next = String(Number(time.slice(20, 29)) + 1).padStart(9, '0')
  return next.length > 9 ? time : `${time.slice(0, 20)}${next}Z`
}

/** Follows the containers until the signal is given, or until none of them has run for a moment. */
export async function followLogs(engines: Engines, placed: readonly Placed[], follow: FollowOptions): Promise<void> {
  const { project, options, meant, show, tell } = follow
  const over = new AbortController()
  const signal = AbortSignal.any([options.signal, over.signal])
  const watched = new Map<string, Watched>()
  const running = new Set<Promise<void>>()

  const read = async (one: Placed, own: Watched, asked: LogOptions): Promise<void> => {
    const logs = able(one, one.on.provider.logs, 'read logs')
    for await (const line of logs(one.on.engine, one.container.id, asked)) {
      own.last = line.time
      await show(one.container, line)
    }
  }
  const start = (one: Placed, asked: LogOptions, own: Watched): void => {
    watched.set(one.container.id, own)
    own.isOpen = true
    own.startedAgain = false
    const work = read(one, own, asked)
      .catch((error: unknown) => {
        if (!signal.aborted) tell(error)
      })
      .then(async () => {
        own.isOpen = false
        running.delete(work)
        if (own.startedAgain && !signal.aborted) resume(one, own)
        else if (running.size === 0) await endSoon()
      })
    running.add(work)
  }
  const resume = (one: Placed, own: Watched): void => {
    const { since: _since, ...rest } = options
    const since = own.last === '' ? {} : { since: oneNanosecondLater(own.last) }
    start(one, { ...rest, tail: 'all', ...since, signal }, own)
  }
  const endSoon = async (): Promise<void> => {
    await sleep(graceMs, undefined, { signal }).catch(() => undefined)
    if (running.size === 0) over.abort()
  }

  const watch = async (on: Placed['on']): Promise<void> => {
    const events = on.provider.events?.(on.engine, project, { signal })
    if (!events) return
    for await (const event of events) {
      const own = watched.get(event.id)
      // Nothing that it printed is older than its last end that we know of.
      if (event.action === 'die' && own && own.last === '') own.last = event.time
      if (event.action !== 'start' || !(own || meant(event))) continue
      const { host, service, number, container: name, id, image } = event
      const container = {
        host,
        service,
        number,
        name,
        id,
        image,
        state: 'running',
        status: '',
        ports: [],
        orphan: false,
      }
      if (own?.isOpen) own.startedAgain = true
      else resume({ on, container }, own ?? { last: '', isOpen: false, startedAgain: false })
    }
  }

  const watching = engines.open.map(on =>
    watch(on).catch((error: unknown) => {
      if (!signal.aborted) tell(error)
    }),
  )
  for (const one of placed) start(one, { ...options, signal }, { last: '', isOpen: false, startedAgain: false })
  if (placed.length === 0) void endSoon()
  await new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.allSettled([...watching, ...running])
}
