// What keeps a project's state on a host: its files where a shell reaches them, its engine where none does.
import { hasShell } from '../../core/engine-alone/address.js'
import { type StateKeeper, shellKeeper } from '../../core/engine-alone/keeper.js'
import { unreachableError, usageError } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import { type AnyProvider, type Engine, isAbsent, noDetection } from '../../core/provider.js'
import type { CommandContext } from '../context.js'

/** Opens the engine of a host without a shell, hands it to `work`, and closes everything. */
export async function withEngineAlone<T>(
  host: Host,
  context: CommandContext,
  work: (opened: { provider: AnyProvider; engine: Engine; keeper: StateKeeper }) => Promise<T>,
): Promise<T> {
  const { signal } = context
  const provider = (await context.providers()).find(({ name }) => name === host.engine.provider)
  const [scope] = provider?.scopes([host]) ?? []
  if (provider?.keeper === undefined || scope === undefined)
    throw usageError(`the provider ${host.engine.provider} takes no host with \`connection: engine\``, { at: host.at })
  const connection = await (await context.connect())(host, { signal })
  try {
    const engine = await provider.open(scope, connection, noDetection(host), signal)
    if (isAbsent(engine)) throw unreachableError(host.name, engine.text)
    try {
      return await work({ provider, engine, keeper: provider.keeper(engine) })
    } finally {
      engine.close()
    }
  } finally {
    await connection.close()
  }
}

/** Opens what keeps the state on a host, hands it to `work`, and closes the way there. */
export async function withKeeper<T>(
  host: Host,
  context: CommandContext,
  work: (keeper: StateKeeper) => Promise<T>,
): Promise<T> {
  if (!hasShell(host)) return withEngineAlone(host, context, ({ keeper }) => work(keeper))
  const connection = await (await context.connect())(host, { signal: context.signal })
  try {
    return await work(shellKeeper(connection))
  } finally {
    await connection.close()
  }
}
