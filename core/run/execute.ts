// Walks the graph of steps: each starts when all it waits for has ended; a failure skips only what depends on it.
import { unread } from '../plan/graph.js'
import type { StepResult } from '../provider.js'
import type { Gate, Step } from '../step.js'

/** How a step ended. `blocked`: something it depends on did not end well, named in `by`. */
export type StepEnd =
  | { state: 'done'; text?: string; ignored?: true }
  | { state: 'already'; text?: string; ignored?: true }
  | { state: 'failed'; error: unknown }
  | { state: 'blocked'; by: string }
  | { state: 'cancelled' }

export interface ExecuteOptions {
  signal: AbortSignal
  /** Hosts worked on at the same time. */
  forks: number
  /** Steps at the same time on one host. */
  perHost: number
  /** Hosts that are no part of the run because they could not be read: what depends on them (`unread`) is blocked. */
  broken: ReadonlySet<string>
  gates?: readonly Gate[]
  /** Asked when a step could start: how it ends without being performed; undefined when it is to be performed. */
  policy?(step: Step): StepEnd | undefined
  perform(step: Step): Promise<StepResult>
  started(step: Step): void
  ended(step: Step, end: StepEnd, ms: number): void
}

/** Something that starts when others have ended. */
type Node = { step: Step } | { gate: Gate }

const idOf = (node: Node): string => ('step' in node ? node.step.id : node.gate.id)

const edgesOf = (node: Node): string[] =>
  'step' in node ? [...node.step.after, ...(node.step.waits ?? [])] : node.gate.waits

/** The nodes by what they wait for. An id that nobody has is waited for by nobody. */
function createQueue(nodes: readonly Node[]) {
  const known = new Set(nodes.map(idOf))
  const open = new Map<Node, number>()
  const followers = new Map<string, Node[]>()
  const ready = new Set<Node>()
  for (const node of nodes) {
    const edges = new Set(edgesOf(node).filter(id => known.has(id)))
    open.set(node, edges.size)
    if (edges.size === 0) ready.add(node)
    for (const id of edges) {
      const list = followers.get(id)
      if (list) list.push(node)
      else followers.set(id, [node])
    }
  }
  return {
    /** What waits for nothing any more, in the order in which it became so. */
    ready,
    /** What still waits, or could start. */
    open,
    followersOf: (id: string): readonly Node[] => followers.get(id) ?? [],
    /** Takes a node out: it has started, or ended without. */
    take(node: Node): void {
      ready.delete(node)
      open.delete(node)
    },
    /** Tells that something has ended. */
    over(id: string): void {
      for (const node of followers.get(id) ?? []) {
        const left = open.get(node)
        if (left === undefined) continue
        open.set(node, left - 1)
        if (left === 1) ready.add(node)
      }
    },
  }
}

const isGood = (end: StepEnd): boolean => end.state === 'done' || end.state === 'already'

/**
 * Runs every step once, as parallel as its edges allow. Never throws for a step's failure: `ended` is told of each step's end.
 * After the signal no further step starts; those that run are waited for.
 */
export async function executeSteps(steps: readonly Step[], options: ExecuteOptions): Promise<Map<string, StepEnd>> {
  const ends = new Map<string, StepEnd>()
  for (const host of options.broken) ends.set(unread(host), { state: 'failed', error: undefined })
  const queue = createQueue([...steps.map(step => ({ step })), ...(options.gates ?? []).map(gate => ({ gate }))])
  const running = new Map<Step, Promise<void>>()
  const busy = new Map<string, number>()

  /** The first step that is to blame where one waits for another that was blocked itself. */
  const rootOf = (id: string): string => {
    const how = ends.get(id)
    return how?.state === 'blocked' ? how.by : id
  }

  const end = (step: Step, how: StepEnd, startedAt: number): void => {
    ends.set(step.id, how)
    options.ended(step, how, Math.round(performance.now() - startedAt))
    queue.over(step.id)
    if (isGood(how)) return
    // What must not start any more is not kept waiting for the rest of what it waits for.
    for (const node of queue.followersOf(step.id))
      if ('step' in node && queue.open.has(node) && node.step.after.includes(step.id)) queue.ready.add(node)
  }

  const start = (step: Step): void => {
    const startedAt = performance.now()
    busy.set(step.host, (busy.get(step.host) ?? 0) + 1)
    options.started(step)
    const work = options
      .perform(step)
      .then(
        result => end(step, { ...result }, startedAt),
        (error: unknown) =>
          end(step, options.signal.aborted ? { state: 'cancelled' } : { state: 'failed', error }, startedAt),
      )
      .finally(() => {
        running.delete(step)
        const left = (busy.get(step.host) ?? 1) - 1
        if (left === 0) busy.delete(step.host)
        else busy.set(step.host, left)
      })
    running.set(step, work)
  }

  const blocker = (step: Step): string | undefined =>
    step.after.find(id => {
      const before = ends.get(id)
      return before !== undefined && !isGood(before)
    })

  const hasRoom = ({ host }: Step): boolean =>
    (busy.get(host) ?? 0) < options.perHost && (busy.has(host) || busy.size < options.forks)

  /** Starts or ends one that is ready; false where it must wait for room. */
  const advance = (node: Node): boolean => {
    if ('gate' in node) {
      queue.take(node)
      queue.over(node.gate.id)
      return true
    }
    const { step } = node
    const by = blocker(step)
    const early: StepEnd | undefined = options.signal.aborted
      ? { state: 'cancelled' }
      : by !== undefined
        ? { state: 'blocked', by: rootOf(by) }
        : options.policy?.(step)
    if (early === undefined && !hasRoom(step)) return false
    queue.take(node)
    if (early) end(step, early, performance.now())
    else start(step)
    return true
  }

  while (queue.open.size > 0) {
    if (options.signal.aborted) for (const node of queue.open.keys()) queue.ready.add(node)
    let moved = false
    for (const node of queue.ready) moved = advance(node) || moved
    if (moved) continue
    if (running.size === 0)
      throw new Error(`these steps wait for each other: ${[...queue.open.keys()].map(idOf).join(', ')}`)
    await Promise.race(running.values())
  }
  await Promise.all(running.values())
  return ends
}
