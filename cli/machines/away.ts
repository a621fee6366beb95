// What `status` says of machines that do not run.
import type { CommandContext } from '../context.js'
import type { PlannedMachine } from './plan.js'

/** Shows each with its state. */
export async function showAway(context: CommandContext, away: readonly PlannedMachine[]): Promise<void> {
  const style = await context.style()
  const texts = {
    absent: 'not made',
    half: 'half made',
    stopped: 'halted',
    paused: 'paused',
    running: 'without its keys',
  }
  for (const { machine, sight } of away) {
    const host = machine.host.name
    const state = texts[sight.state]
    if (context.options.json) context.printJson({ type: 'status', host, machine: sight.state, state })
    else context.print(`${style.strong(host)}  machine, ${state}; \`longshore up\` makes it run`)
  }
}
