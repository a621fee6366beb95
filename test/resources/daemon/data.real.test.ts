// The engine_data kind on real engines: the data goes along, nothing is lost when it does not, and a move that is cut off ends in one of two states.
import { t as all, type Test, test } from 'tap'
import { rolledBackCode } from '../../../resources/daemon/run-script.js'
import type { HostOptions } from '../../lab/host.js'
import { apply, converge, kindOf, type Look, plan } from '../shells.js'
import { engineHost } from './engine-host.js'
import { holder, type PlaceName, places } from './hold.js'

all.setTimeout(600_000)

const kind = 'engine_data'

const warned = ({ want, seen }: Look): string[] => kindOf(kind).warnings?.(want, seen) ?? []

/** What a copy has to keep: names with spaces, owners, times, links, holes, extended attributes, and what is no file. */
const furnish = `docker volume create stock >/dev/null
docker volume create bare >/dev/null
cd "$(docker volume inspect -f '{{.Mountpoint}}' stock)"
echo one >'a b'; ln 'a b' hard; ln -s 'a b' soft; mkfifo pipe; chown 1234:5678 'a b'; chmod 4751 'a b'; touch -d 2001-02-03 'a b'
truncate -s 64M holes; echo end >>holes
perl -e '($f, $k, $v) = ("hard", "user.colour", "blue"); syscall(188, $f, $k, $v, 4, 0) == 0 or print STDERR "no attribute: $!"'
docker create --name job -v stock:/s busybox true >/dev/null
docker run -d --rm --stop-timeout 1 --name brief -v /x busybox sleep 100000 >/dev/null`

/** All of it, as the engine and the volume tell it. */
const account = `docker images -q --no-trunc; docker volume ls -q | grep -xE 'stock|bare'; docker ps -a --format '{{.Names}}' | grep -v brief | sort
cd "$(docker volume inspect -f '{{.Mountpoint}}' stock)" && stat -c '%n %f %u:%g %s %Y %h' * && cat 'a b' soft && [ $(du -k holes | cut -f1) -lt 1000 ] && echo sparse
perl -e '($f, $k, $v) = ("a b", "user.colour", "\\0" x 9); $n = syscall(191, $f, $k, $v, 9); print substr($v, 0, $n), "\\n"'`

async function moves(t: Test, title: string, options: HostOptions): Promise<void> {
  const mounts = ['/data', '/data2']
  const made = await engineHost(t, options.release ?? 'bookworm', ['sh'], { ...options, mounts })
  const { host, shell, said, file } = made
  const to = (root: string): Promise<Look> => plan(kind, { root }, shell)
  const root = (): Promise<string> => said("docker info -f '{{.DockerRootDir}}'")
  const life = { 'live-restore': options.release === 'trixie' }
  t.same((await converge('engine_config', { daemon: life }, shell)).left, [], title)
  const furnished = await host.sh(furnish)
  t.same([furnished.code, furnished.stderr], [0, ''], title)
  const before = await said(account)
  t.match(before, /sparse\nblue$/, title)

  t.same((await to('/var/lib/docker')).changes, [], `${title}: it is there`)
  const wanted = { daemon: { ...life, 'data-root': '/data/docker' } }
  await t.rejects(plan('engine_config', wanted, shell), /holds 3 containers.*data_root_move: copy/, title)
  t.same(
    (await plan('engine_config', { ...wanted, data_root_move: 'copy' }, shell)).changes,
    [],
    `${title}: left to it`,
  )
  await host.sh(
    'mkdir -p /data/full && echo mine >/data/full/file; mkdir /small && mount -t tmpfs -o size=100k none /small',
  )
  await t.rejects(to('/data/full'), /is not empty, and not a copy of/, title)
  await t.rejects(to('/small/docker'), /no room .* are free/, title)
  await t.rejects(to('/var/lib/docker/inside'), /cannot be copied/, title)

  // the root of a lab host is an overlay itself, on which no engine keeps its layers
  const failed = await apply(kind, await to('/srv/docker'), shell)
  t.match(failed, { code: rolledBackCode, stdout: /rolled back: the old files are back, and the engine runs/ }, title)
  t.same([await root(), await said(account), await said('ls -A /srv/docker')], ['/var/lib/docker', before, ''], title)

  const first = await to('/data/docker')
  t.match(
    first.changes,
    [
      {
        what: 'data-root',
        from: '/var/lib/docker',
        to: /^\/data\/docker: \d+(\.\d)? [KM]iB are copied, .* are free; \/var\/lib\/docker stays until you remove it$/,
        loses: /^the engine is away until all is there; [12] containers? stops?: .*web/,
      },
    ],
    title,
  )
  const went = await apply(kind, first, shell)
  t.match(
    went,
    { code: 0, stdout: /moved to \/data\/docker; the data before it is still in \/var\/lib\/docker/ },
    `${title}: ${went.stdout}${went.stderr}`,
  )
  t.same([await root(), await said(account)], ['/data/docker', before], `${title}: all went along`)
  t.equal(await said("docker inspect -f '{{.State.Running}}' web"), 'true', `${title}: what restarts by itself runs`)
  t.match(JSON.parse(await file()), { ...life, 'data-root': '/data/docker' }, title)
  const again = await to('/data/docker')
  t.same([again.changes, warned(again).length], [[], 1], title)
  t.match(warned(again)[0], /still in \/var\/lib\/docker/, title)
  t.same((await converge('engine_config', { ...wanted, data_root_move: 'copy' }, shell)).left, [], title)
  t.match(await said('ls /var/lib/docker; ls -A /data/docker'), /volumes[\s\S]*volumes/, title)
  t.notMatch(await said('ls -A /data/docker'), /longshore/, title)

  // the old folder is as it was: nothing need be copied to go back, unless there is something new since
  const second = await to('/var/lib/docker')
  t.match(second.changes[0]?.to, /its data is there already, and is compared/, title)
  await host.sh(`echo more >"$(docker volume inspect -f '{{.Mountpoint}}' stock)/more"`)
  t.match(await apply(kind, second, shell), { code: rolledBackCode, stdout: /holds an older state/ }, title)
  await host.sh(`rm "$(docker volume inspect -f '{{.Mountpoint}}' stock)/more"`)
  const back = await converge(kind, { root: '/var/lib/docker' }, shell)
  t.same([back.ended.code, back.left, await root()], [0, [], '/var/lib/docker'], `${title}: ${back.ended.stdout}`)
  t.equal(await said(account), before, title)

  const hold = await holder(host)
  const cuts: [PlaceName, string, RegExp, boolean][] = [
    ['the data is copied', '/data2/a', /gone back/, false],
    ['the new folder is to be named', '/data2/b', /gone back/, false],
    ['the new folder is named', '/data2/c', /gone on with/, options.release === 'trixie'],
    ['the engine starts', '/data2/d', /gone on with/, false],
    ['the engine is asked', '/data2/e', /gone on with/, false],
  ]
  // one host meets all of them, the others one of each outcome
  const met = options.release === 'trixie' ? cuts : cuts.filter((_, index) => index % 3 === 0)
  for (const [name, folder, word, power] of met) {
    const at = `${title}, ${name}`
    const look = await to(folder)
    await hold.arm(places[name])
    const running = apply(kind, look, shell)
    t.ok(await hold.reached(), `${at}: it comes there`)
    if (power) {
      await host.stop()
      await host.start()
      await said('until docker version >/dev/null 2>&1; do sleep 0.2; done')
      await hold.prepare()
    } else await hold.kill()
    t.not((await running).code, 0, at)
    const next = await to(folder)
    t.match(next.changes[0], { what: 'interrupted change', to: word }, `${at}: it is seen`)
    t.equal(next.changes.length, word.test('gone on with') ? 1 : 2, `${at}: ${JSON.stringify(next.changes)}`)
    const mended = await converge(kind, { root: folder }, shell)
    t.same(
      [mended.ended.code, mended.left, await root()],
      [0, [], folder],
      `${at}: ${mended.ended.stdout}${mended.ended.stderr}`,
    )
    t.equal(await said(account), before, `${at}: all is there`)
    t.equal(
      await said(`ls /var/lib/longshore/engine/change; ls -A ${folder} | grep longshore`),
      '',
      `${at}: all is tidy`,
    )
  }
}

test('the data of an engine moves', async t => {
  await Promise.all([
    moves(t, 'bookworm', { release: 'bookworm' }),
    moves(t, 'trixie', { release: 'trixie' }),
    moves(t, 'bookworm without an init', { release: 'bookworm', init: 'none' }),
  ])
})
