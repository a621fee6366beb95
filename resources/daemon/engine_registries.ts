// The `engine_registries` kind: certificates of private registries' authorities, and logins that stay on the host. What leaves the YAML goes.
import { X509Certificate } from 'node:crypto'
import { usageError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { secretSchema } from '../_attributes.js'
import { changesOf, type RegistriesWant } from './registry-decision.js'
import { registryScripts } from './registry-scripts.js'
import { certificatesFolder, ownerOf, type RegistrySeen, readRegistries, registriesProbe } from './registry-seen.js'

/** A folder's name on the host: never a path. */
const registry = z.string().regex(/^(?!\.)[\w.:[\]-]+$/, 'must be host and port: registry.example:5000')

const schema = z
  .strictObject({
    certificates: z
      .record(registry, z.string().min(1))
      .default({})
      .describe('By host and port: the certificate of the authority, as PEM text or as a file on this machine'),
    logins: z
      .record(
        z.string().regex(/^\S+$/, 'must be an address without blanks'),
        z.strictObject({
          username: z.string().min(1).describe('Login name'),
          password: secretSchema.describe('Its password'),
        }),
      )
      .default({})
      .describe("Logins to keep in root's ~/.docker/config.json, by address as the docker command has it"),
    project: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be the name of a project')
      .describe('Whose they are: what it names no more goes, unless another project needs it')
      .optional(),
  })
  .describe('All that is wanted; what was brought before and is not named any more goes')

/** Certificates, each one good, and nothing but them. */
function pemOf(text: string, what: string): string {
  if (/PRIVATE KEY/.test(text))
    throw usageError(`${what} holds a private key`, { hint: 'Give the certificate alone: every user can read it.' })
  const blocks = text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g)
  if (blocks === null)
    throw usageError(`${what} is no certificate`, { hint: 'It begins with -----BEGIN CERTIFICATE-----.' })
  try {
    return blocks.map(block => new X509Certificate(block).toString()).join('')
  } catch (cause) {
    throw usageError(`${what} is no certificate that can be read`, { cause })
  }
}

const isText = (given: string): boolean => given.trimStart().startsWith('-----BEGIN')

/** Certificates and logins of registries. Both count from the next pull on; the engine is not restarted. */
export const engineRegistries = resource<RegistriesWant, RegistrySeen>({
  kind: 'engine_registries',
  schema,
  summary:
    "Certificates of private registries' authorities, and logins that stay on the host; what leaves the YAML goes.",
  example: `- engine_registries:
    certificates:
      registry.example:5000: |
        -----BEGIN CERTIFICATE-----
        MIIBgjCCASegAwIBAgIUb96pbvG7sZnL7w1nN2sR9JVrgowwCgYIKoZIzj0EAwIw
        FTETMBEGA1UEAwwKRXhhbXBsZSBDQTAgFw0yNjExMjEwOTA2MDhaGA8yMTI2MTAy
        ODA5MDYwOFowFTETMBEGA1UEAwwKRXhhbXBsZSBDQTBZMBMGByqGSM49AgEGCCqG
        SM49AwEHA0IABPv8nytZ2yVslHM5Q+QXtfu51BTAWtzBUACGNRG+LQ/JKxo0KRN5
        4rMJZM8LjRO3SzyE4uKXjzIqkJNmgx/oSx+jUzBRMB0GA1UdDgQWBBQ78mpaDWTH
        91eTZMriRtO7A03u7jAfBgNVHSMEGDAWgBQ78mpaDWTH91eTZMriRtO7A03u7jAP
        BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQD+pg3SEDEIU9qEkEP3
        qtX2AEvf63dSToNMi0t6opysaQIhAIgcfa0Y99ZTHPKqRhqM0ayT6rno1lW3gL/r
        7nYml7S4
        -----END CERTIFICATE-----
`,
  name: () => 'registries of the engine',
  async load(want, context) {
    const read = async (name: string, given: string): Promise<[string, string]> => {
      if (isText(given)) return [name, pemOf(given, `the certificate of ${name}`)]
      const file = await context.find(given, 'files')
      return [name, pemOf(await context.files.text(file), file)]
    }
    const entries = Object.entries(want.certificates).map(([name, given]) => read(name, given))
    return { ...want, certificates: Object.fromEntries(await Promise.all(entries)) }
  },
  probe: want => registriesProbe(Object.keys(want.logins).length > 0),
  read: (out, want) => readRegistries(out, ownerOf(want)),
  diff: changesOf,
  verb: () => 'configure',
  apply: (want, seen) => (changesOf(want, seen).length === 0 ? [] : registryScripts(want, seen)),
  touches: want => Object.keys(want.certificates).map(name => `file:${certificatesFolder}/${name}/ca.crt`),
  secrets: want => Object.values(want.logins).map(({ password }) => password),
})
