// `longshore lock`: shows who works on the project's hosts, and releases a lock that was left behind.
import { exitCodes } from '../../core/errors.js'
import { lockText } from '../../core/run/lock.js'
import { breakLock, readState, stateProbe } from '../../core/state.js'
import { command } from '../command.js'

export const lock = command({
  name: 'lock',
  summary: "show who holds the project's lock, or release one that was left behind",
  arguments: {},
  options: { release: { flags: '--release', kind: 'flag', text: 'remove the lock, whoever holds it' } },
  async run(context, { release }) {
    const project = await context.project()
    const hosts = await context.hosts()
    const connect = await context.connect()
    let held = false
    for (const host of hosts) {
      const connection = await connect(host, { signal: context.signal })
      try {
        const told = await connection.exec(stateProbe(project.name), { as: 'best', signal: context.signal })
        const { lock } = readState(told.stdout)
        if (context.options.json) context.printJson({ type: 'lock', host: host.name, lock: lock ?? null })
        else context.print(`${host.name}  ${lock ? lockText(lock) : 'not locked'}`)
        if (!lock) continue
        if (!release || !(await context.confirm(`Release the lock on ${host.name}?`))) {
          held = true
          continue
        }
        await connection.exec(breakLock(project.name), { as: 'best', signal: context.signal })
        if (!context.options.json) context.print(`${host.name}  released`)
      } finally {
        await connection.close()
      }
    }
    return held ? exitCodes.locked : exitCodes.done
  },
})
