// The task files and roles that a play names: found, and read once each.
import { basename, dirname, isAbsolute, join } from 'node:path'
import { type At, messageOf } from '../../errors.js'
import type { LocalFiles } from '../../files.js'
import type { Task, TaskSet } from '../../playbook.js'
import type { Raw, Vars } from '../../raw.js'
import { check } from '../check.js'
import type { Problems } from '../problems.js'
import { partOf } from '../raw.js'
import { varsSchema } from '../schema.js'
import { checkTemplates } from '../syntax.js'
import { readYaml } from '../yaml.js'
import { checkNames } from './handlers.js'
import type { ResourceKind } from './kind.js'
import { isPlain } from './parts.js'
import { readRoles } from './roles.js'
import { readTaskList } from './task-list.js'

/** Where a play's files are looked for, and what they may hold. */
export interface Shelf {
  files: LocalFiles
  kinds: readonly ResourceKind[]
  /** The playbook's folder. */
  folder: string
  /** The project's folder. */
  home: string
}

/** Finds and reads what includes and roles name. Gives nothing, with problems, for what is not there; a file with mistakes gives what could be read. */
export interface Library {
  read(use: Task, name: string, problems: Problems): Promise<TaskSet | undefined>
}

/** The place of the name in an include's or a role's YAML. */
export const nameOf = ({ kind, args }: Task): { text: string; at: At } => {
  const key = kind === 'role' ? 'name' : 'file'
  const part = isPlain(args.value) ? partOf(args, [key]) : args
  return { text: String(part.value), at: part.at }
}

/** Reads a YAML file; a missing one is the mistake of the place that names it. */
async function readFile(path: string, files: LocalFiles, at: At, problems: Problems): Promise<Raw | undefined> {
  try {
    const text = await files.text(path)
    return problems.take(() => readYaml(text, path))
  } catch (error) {
    problems.add(messageOf(error), at)
    return undefined
  }
}

/** Reads a file of variables: a map, each entry at its place. An empty file has none. */
export async function readVarsFile(path: string, files: LocalFiles, at: At, problems: Problems): Promise<Vars> {
  const raw = await readFile(path, files, at, problems)
  if (raw === undefined || raw.value === null) return {}
  if (!isPlain(raw.value)) {
    problems.add('a file of variables must be a map', raw.at)
    return {}
  }
  checkTemplates(raw, problems)
  return check(varsSchema, raw, problems, { name: 'vars' }) ?? {}
}

/** The first of the places where there is something. */
export async function findFirst(places: readonly string[], files: LocalFiles): Promise<string | undefined> {
  for (const place of places) if (await files.exists(place)) return place
  return undefined
}

const unique = (places: readonly string[]): string[] => [...new Set(places)]

/** Makes the library of a play. */
export function createLibrary({ files, kinds, folder, home }: Shelf): Library {
  const known = new Map<string, Promise<TaskSet>>()

  const readTasks = async (
    path: string,
    of: string,
    handlers: boolean,
    at: At,
    problems: Problems,
  ): Promise<Task[]> => {
    const raw = await readFile(path, files, at, problems)
    if (raw === undefined || raw.value === null) return []
    if (!Array.isArray(raw.value)) {
      problems.add('a file of tasks is a list of tasks (each starts with "- ")', raw.at)
      return []
    }
    if (handlers) checkNames(raw, problems)
    return readTaskList(raw, { kinds, folder: of, handlers, problems })
  }

  const readRole = async (path: string, name: string, at: At, problems: Problems): Promise<TaskSet> => {
    const main = (part: string): Promise<string | undefined> =>
      findFirst([join(path, part, 'main.yaml'), join(path, part, 'main.yml')], files)
    const tasksOf = async (part: 'tasks' | 'handlers'): Promise<Task[]> => {
      const file = await main(part)
      return file === undefined ? [] : readTasks(file, path, part === 'handlers', at, problems)
    }
    const varsOf = async (part: 'defaults' | 'vars'): Promise<Vars> => {
      const file = await main(part)
      return file === undefined ? {} : readVarsFile(file, files, at, problems)
    }
    const meta = await main('meta')
    const said = meta === undefined ? undefined : await readFile(meta, files, at, problems)
    // As Ansible does: the roles that this one depends on come before its own tasks.
    const needs = said === undefined ? [] : readRoles(partOf(said, ['dependencies']), path, problems)
    return {
      name,
      path,
      tasks: [...needs, ...(await tasksOf('tasks'))],
      role: { handlers: await tasksOf('handlers'), defaults: await varsOf('defaults'), vars: await varsOf('vars') },
    }
  }

  const placesOf = (use: Task, name: string): string[] => {
    if (isAbsolute(name)) return [name]
    const { origin } = use
    if (use.kind === 'include')
      return unique([dirname(use.at.file), origin.folder, folder, home].map(start => join(start, name)))
    const beside = origin.role === undefined ? [] : [dirname(origin.folder)]
    const roles = [join(folder, 'roles'), join(home, 'roles'), ...beside]
    return unique([...roles, ...(name.includes('/') ? [folder, home] : [])].map(start => join(start, name)))
  }

  return {
    async read(use, name, problems) {
      const { at } = nameOf(use)
      const places = placesOf(use, name)
      const path = await findFirst(places, files)
      if (path === undefined) {
        const what = use.kind === 'role' ? `no role "${name}"` : `no file ${name} to include`
        problems.add(`there is ${what}; looked for ${places.join(' and ')}`, at)
        return undefined
      }
      const isRole = use.kind === 'role'
      // What an included file ships lies where its includer's things lie.
      const key = isRole ? path : `${path}\n${use.origin.folder}`
      const made =
        known.get(key) ??
        (isRole
          ? readRole(path, basename(name), at, problems)
          : readTasks(path, use.origin.folder, false, at, problems).then(tasks => ({ name, path, tasks })))
      known.set(key, made)
      return made
    },
  }
}
