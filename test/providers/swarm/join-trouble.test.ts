// Why a host is not taken in by a swarm: answers of an engine to /swarm/join, recorded from docker 26.1.5 (Debian 13) and a manager of 20.10.24.
import { test } from 'tap'
import { UserError } from '../../../core/errors.js'
import { type Api, ApiError } from '../../../providers/docker/api/client.js'
import type { SwarmJob } from '../../../providers/swarm/job.js'
import { infoBefore } from '../../../providers/swarm/members/attempt.js'
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

test('an engine whose part of a swarm has ended by an error is not made to leave it', async t => {
  // What an engine tells whose certificate has run out; from moby's daemon/cluster (Info, currentNodeState), not recorded.
  const states = ['pending', 'error'].map(LocalNodeState => ({
    NodeID: '',
    LocalNodeState,
    Error: 'swarm certificates have expired',
  }))
  const asked: unknown[] = []
  const api = {
    json: async (request: unknown) => {
      asked.push(request)
      return { Swarm: states[Math.min(asked.length, states.length) - 1] }
    },
  } as unknown as Api
  const job = { where: 'web2, join swarm', signal: new AbortController().signal } as unknown as SwarmJob
  await t.rejects(infoBefore(job, api, 'web2'), {
    message: /cannot go on with it: swarm certificates have expired$/,
    hint: /`docker swarm leave --force` on web2/,
    where: 'web2, join swarm',
  })
  t.same(asked, [{ path: '/info' }, { path: '/info' }], 'it is only looked at')
})
