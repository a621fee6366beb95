// What a provider does for `run`: a container beside those of its service, for one command.
import type { ApplyContext, Engine } from '../provider.js'
import type { ExecRequest } from '../provider-abilities.js'
import type { ContainerWant } from '../wanted.js'

/** A container beside those of its service, for one command. */
export interface OneOff {
  project: string
  /** The host's key. */
  key: Uint8Array
  want: ContainerWant
  /** It stays when its program has ended. */
  keep: boolean
  streams: Pick<ExecRequest, 'tty' | 'stdin' | 'stdout' | 'stderr' | 'size' | 'onResize'>
}

export interface OneOffAbility {
  /**
   * Makes a container, joins our streams with its program and gives its exit code; it is removed then, also after an interrupt. Its
   * dependencies are waited for.
   */
  runOnce?(engine: Engine, oneOff: OneOff, context: ApplyContext): Promise<number>
}
