// `longshore package`: a machine as an archive, from which others are made.
import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { messageOf, UserError, usageError } from '../../../core/errors.js'
import { command } from '../../command.js'
import { carryOutActs, chooseMachine } from '../../machines/choose.js'
import { withMachines } from '../../machines/makers.js'
import { machineStep } from '../../machines/plan.js'

export const packageMachine = command({
  name: 'package',
  summary: 'write a machine as an archive that `machine: { image: ./FILE.tar }` takes',
  arguments: { machine: { text: "the machine's name", need: 'one' } },
  options: {
    output: { flags: '--output <file>', kind: 'value', text: 'where to; MACHINE.tar here if left out' },
    force: { flags: '--force', kind: 'flag', text: 'write over a file that is there' },
  },
  async run(context, { machine: name, output, force }) {
    const host = await chooseMachine(context, name)
    const file = resolve(context.cwd, output ?? `${host.name}.tar`)
    if (!file.endsWith('.tar')) throw usageError('the file needs a name that ends with .tar', { where: '--output' })
    const there = await stat(file).then(
      () => true,
      () => false,
    )
    if (there && !force) throw usageError(`${file} is there already`, { hint: 'take another --output, or say --force' })
    return withMachines(context, [host], async ([machine]) => {
      if (machine === undefined) throw new Error(`${host.name} is no machine`)
      const { state } = await machine.maker.look(machine.name)
      if (state === 'absent' || state === 'half')
        throw new UserError('there is no machine to write', { where: host.name, hint: '`longshore up` makes it' })
      const part = `${file}.part`
      const step = { ...machineStep(machine, 'create', ''), verb: 'write', thing: `archive ${file}` }
      const act = {
        machine,
        step,
        act: (work: Parameters<typeof machine.maker.box>[1]) =>
          machine.maker.box(machine.name, work, async archive => {
            try {
              await pipeline(archive, createWriteStream(part, { mode: 0o600 }), { signal: work.signal })
              await rename(part, file)
            } catch (error) {
              await rm(part, { force: true })
              work.signal.throwIfAborted()
              throw new UserError(`cannot write ${file}: ${messageOf(error)}`, { where: host.name, cause: error })
            }
          }),
      }
      return carryOutActs(context, [act])
    })
  },
})
