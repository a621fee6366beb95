// One engine during a run: opened and observed for the plan, and looked at anew when the host has changed under it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../connection.js'
import { hasShell } from '../engine-alone/address.js'
import { UserError } from '../errors.js'
import type { LocalFiles } from '../files.js'
import type { HostWork } from '../plan/host-work.js'
import { ask } from '../plan/read-host.js'
import {
  type Absent,
  type AnyProvider,
  type ApplyContext,
  type Detection,
  type DiffOptions,
  type Engine,
  type EngineStep,
  type ImageSource,
  isAbsent,
  type Scope,
  type StepResult,
} from '../provider.js'
import type { ImageWant, Wanted } from '../wanted.js'
import { interruptible } from './interruptible.js'

/** What is decided for one engine. */
export interface EnginePlan {
  steps: EngineStep[]
  orphans: string[]
  unchanged: number
  warnings: string[]
}

/** One engine of the run: its provider, its scope, the host that we speak to it through. */
export interface EngineSide {
  provider: AnyProvider
  scope: Scope
  work: HostWork
  opened?: Engine | Absent
  wanted?: Wanted
  /** What was seen of it for the plan. */
  seen?: unknown
  /** Where images that it receives come from. */
  sources?: ReadonlyMap<string, ImageSource>
  /** Decides anew upon what was seen, when other engines are known. */
  again?: () => EnginePlan
  /** What was planned for it; the steps whose ids are in here are listed. */
  planned?: EnginePlan
  /** Set once it was looked at anew in this run: what is to be done by now. */
  renewed?: Promise<Map<string, EngineStep>>
  /** True once the host was booted anew in this run: its engine may still be on its way up. */
  starts?: boolean
  /** Steps that came up in the run and were not in the plan; they are not done. */
  unforeseen: EngineStep[]
  /** True when the plan was made before the host had its key. */
  keyless: boolean
  /** Opened anew in this run without a new look at it. */
  reopened?: Promise<Engine>
}

const connectionOf = (side: EngineSide): Connection => {
  if (side.work.connection === undefined) throw new Error(`${side.work.host.name} is not connected`)
  return side.work.connection
}

/** Folders of the host that images are imported from. */
const importFolders = (images: readonly ImageWant[]): string[] =>
  images.flatMap(image => (image.from === 'import' && image.where === 'host' ? [image.dir] : []))

/** Puts what the host told of its folders into what is wanted of the images made from them. */
export function noteFolders(images: readonly ImageWant[], detection: Detection | undefined): void {
  for (const image of images) {
    if (image.from !== 'import' || image.where !== 'host') continue
    const content = detection?.folders[image.dir]
    if (content === undefined) delete image.content
    else image.content = content
  }
}

/** Asks the host's shell how its engine stands, and what lies in the folders that images are imported from. */
async function detect(side: EngineSide, signal: AbortSignal): Promise<Detection> {
  const images = side.wanted?.images ?? []
  const command = side.provider.detect(side.work.host.engine, importFolders(images))
  const answers = await ask(connectionOf(side), [{ id: 'engine', command }], { signal })
  const detection = side.provider.readDetection(answers.get('engine')?.out ?? '')
  noteFolders(images, detection)
  return detection
}

/** Reads the engine and decides; `wanted` may be renewed before. */
export async function planEngine(
  side: EngineSide,
  files: LocalFiles,
  options: DiffOptions,
  signal: AbortSignal,
): Promise<EnginePlan> {
  if (side.opened === undefined || side.wanted === undefined) throw new Error(`${side.scope.name} was not opened`)
  const { wanted, provider, scope } = side
  const seen = await interruptible(provider.observe(side.opened, wanted, files, signal), signal)
  side.seen = seen
  side.again = () =>
    provider.diff(scope, wanted, seen, side.sources === undefined ? options : { ...options, sources: side.sources })
  return side.again()
}

/** Closes an engine, if it was opened. */
export const closeOpened = (opened: Engine | Absent | undefined): void => {
  if (opened && !isAbsent(opened)) opened.close()
}

/** True where the login user may use the socket by now, and could not when we came in. Root could at any time. */
const wasLetIn = ({ host, detection: before }: HostWork, now: Detection): boolean =>
  now.state === 'answers' && !now.rootOnly && (before?.state !== 'answers' || before.rootOnly) && host.user !== 'root'

/** Milliseconds that an engine has to come up after a boot, and between two looks at it. */
const boot = { patience: 120_000, pause: 1_000 }

/** Opens the engine anew; a group that the login user joined in this run takes effect on a new connection. */
async function reopen(side: EngineSide, signal: AbortSignal): Promise<Engine> {
  closeOpened(side.opened)
  const connection = connectionOf(side)
  let detection = await detect(side, signal)
  const end = performance.now() + (side.starts ? boot.patience : 0)
  while (detection.state === 'not-running' && performance.now() < end) {
    await sleep(boot.pause, undefined, { signal })
    detection = await detect(side, signal)
  }
  if (detection.state === 'denied' || wasLetIn(side.work, detection)) {
    await connection.renew()
    detection = await detect(side, signal)
  }
  const opened = await interruptible(
    side.provider.open(side.scope, connection, Promise.resolve(detection), signal),
    signal,
  )
  side.opened = opened
  if (isAbsent(opened))
    throw new UserError(`the ${side.provider.name} engine does not answer: ${opened.text}`, {
      where: side.scope.name,
      hint: opened.hint ?? `longshore sh ${side.work.host.name} -- systemctl status ${side.provider.name}`,
    })
  return opened
}

async function renew(side: EngineSide, files: LocalFiles, context: ApplyContext): Promise<Map<string, EngineStep>> {
  // Without a shell nothing of ours has touched the host: the way to its engine is what it was.
  if (hasShell(side.work.host)) await reopen(side, context.signal)
  const fresh = await planEngine(side, files, { prune: context.prune }, context.signal)
  const listed = new Map((side.planned?.steps ?? []).map(step => [step.id, step]))
  side.unforeseen = fresh.steps.filter(step => {
    const before = listed.get(step.id)
    return before === undefined || (step.loses !== undefined && before.loses === undefined)
  })
  return new Map(fresh.steps.map(step => [step.id, step]))
}

/** True when what the plan saw of this engine may not hold any more. */
const isStale = (side: EngineSide): boolean =>
  side.opened === undefined || isAbsent(side.opened) || side.work.dirty || side.keyless

/** The engine, opened; looked at anew once if the host's own steps may have changed it. */
export async function engineNow(side: EngineSide, context: ApplyContext): Promise<Engine> {
  if (side.renewed === undefined && isStale(side)) side.renewed = renew(side, context.files, context)
  await side.renewed
  if (side.opened === undefined || isAbsent(side.opened)) throw new Error(`${side.scope.name} was not opened`)
  return side.opened
}

/** The engine of a host for what it does as a member of several: without a look at it where nothing is wanted of it alone. */
export async function memberEngine(side: EngineSide, context: ApplyContext): Promise<Engine> {
  if (side.wanted !== undefined) return engineNow(side, context)
  const { opened } = side
  if (opened !== undefined && !isAbsent(opened) && !side.work.dirty) return opened
  side.reopened ??= reopen(side, context.signal)
  return side.reopened
}

/**
 * The engine of a host, for those elsewhere who wait for a container on it. It is not looked at anew for them: that has its time
 * among the host's own steps, and would take the engine out of the hands of others who wait.
 */
export async function engineFor(side: EngineSide, context: ApplyContext): Promise<Engine> {
  await side.renewed
  const { opened, wanted, provider, scope } = side
  if (opened !== undefined && !isAbsent(opened)) return opened
  if (wanted !== undefined) return engineNow(side, context)
  throw new UserError(`the ${provider.name} engine does not answer`, { where: scope.name, output: opened?.text })
}

/** Does a listed step of an engine with what is known by now, or finds that it is so already. */
export async function performEngineStep(
  side: EngineSide,
  step: EngineStep,
  context: ApplyContext,
): Promise<StepResult> {
  const engine = await engineNow(side, context)
  const fresh = side.renewed ? (await side.renewed).get(step.id) : step
  if (fresh === undefined || side.unforeseen.includes(fresh))
    return { state: 'already', ...(side.work.lastChange === undefined ? {} : { text: `by "${side.work.lastChange}"` }) }
  return side.provider.apply(engine, fresh, context)
}

/** Ends a step of a rollout that was left open. */
export async function concludeEngineStep(
  side: EngineSide,
  step: EngineStep,
  how: 'keep' | 'undo',
  context: ApplyContext,
): Promise<void> {
  const engine = await engineNow(side, context)
  const done = (await side.renewed)?.get(step.id) ?? step
  await side.provider.conclude?.(engine, done, how, context)
}

/** Closes what was opened. */
export const closeEngine = (side: EngineSide): void => closeOpened(side.opened)
