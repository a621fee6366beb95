// The YAML of the `repo` kind: which fields go with which package manager.
import { z } from '../../core/schema.js'
import { managerNames } from './_seen.js'

const word = z.string().regex(/^[^\s\p{Cc}[\]#]+$/u, 'must be one word')
const words = z.union([word.transform(one => [one]), z.array(word)])
const address = z
  .string()
  .regex(/^(https?|file|ftp|mirror\+\w+|cdrom|copy):[^\s\p{Cc}]+$/u, 'must be an address such as https://…')
const addresses = z.union([address.transform(one => [one]), z.array(address).min(1)])

const keyField = z.union([
  z.string().min(1),
  z.strictObject({
    url: z
      .string()
      .regex(/^(https?|file):\/\/[^\s\p{Cc}]+$/u, 'must be an address such as https://…')
      .describe('Fetched on the host'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the file at that address, 64 hexadecimal digits')
      .optional()
      .describe('What is fetched must have this sum; may be left out with https'),
  }),
])

const fields = z.strictObject({
  name: z
    .string()
    .regex(/^\w[\w.-]*$/, 'must be letters, digits, dots and dashes')
    .describe('What its file is called'),
  uris: addresses.optional().describe('Addresses (apt)'),
  suites: words.optional().describe('Such as bookworm; with a slash at its end, a folder without components (apt)'),
  components: words.default([]).describe('Such as main (apt)'),
  types: z
    .union([z.enum(['deb', 'deb-src']).transform(one => [one]), z.array(z.enum(['deb', 'deb-src'])).min(1)])
    .default(['deb'])
    .describe('deb, deb-src or both (apt)'),
  architectures: words.default([]).describe('Only these, such as amd64 (apt)'),
  trusted: z.boolean().optional().describe('true takes packages that nobody signed (apt)'),
  baseurl: addresses.optional().describe('Addresses (dnf, zypper)'),
  gpgcheck: z
    .boolean()
    .default(true)
    .describe('Whether packages must be signed by the key, if one is given (dnf, zypper)'),
  server: addresses.optional().describe('Addresses (pacman)'),
  siglevel: z
    .string()
    .regex(/^[A-Za-z]+( [A-Za-z]+)*$/, 'must be words such as Optional TrustAll')
    .optional()
    .describe('What must be signed (pacman)'),
  key: keyField
    .optional()
    .describe('The public key: a file of ours, the armored text itself, or { url, sha256 } (apt, dnf, zypper)'),
  enabled: z.boolean().default(true).describe('false keeps it, unused'),
  state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  use: z.enum(managerNames).optional().describe('Which package manager, where the host has more than its own'),
})

/** The YAML of a repository. */
export const repoSchema = fields.superRefine((want, context) => {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
  const given = [want.uris, want.baseurl, want.server].filter(one => one !== undefined).length
  if (given > 1 || (given === 0 && want.state === 'present'))
    refuse('uris', 'give one of uris (apt), baseurl (dnf, zypper) and server (pacman)')
  if (want.server !== undefined && want.key !== undefined) refuse('key', 'is not for pacman: add it with pacman-key')
  if (typeof want.key === 'object' && want.key.sha256 === undefined && !want.key.url.startsWith('https://'))
    refuse('key', 'needs its sha256, because anybody on the way could exchange it')
  if (want.uris === undefined) return
  const isFlat = want.suites?.some(suite => suite.endsWith('/'))
  if (want.suites === undefined) refuse('suites', 'is needed')
  else if (isFlat && want.components.length > 0)
    refuse('components', 'cannot be given with a suite that ends with a slash')
  else if (!isFlat && want.components.length === 0) refuse('components', 'is needed, such as main')
})

export type RepoYaml = z.infer<typeof fields>
