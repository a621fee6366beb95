// `longshore stop`: stops containers and keeps them; `up` or `start` runs them again.
import { command } from '../../command.js'
import { placeOptions } from '../../services/choose.js'
import { control, controlArguments, readGrace } from '../../services/control.js'

export const stop = command({
  name: 'stop',
  summary: 'stop containers and keep them, what stands on them first',
  arguments: controlArguments,
  options: {
    timeout: { flags: '-t, --timeout <seconds>', text: 'time to end by itself, in place of its own', kind: 'value' },
    ...placeOptions,
  },
  run: (context, { services, host, number, timeout }) =>
    control(context, { services, host, number, request: { verb: 'stop', ...readGrace(timeout) } }),
})
