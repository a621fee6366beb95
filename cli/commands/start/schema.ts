// `longshore schema`: the JSON Schemas of longshore.yaml and of playbooks, for editors.
import { composeKeys } from '../../../core/compose/keys/index.js'
import { jsonSchema, playbookParts, playbookSchema } from '../../../core/config/index.js'
import { imageSchema, networkSchema, serviceSchema, volumeSchema } from '../../../core/containers/index.js'
import { exitCodes } from '../../../core/errors.js'
import { command } from '../../command.js'
import { composePage } from '../../reference/compose-page.js'
import { referencePage } from '../../reference/pages.js'

export const schema = command({
  name: 'schema',
  summary: 'print the JSON Schema of longshore.yaml or of a playbook, for editors',
  arguments: {},
  options: {
    playbook: { flags: '--playbook', kind: 'flag', text: 'of a playbook, or of a file of tasks' },
    compose: { flags: '--compose', kind: 'flag', text: 'what each key of a Compose file does here' },
    markdown: { flags: '--markdown', kind: 'flag', text: 'print the reference page instead' },
  },
  async run(context, { compose, markdown, playbook }) {
    const parts = { service: serviceSchema, image: imageSchema, network: networkSchema, volume: volumeSchema }
    if (compose) {
      if (markdown) context.io.stdout.write(composePage())
      else context.print(JSON.stringify(composeKeys, null, context.options.json ? undefined : 2))
      return exitCodes.done
    }
    if (markdown) {
      context.io.stdout.write(referencePage(jsonSchema(parts), playbookParts()))
      return exitCodes.done
    }
    const shape = playbook ? playbookSchema(await context.resources()) : jsonSchema(parts)
    context.print(JSON.stringify(shape, null, context.options.json ? undefined : 2))
    return exitCodes.done
  },
})
