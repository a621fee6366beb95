// `longshore start`: starts containers that are there, what they stand on first.
import { command } from '../../command.js'
import { placeOptions } from '../../services/choose.js'
import { control, controlArguments } from '../../services/control.js'

export const start = command({
  name: 'start',
  summary: 'start containers that are there, what they stand on first',
  arguments: controlArguments,
  options: {
    ...placeOptions,
  },
  run: (context, { services, host, number }) =>
    control(context, { services, host, number, request: { verb: 'start' } }),
})
