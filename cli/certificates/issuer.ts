// The issuer that runs use: opens the authority's folder when a certificate is needed, once a run.
import type { Issuer } from '../../core/certificates.js'
import type { TlsWant } from '../../core/engine-want.js'
import { type Masker, Secret } from '../../core/secret.js'
import {
  type AuthorityPlace,
  authorityCertificate,
  ensureAuthority,
  hasAuthorityKey,
  openAuthority,
} from './authority.js'
import type { Pair } from './issue.js'

/** Where the authority of a project lies. */
export const placeOf = ({ folder, passphrase }: TlsWant, project: string): AuthorityPlace => ({
  folder,
  project,
  ...(passphrase === undefined ? {} : { passphrase }),
})

/** Makes the issuer of a project. New keys are known to the masker before anybody else sees them. */
export function createIssuer(project: string, masker: Masker): Issuer {
  /** Opened once: a locked key takes a second. */
  const opened = new Map<string, Pair>()
  const making = new Map<string, Promise<Pair>>()
  return {
    authority: tls => authorityCertificate(placeOf(tls, project)),
    hasKey: tls => hasAuthorityKey(placeOf(tls, project)),
    async ready(tls) {
      const pair = opened.get(tls.folder) ?? (await openAuthority(placeOf(tls, project)))
      if (pair) opened.set(tls.folder, pair)
    },
    async server(tls, host, names) {
      const known = opened.get(tls.folder)
      const made = making.get(tls.folder) ?? (known ? Promise.resolve(known) : ensureAuthority(placeOf(tls, project)))
      making.set(tls.folder, made)
      const { issue } = await import('./issue.js')
      const authority = await made
      const pair = await issue(authority, { name: host, use: 'server', names, days: tls.days })
      const key = new Secret(`${host}.key`, pair.key)
      masker.add(key)
      return { authority: authority.certificate, certificate: pair.certificate, key }
    },
  }
}
