// `images.NAME.playbook`: the playbook read, and made into a recipe.
import { mergeMaps } from '../config/merge.js'
import { readPlaybook } from '../config/playbook.js'
import type { ImageWant } from '../containers/image-want.js'
import type { Read } from '../containers/read.js'
import { pathHere, type Run } from '../containers/run.js'
import type { Image } from '../containers/schema/image.js'
import { UserError } from '../errors.js'
import type { Play } from '../playbook.js'
import { createInputRecorder } from './inputs.js'
import { definitionOf, type PlayRecipe, varsSumOf } from './recipe.js'

/** What an engine is to make by a playbook. Mistakes in the playbook are the run's. */
export async function playbookWant(
  run: Run,
  { raw, value, name, secrets }: Read<Image>,
  ref: string,
): Promise<ImageWant | undefined> {
  const { project, mistakes, context } = run
  const { playbook, from, at: where } = value
  if (playbook === undefined || from === undefined) return undefined
  const at = raw.where(['playbook'])
  const file = pathHere(run, playbook, project.folder)
  if ((await context.files.stat(file))?.kind !== 'file') {
    mistakes.add(`${name}: there is no playbook ${file}`, at)
    return undefined
  }
  const recorder = createInputRecorder({ ...project, files: context.files })
  const { resourceKinds = [] } = context
  const read = async (): Promise<Play[]> =>
    readPlaybook(
      await context.files.text(file),
      file,
      project.folder,
      { files: recorder.files, resourceKinds },
      mistakes,
    )
  if (secrets.length > 0)
    mistakes.add(
      `${name}: a variable here cannot be a secret: let a task of the playbook ask for it`,
      raw.where(['vars']),
    )
  const vars = mergeMaps(project.vars, value.vars, context.overrides)
  const plays = (await read()).map((play, index): PlayRecipe => {
    const load = async (): Promise<Play> => {
      const again = (await read())[index]
      if (again === undefined) throw new UserError(`the playbook ${file} changed while the image was made`, { at })
      return again
    }
    return { name: play.name, definition: definitionOf(play, vars), load }
  })
  if (plays.length === 0) mistakes.add(`${name}: the playbook ${file} has no plays`, at)
  return {
    ref,
    at: raw.where(['playbook'], 'key'),
    from: 'playbook',
    base: from,
    recipe: { file, plays, vars, varsSum: varsSumOf(vars), recorder },
    ...(where === 'once' ? { once: 'first' as const } : where === 'here' ? { once: 'here' as const } : {}),
    ...(value.push ? { push: true as const } : {}),
  }
}
