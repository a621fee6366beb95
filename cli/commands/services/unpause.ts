// `longshore unpause`: lets paused containers go on.
import { command } from '../../command.js'
import { placeOptions } from '../../services/choose.js'
import { control, controlArguments } from '../../services/control.js'

export const unpause = command({
  name: 'unpause',
  summary: 'let paused containers go on',
  arguments: controlArguments,
  options: {
    ...placeOptions,
  },
  run: (context, { services, host, number }) =>
    control(context, { services, host, number, request: { verb: 'unpause' } }),
})
