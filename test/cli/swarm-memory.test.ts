// Which machines forget their swarm when a snapshot is brought back, as a table.
import { test } from 'tap'
import { forgetsSwarm } from '../../cli/machines/swarm-memory.js'
import { anyEngine } from '../../core/engine-want.js'
import type { Host } from '../../core/project.js'
import type { MembershipWant } from '../../core/together/membership-words.js'

const at = { file: 'longshore.yaml', line: 1, column: 1 }

const host = (name: string, role?: MembershipWant['role']): Host => {
  const membership: MembershipWant | undefined =
    role === undefined ? undefined : { role, labels: {}, availability: 'active', at }
  const engine = { ...anyEngine(), ...(membership === undefined ? {} : { membership }) }
  return { name, connection: 'ssh', address: name, labels: {}, groups: [], vars: {}, engine, at }
}

test('who forgets its swarm', t => {
  const three = [host('a', 'manager'), host('b', 'manager'), host('c', 'manager'), host('d', 'worker')]
  const single = [host('a', 'manager'), host('b', 'worker')]
  const cases: [string, Host[], string, string[], boolean][] = [
    ['a manager of several, brought back alone', three, 'a', ['a'], true],
    ['some of the managers', three, 'a', ['a', 'b', 'd'], true],
    ['all managers: what they know is as old', three, 'a', ['a', 'b', 'c'], false],
    ['a worker is told everything anew', three, 'd', ['d'], false],
    ['the only manager is all that the swarm knows', single, 'a', ['a'], false],
    ['no swarm', [host('a'), host('b')], 'a', ['a'], false],
  ]
  for (const [what, hosts, name, restored, expected] of cases)
    t.equal(forgetsSwarm({ hosts }, name, new Set(restored)), expected, what)
  t.end()
})
