// Images that one host builds for all: who builds, who receives, and in which order.
import { test } from 'tap'
import { collectProblems } from '../../core/config/problems.js'
import { oneBuilder } from '../../core/containers/one-builder.js'
import { anyEngine } from '../../core/engine-want.js'
import { imageStepId, joinSteps, unread } from '../../core/plan/graph.js'
import type { Host } from '../../core/project.js'
import type { EngineStep } from '../../core/provider.js'
import type { ImageWant, Wanted } from '../../core/wanted.js'

const at = { file: 'longshore.yaml', line: 3, column: 5 }

test('images that are built once', t => {
  const host = (name: string, connection: Host['connection'] = 'ssh'): Host => ({
    ...{ name, connection, address: name, labels: {}, groups: [], vars: {}, engine: anyEngine(), at },
  })
  const build = (ref: string, once?: 'first' | 'here'): ImageWant => ({
    ...{ ref, at, from: 'build', context: '/x', dockerfile: 'Dockerfile', args: {} },
    ...(once ? { once } : {}),
  })
  const base: ImageWant = { ref: 'base', at, from: 'import', dir: '/r', where: 'here' }
  const pull: ImageWant = { ref: 'redis', at, from: 'pull' }
  const short = (image: ImageWant): string =>
    image.from === 'host' ? `${image.ref} from ${image.host} +${image.others}` : `${image.from} ${image.ref}`
  const told = (once: 'first' | 'here' | undefined, hosts: Host[]): Record<string, string[]> => {
    const mistakes = collectProblems()
    const shares = hosts.map(one => ({
      host: one,
      wants: one.connection === 'local' ? [] : [base, build('app', once), pull],
      used: new Set(['app:latest', 'redis']),
    }))
    const wanted = oneBuilder(shares, mistakes)
    mistakes.throwIfAny()
    return Object.fromEntries([...wanted].map(([name, images]) => [name, images.map(short)]))
  }
  const all = ['import base', 'build app', 'pull redis']
  const three = [host('web1'), host('web2'), host('web3')]
  t.same(told(undefined, three.slice(0, 2)), { web1: all, web2: all }, 'each builds')
  t.same(told('first', three), {
    web1: all,
    web2: ['app from web1 +1', 'pull redis'],
    web3: ['app from web1 +1', 'pull redis'],
  })
  t.same(told('here', [host('web1'), host('web2'), host('desk', 'local')]), {
    web1: ['app from desk +1', 'pull redis'],
    web2: ['app from desk +1', 'pull redis'],
    desk: ['build app', 'import base'].reverse(),
  })
  t.throws(() => told('here', three), /no host is this machine: name it/)
  t.end()
})

test('an image is received after it was made', t => {
  const step = (host: string, ref: string): EngineStep => ({
    ...{ id: imageStepId(host, ref), host, thing: `image ${ref}`, verb: 'build', cause: '', after: [] },
    ...{ certainty: 'will', work: null },
  })
  const want = (images: object[]): Wanted => ({ containers: [], images }) as unknown as Wanted
  const wanted = new Map([
    [
      'web',
      want([
        { ref: 'app', from: 'host', host: 'db' },
        { ref: 'lost', from: 'host', host: 'gone' },
        { ref: 'own', from: 'build' },
      ]),
    ],
    ['db', want([{ ref: 'app', from: 'build' }])],
  ])
  const web = { host: 'web', before: [], engine: ['app', 'lost', 'own'].map(ref => step('web', ref)), after: [] }
  const ready = { ...step('db', 'x'), id: 'db/package docker.io' }
  const edges = (engine: EngineStep[]): Record<string, string[]> => {
    const joined = joinSteps([web, { host: 'db', before: [ready], engine, after: [] }], wanted, new Set(['gone']))
    return Object.fromEntries(joined.map(({ id, after }) => [id, after]))
  }
  t.same(edges([step('db', 'app')]), {
    'web/image app': ['db/image app'],
    'web/image lost': [unread('gone')],
    'web/image own': [],
    'db/package docker.io': [],
    'db/image app': ['db/package docker.io'],
  })
  t.same(edges([])['web/image app'], ['db/package docker.io'], 'where it is there, its host is to be ready')
  t.end()
})
