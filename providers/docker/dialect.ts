// What differs between engines that speak the Engine API: each is one object, and all else is shared.
import { UserError } from '../../core/errors.js'
import type { Provider } from '../../core/provider.js'
import type { Sh } from '../../core/sh.js'
import { detectScript, dockerWords, type EngineWords } from './detect.js'
import { forgets, needs } from './needs.js'
import type { SeenContainer } from './observe/seen.js'
import { portRules } from './port-rules.js'

/** Headers of the answer to a ping, by name in lower case. */
type Told = Readonly<Record<string, string | string[] | undefined>>

/** One kind of engine behind the Engine API. */
export interface Dialect extends Pick<Provider, 'needs' | 'forgets' | 'portRules'> {
  /** The word of `engine.provider`. */
  readonly name: string
  readonly words: EngineWords
  /** What asks a host's shell for it; `words` say what its lines mean. */
  detect(folders: readonly string[]): Sh
  /** Name and version of what answers, for people. A UserError where another engine answers, or one that is too old. */
  about(told: Told, host: string): { name: string; version: string }
  /** What its list of containers says in other words than docker's. */
  container?(found: SeenContainer): Partial<SeenContainer>
  /** Whether limits of a container are changed as it runs; else they are part of what makes a new one. */
  readonly updates: boolean
}

const text = (header: string | string[] | undefined): string => String(header ?? '')

/** Version of the podman that answers; undefined where it is another engine. */
export const podmanVersion = (told: Told): string | undefined =>
  told['libpod-api-version'] === undefined ? undefined : text(told['libpod-api-version'])

/** Docker itself. */
export const dockerDialect: Dialect = {
  name: 'docker',
  words: dockerWords,
  detect: detectScript,
  about(told, host) {
    const podman = podmanVersion(told)
    if (podman !== undefined)
      throw new UserError(`podman ${podman} answers in place of docker`, {
        where: host,
        hint: 'say `provider: podman`, or remove podman-docker from the host',
      })
    const [, name = 'docker', version = ''] = /^(\w+)\/(\S+)/.exec(text(told.server)) ?? []
    return { name: name.toLowerCase(), version }
  },
  updates: true,
  needs,
  forgets,
  portRules,
}
