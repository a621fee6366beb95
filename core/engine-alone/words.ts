// Hosts that are reached by their engine alone: the words that the file has for them below `hosts`.
import { secretUse } from '../config/secret-use.js'
import { z } from '../schema.js'

/** Words of `hosts.NAME` for `connection: engine`. */
export const engineHostWords = {
  url: z
    .string()
    .min(1)
    .describe('With `connection: engine`: where the engine listens, tcp://HOST:2376 or unix:///PATH of this machine.')
    .optional(),
  tls: z
    .union([
      z.string().min(1),
      z.strictObject({
        ca: z
          .string()
          .min(1)
          .describe(
            "Certificate of the authority that the engine's own comes from; else those that this machine trusts.",
          )
          .optional(),
        cert: z.string().min(1).describe('Our certificate.').optional(),
        key: z
          .union([z.string().min(1), secretUse])
          .describe('Its key: a file that others may not read, or a secret that is the PEM text.')
          .optional(),
      }),
    ])
    .describe(
      'With `connection: engine`: the folder of ca.pem, cert.pem and key.pem (as DOCKER_CERT_PATH), or each file.',
    )
    .optional(),
  insecure: z
    .boolean()
    .describe('With `connection: engine`: allow tcp:// without TLS beyond loopback; whoever reaches it is root there.')
    .optional(),
}
