// Reads a playbook file: a list of plays with their tasks and handlers.
import { dirname } from 'node:path'
import type { LocalFiles } from '../files.js'
import type { Play } from '../playbook.js'
import type { ResourceKind } from './play/kind.js'
import { readPlay } from './play/play.js'
import { collectProblems, type Problems } from './problems.js'
import { partOf } from './raw.js'
import { readYaml } from './yaml.js'

/** What reading a playbook needs. */
export interface PlaybookContext {
  files: LocalFiles
  resourceKinds: readonly ResourceKind[]
}

/** Reads a playbook's text; mistakes go to `problems`. `file` is its absolute path, `project` the folder where roles and files are looked for after its own. */
export async function readPlaybook(
  text: string,
  file: string,
  project: string,
  { files, resourceKinds: kinds }: PlaybookContext,
  problems: Problems,
): Promise<Play[]> {
  const raw = problems.take(() => readYaml(text, file))
  if (raw === undefined || raw.value === null) return []
  if (!Array.isArray(raw.value)) {
    problems.add('a playbook is a list of plays (each starts with "- ")', raw.at)
    return []
  }
  const plays: Play[] = []
  for (const index of raw.value.keys()) {
    const play = await readPlay(partOf(raw, [index]), { files, kinds, file, home: project, problems })
    if (play !== undefined) plays.push(play)
  }
  return plays
}

/** Reads a playbook file that belongs to no project. Throws one usage error with all its mistakes. */
export async function loadPlaybook(file: string, context: PlaybookContext): Promise<Play[]> {
  const problems = collectProblems()
  const plays = await readPlaybook(await context.files.text(file), file, dirname(file), context, problems)
  problems.throwIfAny()
  return plays
}
