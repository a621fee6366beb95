// Why an image did not come from its registry, in people's words, and which line of the file would help.
import { credentialsFor, type Registries, registryOf, registryWant } from './credentials.js'

/** What is told of a pull that failed. */
export interface PullRefusal {
  text: string
  hint: string
}

/** What was tried. */
export interface PullTried {
  ref: string
  registries: Registries | undefined
  /** Mirrors because of which the login was not sent. */
  keptFrom: readonly string[]
}

/** How a line of `engine.registries` is written. */
const line = (registry: string, words: string): string => `engine: { registries: { "${registry}": { ${words} } } }`

const unknownAuthority = /x509: certificate (?:signed by unknown authority|is not trusted)|unable to get local issuer/i
const otherCertificate = /x509: |tls: failed to verify certificate/i
const plainHttp = /server gave HTTP response to HTTPS client/i
const noLogin = /no basic auth credentials/i
const refused = /unauthorized|authentication required|incorrect username or password/i
const otherContent =
  /verification failed for digest|layer verification failed|unexpected commit digest|digest mismatch/i
const missing = /denied|not found|manifest unknown|does not exist|no such image/i

/** Reads what the engine said of a failed pull or push. The texts were seen from 20.10 and 26.1. */
export function explainPull({ ref, registries, keptFrom }: PullTried, said: string): PullRefusal {
  const registry = registryOf(ref)
  const want = registryWant(registries, registry)
  const login = credentialsFor(registries, ref)
  if (unknownAuthority.test(said))
    return {
      text: `${registry} has a certificate of an authority that the engine does not know: ${said}`,
      hint: want?.ca
        ? `${want.ca} is not that authority's certificate; \`ca\` of that registry must name it`
        : `name that authority's certificate: ${line(registry, 'ca: PATH')}`,
    }
  if (otherCertificate.test(said))
    return {
      text: `${registry} has a certificate that the engine refuses: ${said}`,
      hint: 'the certificate must be in date and name the registry as the image does',
    }
  if (plainHttp.test(said))
    return {
      text: `${registry} speaks plain HTTP: ${said}`,
      hint: `give it a certificate, or allow it where the network is trusted: ${line(registry, 'insecure: true')}`,
    }
  if (otherContent.test(said))
    return {
      text: `what ${registry} gives is not what its digest says: ${said}`,
      hint: 'the registry, or somebody on the way, has changed it; nothing of it was taken',
    }
  if (login && keptFrom.length > 0)
    return {
      text: said,
      hint: `the login of ${login.username} was not sent, because the engine would show it to its mirror ${keptFrom.join(', ')} too: give that the same login in engine.registries, or take it out of registry-mirrors`,
    }
  if (login && (refused.test(said) || noLogin.test(said)))
    return {
      text: `${registry} refuses the login of ${login.username}: ${said}`,
      hint: `are the username and the secret ${login.password.name} right?`,
    }
  if (noLogin.test(said))
    return {
      text: `${registry} wants a login: ${said}`,
      hint: `give one: ${line(registry, 'username: NAME, password: { secret: NAME }')}`,
    }
  if (refused.test(said) || missing.test(said))
    return {
      text: said,
      hint: login
        ? `is the name right, and may ${login.username} read it? An image made here needs \`build\` or an entry in \`images\``
        : `is the name right? A private image needs a login (${line(registry, 'username: NAME, password: { secret: NAME }')}); one made here needs \`build\` or an entry in \`images\``,
    }
  return {
    text: said,
    hint: 'can the host reach its registry? An image may also be built or imported (`build`, `images`)',
  }
}
