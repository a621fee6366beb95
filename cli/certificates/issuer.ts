// The issuer that runs use: opens the authority's folder when a certificate is needed, once a run.
import type { Issuer } from '../../core/certificates.js'
import type { TlsWant } from '../../core/engine-want.js'
import { type Masker, Secret } from '../../core/secret.js'
import { type AuthorityPlace, authorityCertificate, ensureAuthority, openAuthority } from './authority.js'
import type { Pair } from './issue.js'

const placeOf = ({ folder, passphrase }: TlsWant, project: string): AuthorityPlace => ({
  folder,
  project,
  ...(passphrase === undefined ? {} : { passphrase }),
})

/** Makes the issuer of a project. New keys are known to the masker before anybody else sees them. */
export function createIssuer(project: string, masker: Masker): Issuer {
  const opened = new Map<string, Promise<Pair>>()
  return {
    authority: tls => authorityCertificate(placeOf(tls, project)),
    async canIssue(tls) {
      await openAuthority(placeOf(tls, project))
      return true
    },
    async server(tls, host, names) {
      const authority = opened.get(tls.folder) ?? ensureAuthority(placeOf(tls, project))
      opened.set(tls.folder, authority)
      const { issue } = await import('./issue.js')
      const pair = await authority
      const made = await issue(pair, { name: host, use: 'server', names, days: tls.days })
      const key = new Secret(`${host}.key`, made.key)
      masker.add(key)
      return { authority: pair.certificate, certificate: made.certificate, key }
    },
  }
}
