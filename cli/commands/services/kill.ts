// `longshore kill`: sends a signal to containers, SIGKILL if none is named.
import { command } from '../../command.js'
import { placeOptions } from '../../services/choose.js'
import { control, controlArguments, readSignal } from '../../services/control.js'

export const kill = command({
  name: 'kill',
  summary: 'send a signal to containers',
  arguments: controlArguments,
  options: {
    signal: { flags: '-s, --signal <signal>', text: 'its name or number (default: SIGKILL)', kind: 'value' },
    ...placeOptions,
  },
  run: (context, { services, host, number, signal }) =>
    control(context, { services, host, number, request: { verb: 'kill', signal: readSignal(signal) } }),
})
