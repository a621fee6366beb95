// Replaces includes and roles by the tasks they stand for, as soon as their names, conditions, loops and variables are known.
import { adopt, adoptHandlers, answersTo, isUse, nameOf, originInside } from '../config/index.js'
import { UserError, usageError } from '../errors.js'
import { evaluateCondition, expressionReferences, knownValue, references, renderValue } from '../language/index.js'
import type { Condition, Origin, Task, TaskSet } from '../playbook.js'
import type { Vars } from '../raw.js'
import { type HostWork, registerNames } from './host-work.js'
import { firstBlock, located, type Pass, passesOf } from './passes.js'
import { type ResolveContext, resolveRun } from './resolve.js'
import { checkHandlers, isOpen, putInOrder } from './role-handlers.js'
import type { Instance, TaskRun, Waits } from './task-run.js'

/** Includes inside of includes, at most: more go round and round. */
const deepest = 40

/** One pass of an include or a role, ready to be replaced by its tasks. */
interface Opened {
  set: TaskSet
  /** The include or role with its variables as they are in this pass. */
  use: Task
  origin: Origin
  /** Conditions that read a register: each task asks them again at its turn. */
  when: Condition[]
  /** Of the pass; unique in the host. */
  id: string
  /** Number of the pass, from 1. */
  pass: number
}

const isWaits = (value: object): value is Waits => 'for' in value

/** The uses around a run, the outermost first. */
function chainOf(run: TaskRun): TaskRun[] {
  const chain: TaskRun[] = []
  for (let one: TaskRun | undefined = run; one !== undefined; one = one.from) chain.unshift(one)
  return chain
}

function refuseDepth(run: TaskRun): void {
  const chain = chainOf(run)
  if (chain.length <= deepest) return
  const last = chain.slice(-4).map(({ task }) => task.name)
  throw usageError(`includes stand in one another more than ${deepest} deep: … → ${last.join(' → ')}`, {
    at: run.task.at,
  })
}

/** Entries of loops in force in a pass, by name: its own, and those of the uses around it. */
const entriesIn = ({ task }: TaskRun, { vars }: Pass): Vars => ({
  ...task.origin.entries,
  ...Object.fromEntries(Object.entries(vars).filter(([name, value]) => task.vars[name] !== value)),
})

const readsAny = (names: Iterable<string>, entries: Vars): boolean =>
  [...names].some(name => Object.hasOwn(entries, name))

/** Whether the conditions hold, and which of them must be asked again later; or what they wait for. */
function judgeWhen(
  run: TaskRun,
  pass: Pass,
  work: HostWork,
  resolver: ResolveContext,
): { holds: boolean; later: Condition[] } | Waits {
  const scope = resolver.scopeOf(run, pass.vars)
  const registers = registerNames(work, run)
  const later: Condition[] = []
  for (const condition of run.task.when) {
    const names = expressionReferences(condition.text, scope.vars)
    const waits = firstBlock(run, names, resolver)
    if (waits) return waits
    if (!evaluateCondition(condition.text, scope, condition.at)) return { holds: false, later }
    // The tasks may have loops of their own, whose entries go by the same name.
    if (!readsAny(names, entriesIn(run, pass)) && [...names].some(name => registers.has(name))) later.push(condition)
  }
  return { holds: true, later }
}

/** The use as it is in a pass: what reads the entry of a loop is rendered now, because tasks may have loops of their own. */
function useIn(run: TaskRun, pass: Pass, resolver: ResolveContext): Task | Waits {
  const { task } = run
  const entries = entriesIn(run, pass)
  const scope = resolver.scopeOf(run, pass.vars)
  const use: Task = { ...task, vars: { ...task.vars } }
  for (const [name, value] of Object.entries(task.vars)) {
    const names = references(value, scope.vars)
    if (!readsAny(names, entries)) continue
    const waits = firstBlock(run, names, resolver)
    if (waits) return waits
    use.vars[name] = knownValue(scope.names[name])
  }
  for (const word of ['delegate_to', 'environment'] as const) {
    const raw = task[word]
    const names = raw === undefined ? [] : references(raw.value, scope.vars)
    if (raw === undefined || !readsAny(names, entries)) continue
    const waits = firstBlock(run, names, resolver)
    if (waits) return waits
    use[word] = { ...raw, value: renderValue(raw.value, raw, scope) }
  }
  return use
}

/** The set that a pass names. */
async function setOf(run: TaskRun, pass: Pass, resolver: ResolveContext): Promise<TaskSet | Waits> {
  const { task, play } = run
  if (task.opens !== undefined) return task.opens
  const { text, at } = nameOf(task)
  const scope = resolver.scopeOf(run, pass.vars)
  const waits = firstBlock(run, references(text, scope.vars), resolver)
  if (waits) return waits
  const name = renderValue(text, { value: text, at, where: () => at }, scope)
  if (typeof name === 'string' && name !== '') return play.open(task, name)
  throw usageError(`the name of this ${task.kind} must be text`, { at })
}

/** What a use stands for, pass by pass, without those whose condition is false; or what it waits for. */
async function openUse(run: TaskRun, work: HostWork, resolver: ResolveContext): Promise<Opened[] | Waits> {
  refuseDepth(run)
  const passes = passesOf(run, resolver)
  if (!Array.isArray(passes)) return passes
  const opened: Opened[] = []
  for (const [index, pass] of passes.entries()) {
    const judged = judgeWhen(run, pass, work, resolver)
    if (isWaits(judged)) return judged
    if (!judged.holds) continue
    const set = await setOf(run, pass, resolver)
    if (isWaits(set)) return set
    const use = useIn(run, pass, resolver)
    if (!('kind' in use)) return use
    const origin = originInside(use, set, entriesIn(run, pass), pass.label)
    opened.push({ set, use, origin, when: judged.later, id: `${run.id} #${index + 1}`, pass: index + 1 })
  }
  return opened
}

/** The runs of a set's tasks. */
function runsInside(run: TaskRun, { set, use, origin, when, id, pass }: Opened): TaskRun[] {
  return set.tasks.flatMap(
    task => run.maker?.make(adopt(task, use, origin, { when, id }), false, { use: run, pass }) ?? [],
  )
}

/** Adds the handlers of a role that its play does not have yet, behind those that it has. */
function addHandlers(work: HostWork, run: TaskRun, { set, use, origin, pass }: Opened): void {
  const own = work.runs.filter(other => other.handler && other.play === run.play).map(({ task }) => task)
  if (own.some(task => task.origin.folder === set.path)) return
  const made = adoptHandlers(use, set, { ...origin, entries: {} }, answersTo(own)).flatMap(
    task => run.maker?.make(task, true, { use: run, pass }) ?? [],
  )
  const last = work.runs.findLastIndex(({ play }) => play === run.play)
  work.runs.splice(last + 1, 0, ...made)
  putInOrder(work, run.play)
}

const skipped = (run: TaskRun): Instance => ({
  id: run.id,
  run,
  vars: run.task.vars,
  state: 'skipped',
  changes: [],
  verb: '',
  result: { changed: false, failed: false, skipped: true },
})

/** Replaces one use by its runs, and gives them; undefined while it waits. A use with nothing to do stays, as skipped. */
async function replace(run: TaskRun, work: HostWork, resolver: ResolveContext): Promise<TaskRun[] | undefined> {
  const opened = await openUse(run, work, resolver).catch((error: unknown) => {
    throw located(error, run.task.at)
  })
  if (!Array.isArray(opened)) {
    run.waits = opened
    return undefined
  }
  delete run.waits
  const runs = opened.flatMap(one => runsInside(run, one))
  for (const one of opened) if (one.set.role) addHandlers(work, run, one)
  if (opened.length === 0) run.instances = [skipped(run)]
  else work.runs.splice(work.runs.indexOf(run), 1, ...runs)
  return runs
}

/**
 * Goes through a host's runs in order: replaces every include and role that can be known by its tasks, also inside of one another, and
 * resolves every task as far as it can be. A use that waits for a register stays as it is.
 */
export async function expandRuns(work: HostWork, resolver: ResolveContext): Promise<void> {
  for (let index = 0; index < work.runs.length; ) {
    const run = work.runs[index]
    if (run === undefined) break
    if (isUse(run.task)) {
      const isReplaced =
        isOpen(run) && (await replace(run, work, resolver)) !== undefined && run.instances === undefined
      // The first of its tasks stands at its place now, and may be a use itself.
      if (!isReplaced) index++
      continue
    }
    await resolveRun(run, resolver)
    index++
  }
  checkHandlers(work)
}

/**
 * Replaces one include or role at its turn in a run, and gives the runs of its tasks, in order; they stand in `work.runs` too. One among
 * them may be an include or a role again, to be opened at its own turn. [] where its condition is false. A UserError where something that
 * it needs was never registered.
 */
export async function expandRun(work: HostWork, run: TaskRun, resolver: ResolveContext): Promise<TaskRun[]> {
  const runs = await replace(run, work, resolver)
  if (runs !== undefined) {
    checkHandlers(work)
    return runs
  }
  const { waits } = run
  throw new UserError(
    `cannot run: ${waits?.for === 'register' ? `${waits.name} was never registered` : 'facts are missing'}`,
    {
      where: `${work.host.name}, ${run.task.name}`,
      at: run.task.at,
    },
  )
}
