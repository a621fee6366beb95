// Why a host is not taken in by a swarm: answers of an engine to /swarm/join, recorded from docker 26.1.5 (Debian 13) and a manager of 20.10.24.
import { test } from 'tap'
import { UserError } from '../../../core/errors.js'
import { ApiError } from '../../../providers/docker/api/client.js'
import { explainJoin } from '../../../providers/swarm/members/join-trouble.js'

const rows: [string, string, RegExp][] = [
  [
    'rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster',
    'A valid join token is necessary to join this cluster',
    /^the token was changed while we worked: run this again$/,
  ],
  [
    'remote CA does not match fingerprint. Expected: bfaf5f9df522b251a2cead976ee46572455c769ac259ba64d154f1192d7d1231',
    'remote CA does not match fingerprint. Expected: bfaf5f9df522b251a2cead976ee46572455c769ac259ba64d154f1192d7d1231',
    /^another swarm answers web2 at 10\.0\.0\.1:2377: look at the routes/,
  ],
  [
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 172.17.0.12:2377: connect: connection refused"',
    'connection error: desc = "transport: Error while dialing: dial tcp 172.17.0.12:2377: connect: connection refused"',
    /^let web2 reach the managers at 2377\/tcp/,
  ],
  [
    'Timeout was reached before node joined. The attempt to join the swarm will continue in the background. Use the "docker info" command to see the current swarm status of your node.',
    'Timeout was reached before node joined.',
    /^let web2 reach the managers at 2377\/tcp/,
  ],
]

test('why a swarm does not take a host in', t => {
  for (const [said, told, hint] of rows) {
    const error = explainJoin('web2, join swarm', 'web2', ['10.0.0.1:2377'], new ApiError(503, said))
    if (!(error instanceof UserError)) throw error
    t.equal(error.message, `the swarm does not take it in: ${told}`)
    t.match(error.hint, hint)
    t.equal(error.where, 'web2, join swarm')
  }
  const other = new Error('not from the engine')
  t.equal(explainJoin('web2', 'web2', [], other), other, 'what no engine has said is given on')
  t.end()
})
