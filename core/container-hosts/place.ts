// Where a container is that is worked on as a host, and what does not hold for such a host.

import type { At } from '../errors.js'
import { UserError } from '../errors.js'

/** The container behind `connection: container`. */
export interface ContainerPlace {
  /** Its name, or its id. */
  name: string
  /** The host of the file whose engine it is on; left out: this machine. */
  on?: string
  at: At
}

/** True for a container: it has a shell, and no engine of its own. */
export const isContainer = ({ connection }: { connection: string }): boolean => connection === 'container'

/** The hosts that have engines, and so can run services. */
export const withEngines = <Any extends { connection: string }>(hosts: readonly Any[]): Any[] =>
  hosts.filter(host => !isContainer(host))

/** The container is not there, or does not run: what comes before it in a run may change that. Exit code 4. */
export class ContainerAway extends UserError {}
