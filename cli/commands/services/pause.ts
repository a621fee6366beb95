// `longshore pause`: holds containers still.
import { command } from '../../command.js'
import { placeOptions } from '../../services/choose.js'
import { control, controlArguments } from '../../services/control.js'

export const pause = command({
  name: 'pause',
  summary: 'hold containers still; `unpause` lets them go on',
  arguments: controlArguments,
  options: {
    ...placeOptions,
  },
  run: (context, { services, host, number }) =>
    control(context, { services, host, number, request: { verb: 'pause' } }),
})
