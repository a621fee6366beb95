// Where the variables of a host are defined: every place in the file and in the playbooks that run on it, the weakest first.
import { join } from 'node:path'
import { readYaml, selectHosts } from '../../core/config/index.js'
import type { At } from '../../core/errors.js'
import type { LocalFiles } from '../../core/files.js'
import type { Play, Task } from '../../core/playbook.js'
import type { Host, Project } from '../../core/project.js'
import type { Raw, Vars } from '../../core/raw.js'

/** One place that gives a variable a value. */
export interface Definition {
  name: string
  /** As it is written. */
  value: unknown
  /** Who gives it: "project", "group front", "host web1", "play base", "task …", "--var". */
  by: string
  /** Strength; more is stronger. */
  rank: number
  /** Whether it holds for the whole host, and not in a play or task alone. */
  wide: boolean
  /** Undefined for the command line. */
  at?: At
}

const ranks = {
  defaults: 0,
  project: 1,
  group: 2,
  host: 1000,
  play: 1001,
  use: 1002,
  block: 1003,
  task: 1004,
  cli: 1005,
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Path = readonly (string | number)[]
type Kind = Pick<Definition, 'by' | 'rank' | 'wide'>

const valueAt = (raw: Raw, path: Path): unknown =>
  path.reduce<unknown>(
    (value, step) => (value as Record<string | number, unknown> | undefined | null)?.[step],
    raw.value,
  )

/** The definitions that a map at a path of a file gives. */
const inMap = (raw: Raw, path: Path, kind: Kind): Definition[] => {
  const vars = valueAt(raw, path)
  if (!isMap(vars)) return []
  return Object.entries(vars).map(([name, value]) => ({ name, value, ...kind, at: raw.where([...path, name], 'key') }))
}

const firstWord = (value: unknown): string =>
  typeof value === 'string' ? value : isMap(value) ? String(value.file ?? value.name ?? '') : ''

/** What a task or block is called here, and how strong its variables are. */
function kindOf(entry: Record<string, unknown>): Kind {
  for (const word of ['include', 'role'])
    if (entry[word] !== undefined) return { by: `${word} ${firstWord(entry[word])}`, rank: ranks.use, wide: false }
  const name = typeof entry.name === 'string' ? ` "${entry.name}"` : ''
  return Array.isArray(entry.block)
    ? { by: `block${name}`, rank: ranks.block, wide: false }
    : { by: `task${name}`, rank: ranks.task, wide: false }
}

/** Definitions in a list of tasks, blocks and what they hold included. */
function inTasks(raw: Raw, path: Path): Definition[] {
  const tasks = valueAt(raw, path)
  if (!Array.isArray(tasks)) return []
  return tasks.flatMap((entry: unknown, index) => {
    if (!isMap(entry)) return []
    const here = [...path, index]
    const kind = kindOf(entry)
    return [
      ...inMap(raw, [...here, 'vars'], kind),
      ...['include', 'role'].flatMap(word => inMap(raw, [...here, word, 'vars'], kind)),
      ...['block', 'rescue', 'always'].flatMap(part => inTasks(raw, [...here, part])),
    ]
  })
}

async function read(path: string, files: LocalFiles): Promise<Raw | undefined> {
  return (await files.exists(path)) ? readYaml(await files.text(path), path) : undefined
}

/** What includes and roles bring, as far as their names are known without a host. */
async function inUses(tasks: readonly Task[], files: LocalFiles, seen: Set<string>): Promise<Definition[]> {
  const found: Definition[] = []
  for (const { opens, kind } of tasks) {
    if (opens === undefined || seen.has(opens.path)) continue
    seen.add(opens.path)
    const by = `${kind} ${opens.name}`
    if (opens.role === undefined) {
      const raw = await read(opens.path, files)
      if (raw) found.push(...inTasks(raw, []))
    } else
      for (const [part, rank] of [
        ['defaults', ranks.defaults],
        ['vars', ranks.use],
        ['tasks', ranks.task],
      ] as const)
        for (const name of ['main.yaml', 'main.yml']) {
          const raw = await read(join(opens.path, part, name), files)
          if (raw)
            found.push(
              ...(part === 'tasks' ? inTasks(raw, []) : inMap(raw, [], { by: `${by} (${part})`, rank, wide: false })),
            )
        }
    found.push(...(await inUses(opens.tasks, files, seen)))
  }
  return found
}

const runsOn = (play: Play, on: Project['playbooks'][number]['on'], host: Host, project: Project): boolean =>
  selectHosts(play.hosts, project).includes(host) && (on === undefined || selectHosts(on, project).includes(host))

/** Definitions in the playbooks, of the plays that run on the host. */
async function inPlaybooks(project: Project, host: Host, files: LocalFiles): Promise<Definition[]> {
  const found: Definition[] = []
  for (const { file, plays, on } of project.playbooks) {
    const raw = readYaml(await files.text(file), file)
    for (const [index, play] of plays.entries()) {
      if (!runsOn(play, on, host, project)) continue
      const kind = { by: `play ${play.name}`, rank: ranks.play, wide: false }
      found.push(...inMap(raw, [index, 'vars'], kind))
      for (const path of play.varsFiles) {
        const given = await read(path, files)
        if (given) found.push(...inMap(given, [], kind))
      }
      for (const part of ['roles', 'tasks', 'handlers']) found.push(...inTasks(raw, [index, part]))
      found.push(...(await inUses(play.tasks, files, new Set())))
    }
  }
  return found
}

/** Every definition of a variable that a host's templates can see, the weakest first. `overrides` are those of the command line. */
export async function definitionsFor(
  project: Project,
  host: Host,
  files: LocalFiles,
  overrides: Vars,
): Promise<Definition[]> {
  const raw = readYaml(await files.text(project.file), project.file)
  const order = Object.keys(project.groups)
  const found = [
    ...inMap(raw, ['vars'], { by: 'project', rank: ranks.project, wide: true }),
    ...host.groups.flatMap(name =>
      inMap(raw, ['groups', name, 'vars'], {
        by: `group ${name}`,
        rank: ranks.group + order.indexOf(name),
        wide: true,
      }),
    ),
    ...inMap(raw, ['hosts', host.name, 'vars'], { by: `host ${host.name}`, rank: ranks.host, wide: true }),
    ...(await inPlaybooks(project, host, files)),
    ...Object.entries(overrides).map(([name, value]) => ({ name, value, by: '--var', rank: ranks.cli, wide: true })),
  ]
  return found.sort((a, b) => a.rank - b.rank)
}
