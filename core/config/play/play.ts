// One play of a playbook: its words, its tasks and handlers, and the roles and files that they lead to.
import { dirname, isAbsolute, join } from 'node:path'
import { type At, usageError } from '../../errors.js'
import type { LocalFiles } from '../../files.js'
import type { Play, Task, TaskSet } from '../../playbook.js'
import type { Raw, Vars } from '../../raw.js'
import { check } from '../check.js'
import { mergeMaps } from '../merge.js'
import { collectProblems, type Problems } from '../problems.js'
import { partOf } from '../raw.js'
import { readSelector } from '../selector.js'
import { checkTemplates } from '../syntax.js'
import { circleText, orderHandlers } from './handler-order.js'
import { answersTo, checkNames, checkNotify } from './handlers.js'
import { adopt, inherit, originInside } from './inherit.js'
import type { ResourceKind } from './kind.js'
import { createLibrary, findFirst, type Library, readVarsFile } from './library.js'
import { readTags, readTexts } from './parts.js'
import { peerAnswer } from './peer-answer.js'
import { readRoles } from './roles.js'
import { readTaskList } from './task-list.js'
import { followUses } from './uses.js'
import { playSchema } from './words.js'

/** What reading the plays of one file needs. */
export interface PlayReading {
  files: LocalFiles
  kinds: readonly ResourceKind[]
  /** The playbook's absolute path. */
  file: string
  /** The project's folder. */
  home: string
  problems: Problems
}

/** The paths of `vars_files` with the places that name them. */
async function findVarsFiles(
  raw: Raw,
  { file, home, files, problems }: PlayReading,
): Promise<{ path: string; at: At }[]> {
  const found: { path: string; at: At }[] = []
  for (const { text, at } of readTexts(raw, 'vars_files')) {
    const places = isAbsolute(text) ? [text] : [...new Set([dirname(file), home].map(start => join(start, text)))]
    const path = text.includes('{{') ? undefined : await findFirst(places, files)
    if (text.includes('{{')) problems.add('the name of a file of variables takes no templates', at)
    else if (path === undefined) problems.add(`there is no file ${text}; looked for ${places.join(' and ')}`, at)
    else found.push({ path, at })
  }
  return found
}

/** Opens what is named by a template, when its name is known. Its own literal uses are followed at once. */
const opener =
  (library: Library, handlers: readonly Task[]) =>
  async (task: Task, name: string): Promise<TaskSet> => {
    const problems = collectProblems()
    const set = await library.read(task, name, problems)
    if (set !== undefined) {
      const origin = originInside(task, set, {})
      const as = (inner: Task): Task => adopt(inner, task, origin, { when: [], id: '' })
      await followUses(set.tasks, library, answersTo(handlers), problems, as)
    }
    problems.throwIfAny()
    if (set === undefined) throw usageError(`${name} cannot be read`, { at: task.at })
    return set
  }

/** Why a play does not know a word. */
const answerTo =
  (kinds: readonly ResourceKind[]) =>
  ({ unknown, path }: { unknown?: string; path: unknown[] }): string | undefined => {
    if (unknown === undefined || path.length !== 1) return undefined
    return kinds.some(each => each.kind === unknown)
      ? `"${unknown}" is a task's word; put it under \`tasks:\``
      : peerAnswer(unknown, 'a play')
  }

/** Reads one play; undefined, with problems, where its words cannot be understood. */
export async function readPlay(raw: Raw, reading: PlayReading): Promise<Play | undefined> {
  const { file, home, files, kinds, problems } = reading
  const folder = dirname(file)
  const entry = check(playSchema, raw, problems, { name: 'play', reword: answerTo(kinds) })
  if (entry === undefined) return undefined
  const library = createLibrary({ files, kinds, folder, home })
  const around = {
    ...(entry.become_user === undefined ? {} : { become_user: entry.become_user }),
    ...(entry.environment === undefined ? {} : { environment: partOf(raw, ['environment']) }),
  }
  const read = (word: 'tasks' | 'handlers'): Task[] =>
    readTaskList(partOf(raw, [word]), { kinds, folder, handlers: word === 'handlers', problems }).map(task =>
      inherit(task, around),
    )
  const roles = readRoles(partOf(raw, ['roles']), folder, problems).map(task => inherit(task, around))
  const tasks = [...roles, ...read('tasks')]
  const own = read('handlers')
  const names = checkNames(partOf(raw, ['handlers']), problems)
  for (const word of ['vars', 'environment']) checkTemplates(partOf(raw, [word]), problems)
  const reached = await followUses(tasks, library, new Set([...names, ...answersTo(own)]), problems)
  // As Ansible does: the handlers of roles come first.
  const handlers = orderHandlers([...reached.handlers, ...own], (circle, at) => problems.add(circleText(circle), at))
  if (!reached.hasOpenNames)
    for (const notify of [reached.notify, ...own.map(handler => handler.notify)])
      checkNotify(notify, new Set([...names, ...answersTo(handlers)]), problems.add)
  const varsFiles = await findVarsFiles(raw, reading)
  const given: Vars[] = []
  for (const { path, at } of varsFiles) given.push(await readVarsFile(path, files, at, problems))
  const { serial, max_fail } = entry
  return {
    name: entry.name ?? 'play',
    hosts: entry.hosts === undefined ? { text: 'all', at: raw.at } : readSelector(partOf(raw, ['hosts'])),
    become: entry.become ?? false,
    vars: mergeMaps(entry.vars, ...given),
    varsFiles: varsFiles.map(({ path }) => path),
    tags: readTags(raw),
    tasks,
    handlers,
    serial: serial === undefined ? [] : [serial].flat(),
    ...(max_fail === undefined ? {} : { max_fail }),
    folder,
    home,
    open: opener(library, handlers),
    hasOpenNames: reached.hasOpenNames,
    at: raw.at,
  }
}
