// Where the forwarded ports of machines are reached.
import { exitCodes } from '../../core/errors.js'
import type { CommandContext } from '../context.js'
import { chooseMachines } from './choose.js'
import { withMachines } from './makers.js'

/** Prints the ports of the chosen machines, those of one where it is named. */
export async function machinePorts(context: CommandContext, host: string | undefined): Promise<number> {
  return withMachines(context, await chooseMachines(context, host === undefined ? [] : [host]), async machines => {
    for (const { host: on, maker, name } of machines)
      for (const { address, outside, inside, protocol } of (await maker.look(name)).ports) {
        const port = `${inside}/${protocol}`
        const shown = address.includes(':') ? `[${address}]` : address
        if (context.options.json)
          context.printJson({ type: 'port', host: on.name, port, addresses: [`${shown}:${outside}`] })
        else context.print(`${on.name} ${port} -> ${shown}:${outside}`)
      }
    return exitCodes.done
  })
}
