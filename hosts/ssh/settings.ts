// What ssh's configuration says of one destination, whoever reads it.

/** Settings of ssh_config(5), by lower-case keyword; several values where a keyword may stand several times. */
export type SshSettings = Record<string, string[]>

export interface ConfigQuestion {
  /** As the user writes it: a name, an address or an alias. */
  alias: string
  user?: string
  port?: number
}
