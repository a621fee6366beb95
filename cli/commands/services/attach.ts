// `longshore attach`: this terminal, or these streams, joined with the program of a container that runs.
import { exitCodes } from '../../../core/errors.js'
import type { AttachRequest } from '../../../core/provider-abilities.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { type Placed, withEngines } from '../../engines.js'
import { isInteractive, onResize, sizeOf, withRawKeys } from '../../raw-terminal.js'
import { able, chosenOne, placeOptions } from '../../services/choose.js'
import { watching } from '../../services/flow.js'
import { withSignals } from '../../services/signal-proxy.js'

interface Wish {
  noStdin: boolean
  proxy: boolean
  detachKeys: string | undefined
}

/** Joins the streams; undefined where the program goes on without us. */
async function join(
  context: CommandContext,
  one: Placed,
  { noStdin, proxy, detachKeys }: Wish,
): Promise<number | undefined> {
  const { io } = context
  const { provider, engine } = one.on
  const { id } = one.container
  const attach = able(one, provider.attach, 'attach to containers')
  const { tty, stdin: reads } = await able(one, provider.streams, 'attach to containers')(engine, id)
  const stdin = !noStdin && reads ? io.stdin : undefined
  const request: AttachRequest = {
    stdin,
    stdout: io.stdout,
    stderr: io.stderr,
    signal: watching(context),
    ...(detachKeys === undefined ? {} : { detachKeys }),
  }
  if (tty && isInteractive(io)) {
    const sized: AttachRequest = { ...request, size: sizeOf(io), onResize: listener => onResize(io, listener) }
    // Without its input no key is passed on: Ctrl-C must then still end us.
    return stdin ? withRawKeys(io, () => attach(engine, id, sized)) : attach(engine, id, sized)
  }
  if (!proxy) return attach(engine, id, request)
  // A program that has ended meanwhile takes no signal, and that is what its end says.
  const send = (signal: string): void => void provider.signal?.(engine, id, signal).catch(() => undefined)
  return withSignals(send, () => attach(engine, id, request))
}

export const attach = command({
  name: 'attach',
  summary: "join this terminal with a running container's program",
  arguments: { service: { text: 'the service (or the name of a container of it)', need: 'one' } },
  options: {
    noStdin: { flags: '--no-stdin', text: 'only watch what it prints', kind: 'flag' },
    detachKeys: {
      flags: '--detach-keys <keys>',
      text: 'keys that leave it running (default: ctrl-p,ctrl-q)',
      kind: 'value',
    },
    sigProxy: { flags: '--sig-proxy [yes]', text: 'whether signals go to the program (default: true)', kind: 'value' },
    ...placeOptions,
  },
  run: (context, { service, host, number, noStdin, detachKeys, sigProxy }) =>
    withEngines(context, async engines => {
      const one = await chosenOne(context, engines, { service, host, number }, { running: true })
      const exit = await join(context, one, { noStdin, detachKeys, proxy: sigProxy !== 'false' && sigProxy !== 'no' })
      if (exit === undefined && !context.signal.aborted)
        context.emit({ type: 'note', host: one.container.host, text: `left ${one.container.name} running` })
      return exit ?? exitCodes.done
    }),
})
