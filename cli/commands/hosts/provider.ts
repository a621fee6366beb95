// `longshore provider test`: tries a provider on the real engine of a host, and says what it does not do as it must.
import { homedir } from 'node:os'
import { anyEngine } from '../../../core/engine-want.js'
import { exitCodes, usageError } from '../../../core/errors.js'
import type { Host } from '../../../core/project.js'
import type { AnyProvider } from '../../../core/provider.js'
import { command } from '../../command.js'
import { type Outcome, tryProvider } from '../../conformance/run.js'
import { openSite } from '../../conformance/site.js'
import type { CommandContext } from '../../context.js'
import { loadProvider } from '../../plugins/load.js'

/** This machine, where no project's file names another. */
const here: Host = {
  name: 'here',
  connection: 'local',
  address: 'localhost',
  labels: {},
  groups: [],
  vars: {},
  engine: anyEngine(),
  at: anyEngine().places([]),
}

/** The host to try it on, and the way there. */
async function hostOf(context: CommandContext) {
  const hasFile = await context.projectFile().then(
    () => true,
    () => false,
  )
  if (!hasFile && context.options.file === undefined) {
    const { createConnect } = await import('../../../hosts/index.js')
    const { env, home = homedir() } = context
    const unknownHostKey = async (): Promise<boolean> => false
    return {
      host: here,
      others: [],
      connect: createConnect({ hosts: [here], env, home, acceptNewHostKeys: false, unknownHostKey }),
    }
  }
  const hosts = await context.hosts()
  const [host] = hosts
  if (host === undefined || hosts.length > 1)
    throw usageError(`a provider is tried on one host, and these are ${hosts.length}`, { hint: 'say --on HOST' })
  const { hosts: all } = await context.project()
  const others = all.filter(other => other !== host && other.engine.provider === host.engine.provider)
  return { host, others, connect: await context.connect() }
}

async function providerNamed(given: string, context: CommandContext): Promise<AnyProvider> {
  const { providers } = await import('../../../providers/index.js')
  const own = providers.find(({ name }) => name === given)
  return own ?? loadProvider(given, { folder: context.cwd, builtIn: providers.map(({ name }) => name) })
}

const line = ({ state, name, text }: Outcome, number: number): string =>
  state === 'skipped'
    ? `ok ${number} - ${name} # SKIP ${text}`
    : `${state} ${number} - ${name}${text ? `: ${text}` : ''}`

export const provider = command({
  name: 'provider',
  summary: 'try a provider on a host: test PATH',
  arguments: {
    action: { text: 'test', need: 'one' },
    provider: { text: 'a path, a package, or the name of one that is built in', need: 'one' },
  },
  options: {
    image: {
      flags: '--image <name>',
      text: 'an image with a shell, httpd and wget that is there or can be pulled (default: busybox)',
      kind: 'value',
    },
  },
  async run(context, { action, provider: given, image }) {
    if (action !== 'test') throw usageError(`there is no \`provider ${action}\``, { hint: 'it is `provider test`' })
    const tried = await providerNamed(given, context)
    const { host, others, connect } = await hostOf(context)
    const { signal, files } = context
    const connection = await connect(host, { signal })
    try {
      const site = await openSite({
        ...{ provider: tried, host, connection, others, files, image: image ?? 'busybox', signal },
        connect: other => connect(other, { signal }),
        mask: secret => context.masker.add(secret),
        tell: text => context.emit({ type: 'warning', text }),
      })
      if (!context.options.json) context.print(`# ${given} on ${host.name}: ${site.engine.about}`)
      let number = 0
      try {
        const outcomes = await tryProvider(site, signal, outcome => {
          number++
          if (context.options.json) context.printJson({ type: 'check', host: host.name, ...outcome })
          else context.print(line(outcome, number))
        })
        const failed = outcomes.filter(({ state }) => state === 'not ok').length
        if (!context.options.json) context.print(`1..${number}`)
        return failed > 0 ? exitCodes.failed : exitCodes.done
      } finally {
        await site.close()
      }
    } finally {
      await connection.close()
    }
  },
})
