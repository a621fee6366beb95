// Asks a host: one exec with facts, state and every probe that can be asked, and a second one only for what depends on the first.
import { randomBytes } from 'node:crypto'
import type { Connection, ExecOptions } from '../connection.js'
import { likeError, UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import { factsProbe, readFacts } from '../facts.js'
import { type Answer, cannotBecome, joinPieces, type Piece, splitAnswers, tookTooLong } from '../probe/join.js'
import type { Detection } from '../provider.js'
import type { Sh } from '../sh.js'
import { readState, stateProbe } from '../state.js'
import { type HostWork, instancesOf } from './host-work.js'
import { type Instance, isJudged, type Result, titleOf } from './task-run.js'

/** How the provider of a host's engine is asked for in the first exec. */
export interface Detector {
  probe: Sh
  read(out: string): Detection
}

/** A random frame for one exec's answers. */
export const newMarker = (): string => `longshore-${randomBytes(12).toString('hex')}`

/** Who runs a task: root or the named user with `become`, else the user we came in as. */
export const userOf = (instance: Instance): string => {
  const { task, play } = instance.run
  return (task.become ?? play.become) ? (task.become_user ?? 'root') : 'login'
}

/** The probe of an instance as a piece of a joined script. */
export const probePiece = (instance: Instance): Piece => ({
  id: instance.id,
  command: instance.run.kind.probe(instance.want),
  user: userOf(instance),
  ...(instance.run.task.timeout === undefined ? {} : { timeout: instance.run.task.timeout }),
})

/** No name of a host begins so, and no id of an instance. */
const contentId = (instance: Instance): string => `content of ${instance.id}`

/** The piece that reads what only a differing thing needs, if it needs any. */
const contentPiece = (instance: Instance): Piece | undefined => {
  const { kind, task } = instance.run
  if (instance.changes.length === 0 || task.no_log || !kind.content || !kind.withContent) return undefined
  const command = kind.content(instance.want, instance.seen)
  return command ? { id: contentId(instance), command, user: userOf(instance) } : undefined
}

const faultOf = (instance: Instance, answer: Answer | undefined): UserError => {
  const where = `${instance.run.host}, ${titleOf(instance)}`
  const { at } = instance.run.task
  if (answer === undefined) return new UserError('the host gave no answer to this probe', { where, at })
  if (answer.code === cannotBecome)
    return new UserError(`needs to run as ${userOf(instance)}, and the login user cannot become that`, {
      where,
      at,
      hint: `give hosts.${instance.run.host}.become, or connect as root; on this machine: run longshore by sudo`,
    })
  if (answer.code === tookTooLong && instance.run.task.timeout !== undefined)
    return new UserError(`did not end within ${instance.run.task.timeout} s`, { where, at, output: answer.err.trim() })
  const said = instance.run.task.no_log ? '(not shown: no_log)' : cleanLine(answer.err.trim() || answer.out.trim())
  return new UserError(`cannot tell how it stands: the probe ended with code ${answer.code}`, {
    where,
    at,
    output: said,
  })
}

const outputs = (seen: unknown): Partial<Result> => {
  if (typeof seen !== 'object' || seen === null || !('rc' in seen)) return {}
  const { rc, stdout, stderr } = seen as { rc: number; stdout: string; stderr: string }
  return { rc, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() }
}

/** What is known of something that is as wanted, or that only tells something. */
const unchangedResult = ({ run: { kind }, want, seen }: Instance): Result => ({
  ...kind.result?.(want, seen),
  changed: false,
  failed: false,
  skipped: false,
  ...outputs(seen),
})

/** Kinds that ask the host nothing: they only say or set something. */
export const isSpoken = ({ run: { kind } }: Instance): boolean => kind.message !== undefined || kind.gives !== undefined

/** Ends what asks the host nothing, as far as its values are known. */
export function settleSpoken(instance: Instance): void {
  instance.state = 'read'
  instance.changes = []
  instance.verb = instance.run.kind.verb(instance.want, undefined)
  instance.result = { changed: false, failed: false, skipped: false }
}

/** Takes a probe's answer into the instance: seen, changes, verb and, where nothing is to be done, its result. */
export function takeAnswer(instance: Instance, answer: Answer | undefined): void {
  const { kind, host, task } = instance.run
  delete instance.fault
  if (answer !== undefined && answer.code !== 0 && task.ignore_errors) {
    const { code: rc, out, err } = answer
    instance.state = 'read'
    instance.changes = []
    instance.result = { changed: false, failed: true, skipped: false, rc, stdout: out.trimEnd(), stderr: err.trimEnd() }
    return
  }
  if (answer?.code !== 0) throw faultOf(instance, answer)
  try {
    instance.seen = kind.read(answer.out, instance.want)
    instance.changes = kind.diff(instance.want, instance.seen)
    instance.verb = kind.verb(instance.want, instance.seen)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const at = error.path === undefined ? task.at : task.args.where(error.path)
    throw likeError(error, { where: error.where ?? `${host}, ${titleOf(instance)}`, at: error.at ?? at })
  }
  instance.state = 'read'
  if (instance.changes.length === 0) instance.result = unchangedResult(instance)
  else delete instance.result
}

/** True where a rescue would take its failure, or where it runs only after one: then it is not the host's trouble in a plan. */
const isCaught = ({ run: { task } }: Instance): boolean =>
  task.blocks.some(({ part, rescued }) => part === 'rescue' || (part === 'block' && rescued))

/** Keeps an error for the instance's turn, where its blocks take it; throws it elsewhere. */
export function keepFault(instance: Instance, error: unknown): void {
  if (!(error instanceof UserError) || !isCaught(instance)) throw error
  instance.fault = error
  instance.state = 'read'
  instance.changes = []
  delete instance.result
}

/** Takes an answer for the plan: a fault is the host's trouble, unless the instance's blocks take it. */
function takeForPlan(instance: Instance, answer: Answer | undefined): void {
  try {
    takeAnswer(instance, answer)
    if (isJudged(instance)) instance.unjudged = true
  } catch (error) {
    keepFault(instance, error)
  }
}

const takeContent = (instance: Instance, answer: Answer | undefined): void => {
  if (answer?.code !== 0) throw faultOf(instance, answer)
  const { kind } = instance.run
  instance.seen = kind.withContent?.(answer.out, instance.want, instance.seen) ?? instance.seen
  instance.changes = kind.diff(instance.want, instance.seen)
}

/** Runs joined pieces and gives their answers by id. */
export async function ask(
  connection: Connection,
  pieces: readonly Piece[],
  options: ExecOptions,
): Promise<Map<string, Answer>> {
  const marker = newMarker()
  const exit = await connection.exec({ sh: joinPieces(pieces, marker) }, { as: 'best', ...options })
  return splitAnswers(
    exit,
    pieces.map(piece => piece.id),
    marker,
  )
}

/** Instances that can be asked now. Handlers are never asked: what notified them decides. */
const askable = (work: HostWork): Instance[] =>
  instancesOf(work).filter(({ state, run }) => state === 'wanted' && !run.handler)

/** Settles what needs no question to the host (variables, messages). True when there was any: more may be known by it. */
export function settleAllSpoken(work: HostWork): boolean {
  const open = instancesOf(work).filter(one => one.state === 'wanted' && isSpoken(one))
  open.forEach(settleSpoken)
  return open.length > 0
}

const told = (answers: Map<string, Answer>, id: string, host: string): string => {
  const answer = answers.get(id)
  if (answer?.code !== 0)
    throw new UserError(`the host did not answer the question for its ${id}`, {
      where: host,
      output: cleanLine(answer?.err ?? ''),
    })
  return answer.out
}

/** Exec 1: facts, our state, the engine (where the host may have one), and every probe whose text needs none of them. */
export async function firstRead(
  work: HostWork,
  project: string,
  detector: Detector | undefined,
  options: ExecOptions,
): Promise<void> {
  if (work.connection === undefined) throw new Error(`${work.host.name} is not connected`)
  const instances = askable(work).filter(({ delegate }) => delegate === undefined)
  const pieces: Piece[] = [
    { id: 'facts', command: factsProbe },
    { id: 'state', command: stateProbe(project) },
    ...(detector ? [{ id: 'engine', command: detector.probe }] : []),
    ...instances.map(probePiece),
  ]
  const answers = await ask(work.connection, pieces, options)
  work.facts = readFacts(told(answers, 'facts', work.host.name))
  work.state = readState(told(answers, 'state', work.host.name))
  if (detector) work.detection = detector.read(told(answers, 'engine', work.host.name))
  for (const instance of instances) takeForPlan(instance, answers.get(instance.id))
}

/** Exec 2, only if needed: probes that waited for facts or a register, and the content of what differs. */
export async function secondRead(
  work: HostWork,
  {
    resolve,
    placeOf,
    signal,
  }: {
    /** Resolves what can be by now. */
    resolve(): Promise<void>
    /** The way to the host that an instance is done on. */
    placeOf(instance: Instance): Connection
    signal: AbortSignal
  },
): Promise<void> {
  const asked = new Set<string>()
  for (;;) {
    await resolve()
    const probes = askable(work)
    const contents = instancesOf(work).filter(one => one.state === 'read' && !asked.has(one.id) && contentPiece(one))
    if (probes.length + contents.length === 0) return
    for (const instance of contents) asked.add(instance.id)
    const pieces = new Map<Connection, Piece[]>()
    const add = (instance: Instance, piece: Piece): void => {
      const place = placeOf(instance)
      pieces.set(place, [...(pieces.get(place) ?? []), piece])
    }
    for (const instance of probes) add(instance, probePiece(instance))
    for (const instance of contents) add(instance, contentPiece(instance) ?? probePiece(instance))
    const told = await Promise.all([...pieces].map(([place, some]) => ask(place, some, { signal })))
    const answers = new Map(told.flatMap(some => [...some]))
    for (const instance of probes) takeForPlan(instance, answers.get(instance.id))
    for (const instance of contents) takeContent(instance, answers.get(contentId(instance)))
  }
}
