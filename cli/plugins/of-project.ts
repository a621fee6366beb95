// The providers of a project: those that are built in, and those that its hosts name.
import type { Project } from '../../core/project.js'
import type { AnyProvider } from '../../core/provider.js'
import { loadProvider } from './load.js'

/** Loads what the hosts of the project name and we do not have. A usage error at its line where that fails. */
export async function withPlugins(builtIn: readonly AnyProvider[], project: Project): Promise<readonly AnyProvider[]> {
  const known = builtIn.map(({ name }) => name)
  const plugins: AnyProvider[] = []
  for (const { engine } of project.hosts) {
    const { provider: given } = engine
    if ([...known, ...plugins.map(({ name }) => name)].includes(given)) continue
    const place = { folder: project.folder, at: engine.places(['provider']), builtIn: known }
    plugins.push(await loadProvider(given, place))
  }
  return [...builtIn, ...plugins]
}
