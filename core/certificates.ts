// What issues certificates for engines: an interface, so that core and the kinds stay free of keys and effects.
import type { TlsWant } from './engine-want.js'
import type { Secret } from './secret.js'

/** What a daemon needs to prove itself, all PEM. */
export interface ServerPair {
  authority: string
  certificate: string
  key: Secret
}

/** The project's certificate authority. */
export interface Issuer {
  /** Its certificate (PEM); undefined before it was made. Makes nothing. */
  authority(place: TlsWant): Promise<string | undefined>
  /** Whether its key is here, locked or not, or still to be made with it. */
  hasKey(place: TlsWant): Promise<boolean>
  /** Ends well where it can issue: its key is here and opens, or it is still to be made. Throws a UserError that says what is missing. */
  ready(place: TlsWant): Promise<void>
  /** A new certificate for a host's engine, valid for these names; makes the authority where there is none. */
  server(place: TlsWant, host: string, names: readonly string[]): Promise<ServerPair>
}
