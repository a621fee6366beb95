// Gives a task its values: expands its loop, asks its condition, renders its arguments, as far as facts and registers are known.
import { checkValue, mergeMaps } from '../config/index.js'
import { type At, likeError, UserError, usageError } from '../errors.js'
import type { LocalFiles } from '../files.js'
import {
  evaluate,
  evaluateCondition,
  expressionReferences,
  references,
  renderText,
  renderValue,
  type Scope,
} from '../language/index.js'
import type { LoadContext } from '../resource.js'
import type { Instance, TaskRun, Waits } from './task-run.js'

/** What resolving needs besides the task: the scope of its variables, and which names are not known yet. */
export interface ResolveContext {
  files: LocalFiles
  /** Variables in force for one task and one pass of its loop. */
  scopeOf(run: TaskRun, vars: Record<string, unknown>): Scope
  /** Why a task cannot read a name yet; undefined when it can. */
  blocked(run: TaskRun, name: string): Waits | undefined
}

const firstBlock = (run: TaskRun, names: Iterable<string>, context: ResolveContext): Waits | undefined => {
  for (const name of names) {
    const waits = context.blocked(run, name)
    if (waits) return waits
  }
  return undefined
}

const loopItems = (run: TaskRun, scope: Scope): unknown[] => {
  const { loop, name } = run.task
  if (loop === undefined) return [undefined]
  const given = isExpression(loop.value) ? evaluate(loop.value, scope, loop.at) : undefined
  const items = given ?? renderValue(loop.value, loop, scope)
  if (!Array.isArray(items))
    throw usageError(`the loop of "${name}" must give a list`, {
      at: loop.at,
      hint: 'write a list, or an expression that gives one',
    })
  return items
}

const isExpression = (loop: unknown): loop is string => typeof loop === 'string' && !loop.includes('{{')

const loopNames = ({ task: { loop } }: TaskRun, scope: Scope): Iterable<string> => {
  if (loop === undefined) return []
  return isExpression(loop.value) ? expressionReferences(loop.value, scope.vars) : references(loop.value, scope.vars)
}

/** Expands a task's loop when it can be known; afterwards `run.instances` is set, or `run.waits` says why not. */
function expandLoop(run: TaskRun, context: ResolveContext): void {
  if (run.instances !== undefined) return
  const { task } = run
  const scope = context.scopeOf(run, task.vars)
  const waits = firstBlock(run, loopNames(run, scope), context)
  if (waits) {
    run.waits = waits
    return
  }
  delete run.waits
  run.instances = loopItems(run, scope).map((item, index): Instance => {
    const vars = task.loop === undefined ? task.vars : { ...task.vars, item }
    return {
      id: task.loop === undefined ? run.id : `${run.id} #${index + 1}`,
      run,
      vars,
      state: 'waiting',
      changes: [],
      verb: '',
    }
  })
}

/** Everything of an instance that is rendered or evaluated before it runs. */
const namesIn = (instance: Instance, scope: Scope): Set<string> => {
  const { task } = instance.run
  const names = new Set(references(task.args.value, scope.vars))
  if (task.environment) for (const name of references(task.environment.value, scope.vars)) names.add(name)
  return names
}

const findSource =
  (run: TaskRun, files: LocalFiles, at: At): LoadContext['find'] =>
  async (src, folder) => {
    const { join, isAbsolute } = await import('node:path')
    if (isAbsolute(src)) return src
    const places = [join(run.task.origin.folder, src), join(run.task.origin.folder, folder, src)]
    for (const place of places) if (await files.exists(place)) return place
    throw usageError(`${src} is not there`, { at, hint: `looked for ${places.join(' and ')}` })
  }

/** The same error with the task's place, when it has none of its own. */
const located = (error: unknown, at: At): unknown =>
  error instanceof UserError && error.at === undefined ? likeError(error, { at }) : error

/** The task's arguments, rendered and checked; a task-wide environment stands under the task's own entries. */
function argumentsOf(instance: Instance, scope: Scope): unknown {
  const { task, kind } = instance.run
  const rendered = renderValue(task.args.value, task.args, scope)
  const shared =
    task.environment === undefined ? undefined : renderValue(task.environment.value, task.environment, scope)
  const value =
    isMap(shared) && isMap(rendered)
      ? { ...rendered, environment: mergeMaps(shared, isMap(rendered.environment) ? rendered.environment : {}) }
      : rendered
  return checkValue(kind.schema, { ...task.args, value }, kind.kind)
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
  const args = argumentsOf(instance, scope)
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
