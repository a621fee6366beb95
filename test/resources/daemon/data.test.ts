// The engine_data kind over a recorded engine: what a plan says of a move, and what stands against one.
import { test } from 'tap'
import { recorded } from '../recorded.js'
import { kindOf } from '../shells.js'

const kind = kindOf('engine_data')

const told = { state: 'empty', size: '3000000', free: '90000000', copier: 'cp', real: '/srv/docker' }

/** The changes for this folder, of the recorded engine with other words about itself, after a second look that tells this. */
const see = (root: string, look: Record<string, string> = {}, change: (info: string) => string = info => info) => {
  const want = kind.schema.parse({ root })
  const out = `${recorded('engine-26.1').replace(
    /^info=(.*)$/m,
    (_, info: string) => `info=${Buffer.from(change(Buffer.from(info, 'base64').toString())).toString('base64')}`,
  )}done\n`
  const seen = kind.read(out, want)
  const lines = Object.entries({ ...told, ...look }).map(([name, value]) => `${name}=${value}\n`)
  const full = kind.content?.(want, seen) && kind.withContent?.(`${lines.join('')}end\n`, want, seen)
  return {
    changes: kind.diff(want, full ?? seen),
    stops: kind.stops?.(want, seen),
    scripts: kind.apply(want, full ?? seen),
  }
}

test('what a move is, and what it cannot be', t => {
  const { changes, stops, scripts } = see('/srv//docker/')
  t.match(changes, [
    {
      what: 'data-root',
      from: '/var/lib/docker',
      to: '/srv/docker: 2.9 GiB are copied, 85.8 GiB are free; /var/lib/docker stays until you remove it',
      loses: 'the engine is away until all is there; 2 containers stop: db, web',
    },
  ])
  t.same([stops, scripts.length], [['db', 'web'], 1])
  t.match(see('/srv/docker', { state: 'same' }).changes[0]?.to, /its data is there already, and is compared/)
  t.same(see('/var/lib/docker/').changes, [], 'it is there')
  const empty = (info: string): string => info.replace(/"(Containers|Images)":\d+/g, '"$1":0')
  t.ok(see('/srv/docker', {}, empty).changes.length <= 1, 'volumes alone count, too')

  const refusals: [string, Record<string, string>, (info: string) => string, RegExp][] = [
    ['/var/lib/docker/new', {}, info => info, /cannot be copied to/],
    ['/var/lib', {}, info => info, /cannot be copied to/],
    ['/srv/docker', { state: 'other' }, info => info, /is not empty, and not a copy/],
    ['/srv/docker', { state: 'file' }, info => info, /is no folder/],
    ['/srv/docker', { state: 'itself' }, info => info, /by another name/],
    ['/srv/docker', { free: '3000000' }, info => info, /no room .* takes 2\.9 GiB, and 2\.9 GiB are free/],
    ['/srv/docker', { copier: '' }, info => info, /neither a cp nor a tar/],
    ['/srv/docker', { mount: '/var/lib/docker/volumes' }, info => info, /something else is mounted/],
    ['/srv/docker', {}, info => info.replace('"Driver":"overlay2"', '"Driver":"zfs"'), /by zfs/],
    ['/srv/docker', {}, info => info.replace('"LocalNodeState":"inactive"', '"LocalNodeState":"active"'), /swarm/],
    [
      '/srv/docker',
      {},
      info => info.replace('"LiveRestoreEnabled":false', '"LiveRestoreEnabled":true'),
      /--live-restore/,
    ],
  ]
  for (const [root, look, change, message] of refusals)
    t.throws(() => see(root, look, change), { message, exit: 3 }, String(message))
  for (const root of ['/', 'srv/docker', '/srv/"x', '//']) t.notOk(kind.schema.safeParse({ root }).success, root)
  t.end()
})
