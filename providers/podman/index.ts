// Podman on each host, rootful, spoken to over the Docker API of its socket.
import { UserError, usageError } from '../../core/errors.js'
import type { Provider } from '../../core/provider.js'
import type { Wanted } from '../../core/wanted.js'
import { type Dialect, podmanVersion } from '../docker/dialect.js'
import { familiarReference } from '../docker/images/reference.js'
import { engineApiProvider } from '../docker/index.js'
import type { Seen } from '../docker/observe/seen.js'
import type { DockerEngine } from '../docker/open.js'
import { runOnce } from '../docker/run-once.js'
import { asPodman } from './as-podman.js'
import { detectScript, podmanWords } from './detect.js'
import { linksAsNames, withoutLinks } from './links.js'
import { forgets, needs } from './needs.js'

/** One that is tried beside the old one cannot take over its address with its names. */
const alone = 'podman gives it another address'

/** The oldest podman that was tried. */
const oldest = 4

const dialect: Dialect = {
  name: 'podman',
  words: podmanWords,
  detect: detectScript,
  about(told, host) {
    const version = podmanVersion(told)
    if (version === undefined)
      throw new UserError(`another engine than podman answers at ${podmanWords.socket}`, {
        where: host,
        hint: 'say `provider: docker`, or give podman its socket back',
      })
    if (Number.parseInt(version, 10) < oldest)
      throw new UserError(`podman ${version} is too old: ${oldest}.0 is the oldest we know`, {
        where: host,
        hint: 'update podman on that host',
      })
    return { name: 'podman', version }
  },
  // It writes out Docker Hub's own prefixes, and the tag that nobody gave.
  container: ({ image }) => ({ image: familiarReference(image).replace(/:latest$/, ''), alone }),
  updates: false,
  needs,
  forgets,
}

/** A usage error for what would be left out in silence. */
function refuseOthers({ containers }: Wanted): void {
  for (const { at, config, portRules } of containers) {
    if (portRules !== undefined)
      throw usageError('`allow` needs the chain that docker keeps for such rules, and podman has none', {
        at,
        hint: 'bind the port to an address (`bind`), or run this service on a host with docker',
      })
    if (config.links.length > 0 && config.networks.length === 0)
      throw usageError('podman has no links on its default network', {
        at,
        hint: 'leave `network_mode` out: on a network of the project links are names',
      })
  }
}

const shared = engineApiProvider(dialect)

/** The provider `podman`. */
export const podman: Provider<Seen> = {
  ...shared,
  diff(scope, wanted, seen, options) {
    refuseOthers(wanted)
    const labelsOf = (container: string) => seen.containers.find(({ name }) => name === container)?.labels
    const named = linksAsNames(wanted, labelsOf)
    return shared.diff(scope, { ...named, containers: named.containers.map(asPodman) }, seen, options)
  },
  runOnce: (engine, oneOff, context) =>
    runOnce(engine as DockerEngine, { ...oneOff, want: asPodman(withoutLinks(oneOff.want)) }, context),
}
