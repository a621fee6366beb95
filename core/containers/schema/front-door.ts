// `front_door`: the proxy that leads domains to services, for the whole project.
import { z } from '../../schema.js'
import { readHost } from './domains.js'
import { duration, keyed, whole } from './shapes.js'

const key = z.union(
  [z.string().min(1), z.strictObject({ secret: z.string().min(1).describe('Name of an entry of `secrets:`.') })],
  { error: 'must be a path, or { secret: NAME }' },
)

/** The block as the file has it, with what each word is for. */
export const frontDoorSchema = keyed({
  image: z.string().min(1).optional().describe('Image with Caddy 2.6 or later and a shell. caddy:2 if left out.'),
  http: whole(1, 65_535).optional().describe('Port of the host for HTTP; 80 if left out.'),
  https: whole(1, 65_535).optional().describe('Port of the host for HTTPS; 443 if left out.'),
  email: z.string().regex(/@/, 'must be an address').optional().describe('Whom the authority writes to.'),
  acme: z
    .string()
    .regex(/^https:\/\//, 'must be an https:// URL')
    .optional()
    .describe("Directory of the ACME authority. Left out: that of Let's Encrypt."),
  ca_root: z
    .string()
    .min(1)
    .optional()
    .describe('File with the certificate of an authority of your own that signs for that URL.'),
  drain: duration.optional().describe('How long requests may go on in a container that is replaced; 30s if left out.'),
  certificates: z
    .record(
      z.string().refine(host => {
        try {
          return readHost(host) === host
        } catch {
          return false
        }
      }, 'must be a domain in small letters, such as shop.example.com or *.example.com'),
      z.strictObject({
        cert: z.string().min(1).describe('File with the certificate and what signs it, PEM.'),
        key: key.describe('File with its key, or { secret: NAME }.'),
      }),
    )
    .optional()
    .describe('Certificates of your own, by domain.'),
}).describe('The front door: the proxy that leads domains to services, one on each host where such services run.')

/** The block, read. */
export type FrontDoorEntry = z.output<typeof frontDoorSchema>
