// `longshore lock`: shows who works on the project's hosts, and releases a lock that was left behind.
import { exitCodes, UserError } from '../../../core/errors.js'
import type { Host } from '../../../core/project.js'
import { lockText } from '../../../core/run/lock.js'
import { exitOf } from '../../../core/run/run.js'
import { command } from '../../command.js'
import { withKeeper } from '../../kept/keepers.js'

export const lock = command({
  name: 'lock',
  summary: "show who holds the project's lock, or release one that was left behind",
  arguments: {},
  options: { release: { flags: '--release', kind: 'flag', text: 'remove the lock, whoever holds it' } },
  async run(context, { release }) {
    const project = await context.project()
    const hosts = await context.hosts()
    const { signal } = context
    let held = false
    const look = (host: Host): Promise<void> =>
      withKeeper(host, context, async keeper => {
        const { lock } = await keeper.read(project.name, signal)
        if (context.options.json) context.printJson({ type: 'lock', host: host.name, lock: lock ?? null })
        else context.print(`${host.name}  ${lock ? lockText(lock) : 'not locked'}`)
        if (!lock) return
        if (!release || !(await context.confirm(`Release the lock on ${host.name}?`))) {
          held = true
          return
        }
        await keeper.release(project.name, signal)
        if (!context.options.json) context.print(`${host.name}  released`)
      })
    const errors: UserError[] = []
    for (const host of hosts)
      await look(host).catch(async (error: unknown) => {
        // A question that cannot be asked is the command line's mistake, and no host's trouble.
        if (!(error instanceof UserError) || error.exit === exitCodes.usage || context.signal.aborted) throw error
        errors.push(error)
        await context.tell(error)
      })
    return errors.length > 0 ? exitOf(errors, false) : held ? exitCodes.locked : exitCodes.done
  },
})
