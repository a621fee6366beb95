// Why a swarm does not take a host in, in people's words.
import { messageOf, UserError } from '../../../core/errors.js'
import { hasStatus } from '../../docker/apply/job.js'

/** What an engine's answer to a join has in common with others of its sort, and what to do about it. */
const troubles: readonly [RegExp, (host: string, managers: string) => string][] = [
  [/token/i, () => 'the token was changed while we worked: run this again'],
  [
    /fingerprint/i,
    (host, managers) =>
      `another swarm answers ${host} at ${managers}: look at the routes between the two, or say \`advertise\` where a manager has several addresses`,
  ],
  [
    /x509|certificate/i,
    () => 'compare the clocks of the hosts: certificates of a swarm are valid from the moment on that they are made',
  ],
]

/** The words of gRPC around what was said, and advice for people at the host, who would see an attempt that we have ended. */
const plain = (text: string): string =>
  text
    .replace(/^rpc error: code = \w+ desc = /, '')
    .replace(/ The attempt to join the swarm will continue in the background[\s\S]*/, '')

/** The error for people; one that no engine has answered with is given back as it is. `managers`: the addresses that the host was to call. */
export function explainJoin(where: string, host: string, managers: readonly string[], error: unknown): unknown {
  if (!hasStatus(error, 400, 500, 503, 406)) return error
  const text = plain(messageOf(error))
  const [, hintOf] = troubles.find(([pattern]) => pattern.test(text)) ?? []
  const hint =
    hintOf?.(host, managers.join(', ')) ??
    `let ${host} reach the managers at 2377/tcp, and all members each other at 7946/tcp, 7946/udp and 4789/udp; say \`advertise\` where they have several addresses`
  return new UserError(`the swarm does not take it in: ${text}`, { where, hint, cause: error })
}
