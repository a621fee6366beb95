// `longshore schema`: the JSON Schema of longshore.yaml, for editors.
import { jsonSchema } from '../../core/config/index.js'
import { imageSchema, networkSchema, serviceSchema, volumeSchema } from '../../core/containers/index.js'
import { exitCodes } from '../../core/errors.js'
import { command } from '../command.js'

export const schema = command({
  name: 'schema',
  summary: 'print the JSON Schema of longshore.yaml, for editors',
  arguments: {},
  options: {},
  async run(context) {
    const parts = { service: serviceSchema, image: imageSchema, network: networkSchema, volume: volumeSchema }
    const text = JSON.stringify(jsonSchema(parts), null, context.options.json ? undefined : 2)
    context.print(text)
    return exitCodes.done
  },
})
