// `longshore schema`: the JSON Schema of longshore.yaml, for editors.
import { jsonSchema, kindSchema } from '../../core/config/index.js'
import { imageSchema, networkSchema, serviceSchema, volumeSchema } from '../../core/containers/index.js'
import { exitCodes } from '../../core/errors.js'
import { command } from '../command.js'
import { referenceText } from '../reference.js'

export const schema = command({
  name: 'schema',
  summary: 'print the JSON Schema of longshore.yaml, for editors',
  arguments: {},
  options: {
    markdown: { flags: '--markdown', kind: 'flag', text: 'print the reference page instead, with the kinds of tasks' },
  },
  async run(context, { markdown }) {
    const parts = { service: serviceSchema, image: imageSchema, network: networkSchema, volume: volumeSchema }
    if (markdown) {
      const kinds = (await context.resources()).map(({ kind, schema }) => ({ kind, schema: kindSchema(schema) }))
      context.io.stdout.write(referenceText(jsonSchema(parts), kinds))
      return exitCodes.done
    }
    const text = JSON.stringify(jsonSchema(parts), null, context.options.json ? undefined : 2)
    context.print(text)
    return exitCodes.done
  },
})
