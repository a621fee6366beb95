// `longshore restart`: stops and starts containers, what they stand on first.
import { command } from '../../command.js'
import { placeOptions } from '../../services/choose.js'
import { control, controlArguments, readGrace } from '../../services/control.js'

export const restart = command({
  name: 'restart',
  summary: 'stop and start containers, what they stand on first',
  arguments: controlArguments,
  options: {
    timeout: { flags: '-t, --timeout <seconds>', text: 'time to end by itself, in place of its own', kind: 'value' },
    noDeps: { flags: '--no-deps', text: 'without those that say `restart: true` of them', kind: 'flag' },
    ...placeOptions,
  },
  run: (context, { services, host, number, timeout, noDeps }) =>
    control(context, { services, host, number, request: { verb: 'restart', ...readGrace(timeout) }, alone: noDeps }),
})
