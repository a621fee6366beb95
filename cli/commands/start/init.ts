// `longshore init`: writes a first longshore.yaml, which is valid as it stands.
import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { toYaml } from '../../../core/config/index.js'
import { exitCodes, usageError } from '../../../core/errors.js'
import { noLookups, renderText } from '../../../core/language/index.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { fileName } from '../../find-file.js'
import { packageRoot } from '../../package-root.js'

/** A project's name made from a folder's: lower-case letters, digits, `_` and `-`. */
function nameFor(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '')
  return name === '' ? 'project' : name
}

async function render(context: CommandContext, project: string): Promise<string> {
  const file = join(packageRoot, 'templates', 'init', `${fileName}.hbs`)
  const { text } = renderText(await context.files.text(file), {
    file,
    scope: {
      names: { project: toYaml(project) },
      vars: {},
      masker: context.masker,
      lookups: noLookups,
      getSecret: name => {
        throw usageError(`there is no secret "${name}"`)
      },
    },
  })
  return text
}

export const init = command({
  name: 'init',
  summary: 'write a first longshore.yaml into this folder',
  arguments: { project: { text: "the project's name (default: the folder's)", need: 'maybe' } },
  options: {},
  async run(context, { project }) {
    const name = project ?? nameFor(context.cwd)
    if (!/^[a-z0-9][a-z0-9_-]*$/.test(name))
      throw usageError(`"${name}" is no name for a project`, {
        hint: 'it starts with a lower-case letter or digit, and goes on with those, `_` and `-`',
      })
    const path = join(context.cwd, fileName)
    const text = await render(context, name)
    try {
      // `wx`: a file that is there, or comes while we write, is never overwritten.
      await writeFile(path, text, { flag: 'wx' })
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
        throw usageError(`there is a ${fileName} here already, and it is left as it is`, { where: path })
      throw usageError(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`)
    }
    if (context.options.json) context.printJson({ type: 'file', path, project: name })
    else context.print(`Wrote ${fileName} for the project ${name}. Next: longshore plan`)
    return exitCodes.done
  },
})
