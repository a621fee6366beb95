// How a service of a swarm stands while its nodes come and go, as a table: what runs, what shall, and whether the rest is on its way.
import { test } from 'tap'
import { isOnEach, standingOf } from '../../../providers/swarm/services/standing.js'
import type { NodeShape, ServiceShape, ServiceSpec, TaskShape } from '../../../providers/swarm/shapes.js'

const node = (ID: string, State = 'ready'): NodeShape => ({
  ID,
  Version: { Index: 1 },
  Spec: { Role: 'worker', Availability: 'active' },
  Description: { Hostname: ID },
  Status: { State },
})

const service = (Mode: ServiceSpec['Mode']): ServiceShape => ({
  ID: 'web',
  Version: { Index: 1 },
  Spec: { Name: 'shop_web', TaskTemplate: {}, Mode },
})

const one = service({ Replicated: { Replicas: 1 } })
const everywhere = service({ Global: {} })

/** "STATE/DESIRED@NODE", with what the swarm says of it after a colon. */
const task = (text: string): TaskShape => {
  const [, State = '', DesiredState = '', NodeID, Err] = /^(\w+)\/(\w+)(?:@(\w+))?(?:: (.*))?$/.exec(text) ?? []
  return {
    ID: text,
    ServiceID: 'web',
    CreatedAt: '2026-01-01T00:00:00Z',
    DesiredState,
    Version: { Index: 1 },
    Spec: {},
    Status: { State, Timestamp: '2026-01-01T00:00:00Z', ...(Err === undefined ? {} : { Err }) },
    ...(NodeID === undefined ? {} : { NodeID }),
  }
}

test('how a service stands', t => {
  const nowhere = 'no suitable node (scheduling constraints not satisfied on 3 nodes)'
  const cases: [string, ServiceShape, string[], NodeShape[], ReturnType<typeof standingOf>][] = [
    ['it runs', one, ['running/running@a'], [node('a')], { up: 1, wanted: 1, isComing: false }],
    [
      'its node has come back, and the container that ran there is replaced after a pause',
      one,
      ['failed/shutdown@a', 'preparing/ready@a'],
      [node('a')],
      { up: 0, wanted: 1, isComing: true },
    ],
    [
      'it starts, and its health check is not good yet',
      one,
      ['starting/running@a'],
      [node('a')],
      { up: 0, wanted: 1, isComing: true },
    ],
    ['nobody has been chosen to run it yet', one, ['new/running'], [node('a')], { up: 0, wanted: 1, isComing: true }],
    [
      'no node may run it',
      one,
      [`pending/running: ${nowhere}`],
      [node('a')],
      { up: 0, wanted: 1, isComing: false, why: nowhere },
    ],
    [
      'what is said of a node that is down is from before',
      one,
      ['running/running@a'],
      [node('a', 'down')],
      { up: 0, wanted: 1, isComing: false },
    ],
    [
      'a global service counts the nodes that are up',
      everywhere,
      ['running/running@a', 'running/running@b', 'running/running@c'],
      [node('a'), node('b'), node('c', 'down')],
      { up: 2, wanted: 2, isComing: false },
    ],
    [
      'one of them is not there yet',
      everywhere,
      ['running/running@a', 'assigned/running@b'],
      [node('a'), node('b')],
      { up: 1, wanted: 2, isComing: true },
    ],
    [
      'in an update the new one waits for the old one to end',
      everywhere,
      ['running/running@a', 'running/shutdown@b', 'preparing/ready@b'],
      [node('a'), node('b')],
      { up: 1, wanted: 2, isComing: true },
    ],
  ]
  for (const [what, wanted, tasks, nodes, expected] of cases) {
    const cluster = {
      id: 'c',
      nodes,
      services: [wanted],
      tasks: tasks.map(task),
      networks: [],
      secrets: [],
      configs: [],
    }
    t.same(standingOf(cluster, wanted), expected, what)
  }
  t.end()
})

test('whether each host has one', t => {
  const called = (ID: string, host: string, State = 'ready'): NodeShape => {
    const plain = node(ID, State)
    return { ...plain, Spec: { ...plain.Spec, Labels: { 'longshore.host': host } } }
  }
  const cases: [string, NodeShape[], string[], string[], boolean][] = [
    [
      'all have',
      [called('a', 'web1'), called('b', 'web2')],
      ['running/running@a', 'new/running@b'],
      ['web1', 'web2'],
      true,
    ],
    [
      'a new node was given none yet',
      [called('a', 'web1'), called('b', 'web2')],
      ['running/running@a'],
      ['web1', 'web2'],
      false,
    ],
    [
      'only the node that it was before has one',
      [called('a', 'web1'), called('old', 'web2', 'down'), called('b', 'web2')],
      ['running/running@a', 'running/running@old', 'shutdown/shutdown@b'],
      ['web1', 'web2'],
      false,
    ],
    ['others are not asked about', [called('a', 'web1'), called('b', 'web2')], ['running/running@a'], ['web1'], true],
  ]
  for (const [name, nodes, tasks, hosts, expected] of cases)
    t.equal(isOnEach({ nodes, tasks: tasks.map(task) }, hosts), expected, name)
  t.end()
})
