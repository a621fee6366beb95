// Reads a playbook file: a list of plays with their tasks and handlers.
import { dirname } from 'node:path'
import type { LocalFiles } from '../files.js'
import { suggestion } from '../language/suggest.js'
import type { Play, Task } from '../playbook.js'
import type { Raw } from '../raw.js'
import { check } from './check.js'
import { playSchema } from './playbook-schema.js'
import { collectProblems, type Problems } from './problems.js'
import { partOf } from './raw.js'
import { readSelector } from './selector.js'
import { checkSyntax, checkTemplates } from './syntax.js'
import { type ResourceKind, readTags, readTask } from './task.js'
import { unsupportedWord } from './unsupported.js'
import { readYaml } from './yaml.js'

/** What reading a playbook needs. */
export interface PlaybookContext {
  files: LocalFiles
  resourceKinds: readonly ResourceKind[]
}

function readTasks(
  raw: Raw,
  word: 'tasks' | 'handlers',
  folder: string,
  kinds: readonly ResourceKind[],
  problems: Problems,
): Task[] {
  const { value } = partOf(raw, [word])
  if (!Array.isArray(value)) return []
  return value.flatMap((_, index) => readTask(partOf(raw, [word, index]), kinds, folder, problems) ?? [])
}

/** A handler is found by its name: it must have one of its own, and every notify must find one. */
function checkHandlers(raw: Raw, play: Play, problems: Problems): void {
  const entries = partOf(raw, ['handlers']).value
  const names = new Set<string>()
  for (const [index, entry] of (Array.isArray(entries) ? entries : []).entries()) {
    const name: unknown = typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : undefined
    if (typeof name !== 'string') problems.add('a handler needs a name', raw.where(['handlers', index]))
    else if (names.has(name)) problems.add(`there are two handlers "${name}"`, raw.where(['handlers', index, 'name']))
    else names.add(name)
  }
  for (const task of [...play.tasks, ...play.handlers])
    for (const { name, at } of task.notify)
      if (!names.has(name))
        problems.add(`there is no handler "${name}" in this play${suggestion(name, names, 'handlers')}`, at)
}

function readPlay(raw: Raw, file: string, kinds: readonly ResourceKind[], problems: Problems): Play | undefined {
  const reword = ({ unknown, path }: { unknown?: string; path: unknown[] }): string | undefined => {
    if (unknown === undefined || path.length !== 1) return undefined
    return kinds.some(each => each.kind === unknown)
      ? `"${unknown}" is a task's word; put it under \`tasks:\``
      : unsupportedWord(unknown, 'play')
  }
  const entry = check(playSchema, raw, problems, { name: 'play', reword })
  if (entry === undefined) return undefined
  const play: Play = {
    name: entry.name ?? 'play',
    hosts: entry.hosts === undefined ? { text: 'all', at: raw.at } : readSelector(partOf(raw, ['hosts'])),
    become: entry.become ?? false,
    vars: entry.vars ?? {},
    tags: readTags(raw),
    tasks: readTasks(raw, 'tasks', dirname(file), kinds, problems),
    handlers: readTasks(raw, 'handlers', dirname(file), kinds, problems),
    serial: [],
    folder: dirname(file),
    home: dirname(file),
    at: raw.at,
  }
  checkHandlers(raw, play, problems)
  checkTemplates(partOf(raw, ['vars']), problems)
  for (const task of [...play.tasks, ...play.handlers]) checkSyntax(task, problems)
  return play
}

/** Reads a playbook's text; mistakes go to `problems`. `file` is its absolute path. */
export function readPlaybook(text: string, file: string, kinds: readonly ResourceKind[], problems: Problems): Play[] {
  const raw = problems.take(() => readYaml(text, file))
  if (raw === undefined || raw.value === null) return []
  if (!Array.isArray(raw.value)) {
    problems.add('a playbook is a list of plays (each starts with "- ")', raw.at)
    return []
  }
  return raw.value.flatMap((_, index) => readPlay(partOf(raw, [index]), file, kinds, problems) ?? [])
}

/** Reads a playbook file. Throws one usage error with all its mistakes. */
export async function loadPlaybook(file: string, context: PlaybookContext): Promise<Play[]> {
  const problems = collectProblems()
  const plays = readPlaybook(await context.files.text(file), file, context.resourceKinds, problems)
  problems.throwIfAny()
  return plays
}
