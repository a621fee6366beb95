// `longshore package`: a machine as an archive, from which others are made.
import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { messageOf, UserError, usageError } from '../../../core/errors.js'
import { command } from '../../command.js'
import { carryOutActs, chooseMachine } from '../../machines/choose.js'
import { withMachines } from '../../machines/makers.js'
import { machineStep } from '../../machines/plan.js'

/** Why a file cannot be written, by the system's code. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left on that disk',
  EDQUOT: 'there is no space left for you on that disk',
  EACCES: 'the folder may not be written to',
  EROFS: 'that disk can only be read',
}

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
    const isThere = (path: string): Promise<boolean> =>
      stat(path).then(
        () => true,
        () => false,
      )
    if (!(await isThere(dirname(file)))) throw usageError(`there is no folder ${dirname(file)}`, { where: '--output' })
    if ((await isThere(file)) && !force)
      throw usageError(`${file} is there already`, { hint: 'take another --output, or say --force' })
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
              const code = error instanceof Error && 'code' in error ? String(error.code) : ''
              throw new UserError(`cannot write ${file}: ${reasons[code] ?? messageOf(error)}`, {
                where: host.name,
                hint: 'say another place by --output',
                cause: error,
              })
            }
          }),
      }
      return carryOutActs(context, [act])
    })
  },
})
