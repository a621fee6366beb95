// Gives a task its values: expands its loop, asks its condition, renders its arguments, as far as facts and registers are known.

import type { Issuer } from '../certificates.js'
import { checkValue, isController, mergeMaps, takesEnvironment } from '../config/index.js'
import { type At, usageError } from '../errors.js'
import { cleanLine } from '../events.js'
import type { LocalFiles } from '../files.js'
import {
  evaluateCondition,
  expressionReferences,
  references,
  renderText,
  renderValue,
  type Scope,
  suggestion,
} from '../language/index.js'
import type { Task } from '../playbook.js'
import type { LoadContext } from '../resource.js'
import { firstBlock, type Known, located, passesOf } from './passes.js'
import type { Instance, TaskRun, Waits } from './task-run.js'

/** What resolving needs besides the task: the scope of its variables, and which names are not known yet. */
export interface ResolveContext extends Known {
  files: LocalFiles
  issuer?: Issuer | undefined
  /** True for a task that is done on another host for all of the play: it has no instances of its own. */
  isElsewhere?(run: TaskRun): boolean
}

/** Expands a task's loop when it can be known; afterwards `run.instances` is set, or `run.waits` says why not. */
function expandLoop(run: TaskRun, context: ResolveContext): void {
  if (run.instances !== undefined) return
  const passes = passesOf(run, context)
  if (!Array.isArray(passes)) {
    run.waits = passes
    return
  }
  delete run.waits
  run.instances = passes.map((pass, index): Instance => {
    const id = run.task.loop === undefined ? run.id : `${run.id} #${index + 1}`
    return { ...pass, id, run, state: 'waiting', changes: [], verb: '' }
  })
}

/** Everything of an instance that is rendered or evaluated before it runs. */
const namesIn = (instance: Instance, scope: Scope): Set<string> => {
  const { task, kind } = instance.run
  const names = new Set(references(task.args.value, scope.vars))
  for (const raw of [takesEnvironment(kind) ? task.environment : undefined, task.delegate_to])
    if (raw) for (const name of references(raw.value, scope.vars)) names.add(name)
  return names
}

/** Where `src` is looked for: in the role's folder, then in the playbook's, then in the project's. */
const findSource =
  ({ task, play }: TaskRun, files: LocalFiles, at: At): LoadContext['find'] =>
  async (src, folder) => {
    const { join, isAbsolute } = await import('node:path')
    if (isAbsolute(src)) return src
    const starts = [...new Set([task.origin.folder, play.folder, play.home])]
    const places = starts.flatMap(start => [join(start, src), join(start, folder, src)])
    for (const place of places) if (await files.exists(place)) return place
    throw usageError(`${src} is not there`, { at, hint: `looked for ${places.join(' and ')}` })
  }

export { isController }

/** The host that an instance is done on instead; a usage error when the project has none of that name. */
function delegateOf({ delegate_to: raw }: Task, scope: Scope): string | undefined {
  if (raw === undefined) return undefined
  const name = String(renderValue(raw.value, raw, scope))
  const known = Object.keys(scope.names.hosts ?? {})
  // This machine has a host of its own, whichever name that has.
  if (known.includes(name) || isController(name)) return name
  throw usageError(`there is no host "${name}" to delegate to${suggestion(name, known)}`, { at: raw.at })
}

/** The task's arguments, rendered and checked; the environment around it stands under its own entries, where its kind takes one. */
function argumentsOf(instance: Instance, scope: Scope): unknown {
  const { task, kind } = instance.run
  const { environment } = task
  const rendered = renderValue(task.args.value, task.args, scope, { engineTemplates: kind.engineTemplates ?? false })
  const checked = (value: unknown): unknown => checkValue(kind.schema, { ...task.args, value }, kind.kind)
  if (environment === undefined || !takesEnvironment(kind)) return checked(rendered)
  const shared = renderValue(environment.value, environment, scope)
  // A short form becomes the map that it stands for.
  const own = isMap(rendered) ? rendered : checked(rendered)
  if (!isMap(shared) || !isMap(own)) return checked(rendered)
  return checked({ ...own, environment: mergeMaps(shared, isMap(own.environment) ? own.environment : {}) })
}

/** The task's name with its templates rendered, as far as it has any that can be: a name is no reason to fail. */
function titleIn({ name, no_log }: Task, scope: Scope, isBlocked: (name: string) => boolean): string {
  if (no_log || !name.includes('{{') || [...references(name, scope.vars)].some(isBlocked)) return name
  try {
    const { text, secret } = renderText(name, { scope })
    return secret ? name : cleanLine(text)
  } catch {
    return name
  }
}

async function resolveInstance(instance: Instance, context: ResolveContext): Promise<void> {
  const { run } = instance
  const { task } = run
  const scope = context.scopeOf(run, instance.vars)
  const wait = (waits: Waits): void => {
    instance.waits = waits
    instance.state = 'waiting'
  }
  const reads = namesIn(instance, scope)
  instance.reads = reads
  for (const condition of task.when) {
    const names = expressionReferences(condition.text, scope.vars)
    const waits = firstBlock(run, names, context)
    for (const name of names) reads.add(name)
    if (waits) return wait(waits)
    if (!evaluateCondition(condition.text, scope, condition.at)) {
      instance.state = 'skipped'
      instance.result = { changed: false, failed: false, skipped: true }
      return
    }
  }
  const waits = firstBlock(run, reads, context)
  if (waits) return wait(waits)
  const delegate = delegateOf(task, scope)
  if (delegate === undefined) delete instance.delegate
  else instance.delegate = delegate
  const args = argumentsOf(instance, scope)
  instance.title = titleIn(task, scope, name => context.blocked(run, name) !== undefined)
  // What a template file reads is known only when it is there to be rendered.
  let unready: Waits | undefined
  const load: LoadContext = {
    files: context.files,
    find: findSource(run, context.files, task.args.at),
    render(text, file) {
      const names = references(text, scope.vars)
      for (const name of names) reads.add(name)
      unready ??= firstBlock(run, names, context)
      return unready ? { text: '', secret: false } : renderText(text, { file, scope })
    },
    ...(context.issuer === undefined ? {} : { issuer: context.issuer }),
    holds(condition) {
      const names = expressionReferences(condition, scope.vars)
      for (const name of names) reads.add(name)
      unready ??= firstBlock(run, names, context)
      return unready ? false : evaluateCondition(condition, scope, task.args.at)
    },
  }
  try {
    const want = run.kind.load ? await run.kind.load(args, load) : args
    if (unready) return wait(unready)
    instance.want = want
  } catch (error) {
    throw located(error, task.at)
  }
  delete instance.waits
  instance.state = 'wanted'
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Resolves what can be resolved of one task. Instances that are already wanted, read or skipped stay as they are. */
export async function resolveRun(run: TaskRun, context: ResolveContext): Promise<void> {
  if (context.isElsewhere?.(run)) return
  expandLoop(run, context)
  for (const instance of run.instances ?? []) if (instance.state === 'waiting') await resolveInstance(instance, context)
}

/** Resolves an instance anew, after the host has changed, if it reads a register: what was registered may have changed too. Gives its state. */
export async function resolveAgain(
  instance: Instance,
  registers: ReadonlySet<string>,
  context: ResolveContext,
): Promise<Instance['state']> {
  if (![...(instance.reads ?? [])].some(name => registers.has(name))) return instance.state
  instance.state = 'waiting'
  await resolveInstance(instance, context)
  return instance.state
}
