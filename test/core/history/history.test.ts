// The history of a project: entries as text, what stood at a time, which entry a rollback goes back to, and what is kept.
import { test } from 'tap'
import { chooseEntry, type HostHistory, standAt } from '../../../core/history/choose.js'
import {
  entriesToDrop,
  entryText,
  type HistoryEntry,
  type HistoryHead,
  imagesKeptByHistory,
  readEntries,
} from '../../../core/history/entry.js'
import { keepShare, restore } from '../../../core/history/keep.js'
import { Secret } from '../../../core/secret.js'
import { container, network } from '../../providers/samples.js'

type Services = Record<string, string>

/** An entry in which each service has one container with that colour, of the image of that name. */
const entry = (number: number, services: Services, more: Partial<HistoryHead> = {}): HistoryEntry => {
  const head: HistoryHead = {
    version: 1,
    number,
    time: `2026-01-01T00:00:${String(number).padStart(2, '0')}Z`,
    who: 'ann@laptop',
    reason: 'up',
    state: 'done',
    changes: [],
    images: Object.entries(services).map(([service, colour]) => ({
      container: `shop-${service}-1`,
      service,
      ref: 'box',
      id: `sha256:${colour}`,
    })),
    ...more,
  }
  if (head.state !== 'done') return { head }
  const containers = Object.entries(services).map(([service, colour]) =>
    container(service, { environment: { COLOUR: colour } }),
  )
  return { head, share: { containers, networks: [network('shop_default')], volumes: [] } }
}

const on = (...entries: HistoryEntry[]): HostHistory[] => [{ host: 'web1', entries }]

test('which entry a rollback goes back to', t => {
  const one = entry(1, { web: 'blue', db: 'v1' })
  const two = entry(2, { web: 'green', db: 'v1' })
  const three = entry(3, { web: 'green', db: 'v2' })
  const failed = entry(4, {}, { state: 'failed' })
  const killed = entry(5, {}, { state: 'begun' })
  const back = entry(4, { web: 'green', db: 'v1' }, { rollback: 2, only: ['web', 'db'] })
  const webBack = entry(4, { web: 'blue' }, { rollback: 1, only: ['web'] })
  const same = entry(4, { web: 'green', db: 'v2' })
  const gone = entry(2, {}, { reason: 'down' })
  const later = entry(3, { web: 'red', db: 'v1' })
  const rows: [string, HostHistory[], string[], number | undefined, number | RegExp][] = [
    ['the one before', on(one, two, three), [], undefined, 2],
    ['the last in which the service was otherwise', on(one, two, three), ['web'], undefined, 1],
    ['one that is named', on(one, two, three), [], 1, 1],
    ['a run that only started something is passed over', on(one, two, three, same), [], undefined, 2],
    ['after a failure the last good one', on(one, two, three, failed), [], undefined, 3],
    ['after a run that was killed, too', on(one, two, three, killed), [], undefined, 3],
    ['after a rollback the same again', on(one, two, three, back), [], undefined, 2],
    ['of one service, too', on(one, two, three, webBack), ['web'], undefined, 1],
    ['the rest may still go back', on(one, two, three, webBack), [], undefined, 1],
    ['whose entry is gone: nothing', on(three, back), [], undefined, 4],
    ['past a down, where nothing stood', on(one, gone, later), [], undefined, 1],
    ['after a down what there was', on(one, gone), [], undefined, 1],
    ['nothing yet', on(), [], undefined, /there is no history yet/],
    ['nothing before', on(one), [], undefined, /no older entry is known in which the containers stood otherwise/],
    ['nothing before of it', on(two, three), ['web'], undefined, /in which web stood otherwise/],
    ['never well', on(failed), [], undefined, /ended well so far/],
    ['no such number', on(one, two), [], 9, /there is no entry 9; those that are kept: 1, 2/],
    ['one that failed', on(one, two, three, failed), [], 4, /entry 4 did not end well \(failed\)/],
  ]
  for (const [name, histories, services, to, expected] of rows) {
    const ask = (): number => chooseEntry(histories, to === undefined ? { services } : { services, to })
    if (typeof expected === 'number') t.equal(ask(), expected, name)
    else t.throws(ask, { message: expected }, name)
  }
  const hosts = [
    { host: 'web1', entries: [one, two] },
    { host: 'web2', entries: [one, entry(2, {}, { state: 'failed' })] },
  ]
  t.equal(chooseEntry(hosts, { services: [] }), 1, 'what failed on one host is good on none')

  // Of several engines each may know an image by an id of its own, and where none was asked nobody knows it.
  const made = (number: number, ...images: { id: string; digest?: string }[]): HistoryEntry =>
    entry(
      number,
      { web: 'same' },
      {
        images: images.map(image => ({ container: 'shop-web-1', service: 'web', ref: 'box', ...image })),
      },
    )
  const [digest, other] = ['d', 'e'].map(letter => `box@sha256:${letter.repeat(64)}`)
  const images: [string, { id: string; digest?: string | undefined }[], number | RegExp][] = [
    ['another image', [{ id: 'sha256:b' }], 1],
    ['one more id of it', [{ id: 'sha256:b' }, { id: 'sha256:a' }], /stood otherwise/],
    ['not known', [], /stood otherwise/],
    ['known by its digest alone', [{ id: `sha256:${'d'.repeat(64)}`, digest }], /stood otherwise/],
    ['another digest', [{ id: `sha256:${'e'.repeat(64)}`, digest: other }], 1],
  ]
  const first = made(1, { id: 'sha256:a', digest: digest ?? '' })
  for (const [name, now, expected] of images) {
    const ask = (): number => chooseEntry(on(first, made(2, ...(now as { id: string }[]))), { services: [] })
    if (typeof expected === 'number') t.equal(ask(), expected, name)
    else t.throws(ask, { message: expected }, name)
  }
  t.end()
})

test('what stood at a time: entries for some services are read upon those for all', t => {
  const entries = [
    entry(1, { web: 'blue', db: 'v1' }),
    entry(2, { web: 'green' }, { only: ['web'] }),
    entry(3, {}, { only: ['web'] }),
    entry(4, {}, { state: 'failed' }),
    entry(5, { db: 'v2' }),
  ]
  const stood = (number: number): Services =>
    Object.fromEntries([...standAt(entries, number).services].map(([name, { images }]) => [name, images[0]?.id ?? '']))
  t.same(stood(1), { web: 'sha256:blue', db: 'sha256:v1' })
  t.same(stood(2), { web: 'sha256:green', db: 'sha256:v1' })
  t.same(stood(3), { db: 'sha256:v1' }, 'none of it was left')
  t.same(stood(4), stood(3), 'a failed run tells nothing')
  t.same(stood(5), { db: 'sha256:v2' })
  t.same(stood(0), {})
  t.end()
})

test('files of entries: two lines, read whole or only the first, bounded', t => {
  const entries = [entry(10, { web: 'blue' }), entry(9, { web: 'green' }), entry(11, {}, { state: 'begun' })]
  const texts = entries.map(entryText)
  t.same(
    readEntries(texts.join('')).map(({ head: { number }, share }) => [number, share?.containers.length]),
    [
      [9, 1],
      [10, 1],
      [11, undefined],
    ],
  )
  const firstLines = texts.map(text => `${text.split('\n')[0]}\n`).join('')
  t.same(
    readEntries(firstLines).map(({ head: { number }, share }) => [number, share]),
    [
      [9, undefined],
      [10, undefined],
      [11, undefined],
    ],
  )
  t.same(readEntries('{"version":2,"number":1}\nnot json\n{"version":1,"num'), [], 'what cannot be read is left out')
  const huge = entry(1, { web: 'x'.repeat(600 * 1024) }, { images: [] })
  const [read] = readEntries(entryText(huge))
  t.match(read, { head: { number: 1, tooLarge: true } })
  t.equal(read?.share, undefined)
  t.throws(() => chooseEntry(on(read as HistoryEntry, entry(2, {})), { services: [], to: 1 }), /too large/)

  const heads = Array.from({ length: 12 }, (_, index) => entry(index + 1, { web: `c${index}` }).head)
  t.same(entriesToDrop(heads, entry(13, {}).head), [1, 2, 3])
  t.same(entriesToDrop(heads.slice(0, 5), entry(6, {}).head), [])
  t.same(entriesToDrop([...heads.slice(0, 5), entry(6, {}, { state: 'begun' }).head], entry(6, {}).head), [])
  const some = heads.map((head, index) => (index === 0 ? head : { ...head, only: ['web'] }))
  t.same(entriesToDrop(some, entry(13, {}, { only: ['web'] }).head), [2, 3], 'what the others are read upon stays')
  t.same(
    [
      ...imagesKeptByHistory([
        entry(1, { web: 'a', db: 'b' }),
        entry(2, { web: 'a' }),
        entry(3, { x: 'c' }, { state: 'failed' }),
        entry(4, {}, { images: [{ container: 'a', service: 'a', ref: 'r', id: 'sha256:d', digest: 'r@sha256:d' }] }),
      ]),
    ].sort(),
    ['r@sha256:d', 'sha256:a', 'sha256:b', 'sha256:d'],
  )
  t.end()
})

test('no secret value is kept; today’s comes back, and one that changed is told', t => {
  const key = Buffer.alloc(32, 7)
  const wanted = container('web', {
    environment: { TOKEN: new Secret('TOKEN', 'hunter-4711'), PLAIN: 'x' },
    files: [{ target: '/run/secrets/a', content: new Secret('DB', 'hunter-0815'), uid: 0, gid: 0, mode: 0o400 }],
  })
  const kept = keepShare({ containers: [wanted], networks: [], volumes: [] }, key)
  const text = JSON.stringify(kept)
  t.notMatch(text, /hunter/)
  t.notMatch(text, Buffer.from('hunter-4711').toString('base64'))
  const changed: string[] = []
  const values: Record<string, string> = { TOKEN: 'hunter-4711', DB: 'another' }
  const restoring = {
    key,
    secret: (name: string) => (values[name] === undefined ? undefined : new Secret(name, values[name])),
    changed: (name: string) => void changed.push(name),
  }
  const [back] = restore(JSON.parse(text) as typeof kept, restoring).containers
  t.same(changed, ['DB'])
  const { TOKEN, PLAIN } = back?.config.environment ?? {}
  t.equal(TOKEN instanceof Secret && TOKEN.reveal(), 'hunter-4711')
  t.equal(PLAIN, 'x')
  const content = back?.config.files?.[0]?.content
  t.equal(content instanceof Secret && content.reveal(), 'another')
  delete values.DB
  t.throws(() => restore(kept, restoring), /needs the secret DB, which the file does not know any more/)
  t.end()
})
