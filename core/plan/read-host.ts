// Asks a host: one exec with facts, state and every probe that can be asked, and a second one only for what depends on the first.
import { randomBytes } from 'node:crypto'
import type { Connection, ExecOptions } from '../connection.js'
import { likeError, UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import { factsProbe, readFacts } from '../facts.js'
import { type Answer, cannotBecome, joinPieces, type Piece, splitAnswers } from '../probe/join.js'
import type { Detection } from '../provider.js'
import type { Sh } from '../sh.js'
import { readState, stateProbe } from '../state.js'
import { type HostWork, instancesOf } from './host-work.js'
import { type Instance, type Result, titleOf } from './task-run.js'

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
})

const contentId = (instance: Instance): string => `${instance.id} (content)`

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

/** Takes a probe's answer into the instance: seen, changes, verb and, where nothing is to be done, its result. */
export function takeAnswer(instance: Instance, answer: Answer | undefined): void {
  if (answer?.code !== 0) throw faultOf(instance, answer)
  const { kind, host, task } = instance.run
  try {
    instance.seen = kind.read(answer.out, instance.want)
    instance.changes = kind.diff(instance.want, instance.seen)
    instance.verb = kind.verb(instance.want, instance.seen)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw likeError(error, { where: error.where ?? `${host}, ${titleOf(instance)}`, at: error.at ?? task.at })
  }
  instance.state = 'read'
  if (instance.changes.length === 0)
    instance.result = { changed: false, failed: false, skipped: false, ...outputs(instance.seen) }
  else delete instance.result
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
  instancesOf(work).filter(instance => instance.state === 'wanted' && !instance.run.handler)

const told = (answers: Map<string, Answer>, id: string, host: string): string => {
  const answer = answers.get(id)
  if (answer?.code !== 0)
    throw new UserError(`the host did not answer the question for its ${id}`, {
      where: host,
      output: cleanLine(answer?.err ?? ''),
    })
  return answer.out
}

/** Exec 1: facts, our state, the engine, and every probe whose text needs none of them. */
export async function firstRead(
  work: HostWork,
  project: string,
  detector: Detector,
  options: ExecOptions,
): Promise<void> {
  if (work.connection === undefined) throw new Error(`${work.host.name} is not connected`)
  const instances = askable(work)
  const pieces: Piece[] = [
    { id: 'facts', command: factsProbe },
    { id: 'state', command: stateProbe(project) },
    { id: 'engine', command: detector.probe },
    ...instances.map(probePiece),
  ]
  const answers = await ask(work.connection, pieces, options)
  work.facts = readFacts(told(answers, 'facts', work.host.name))
  work.state = readState(told(answers, 'state', work.host.name))
  work.detection = detector.read(told(answers, 'engine', work.host.name))
  for (const instance of instances) takeAnswer(instance, answers.get(instance.id))
}

/** Exec 2, only if needed: probes that waited for facts or a register, and the content of what differs. `resolve` resolves what can be by now. */
export async function secondRead(work: HostWork, resolve: () => Promise<void>, options: ExecOptions): Promise<void> {
  const asked = new Set<string>()
  for (;;) {
    await resolve()
    const probes = askable(work)
    const contents = instancesOf(work).filter(one => one.state === 'read' && !asked.has(one.id) && contentPiece(one))
    if (probes.length + contents.length === 0 || work.connection === undefined) return
    for (const instance of contents) asked.add(instance.id)
    const pieces = [...probes.map(probePiece), ...contents.flatMap(one => contentPiece(one) ?? [])]
    const answers = await ask(work.connection, pieces, options)
    for (const instance of probes) takeAnswer(instance, answers.get(instance.id))
    for (const instance of contents) takeContent(instance, answers.get(contentId(instance)))
  }
}
