// Images that travel between real engines, of three kinds, over SSH: how many bytes go where, what a cut costs, and that all end up with the same.
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { messageOf, UserError } from '../../../core/errors.js'
import { type Arrival, spread } from '../../../providers/docker/ship/spread.js'
import { busyboxTarball, docker, ensureEngine, labHost, run, tryDocker } from '../../lab/index.js'
import { shipByCommand } from './ship-command.js'
import { type CountedEngine, openCounted } from './ship-hosts.js'
import { pages } from './ship-pages.js'

tap.setTimeout(480_000)

const megabyte = 1e6
const layerBytes = 15 * megabyte
/** The large image: eight layers of 25 MB that shrink to a quarter or so. */
const largeLayers = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8']
const largeLayerBytes = 6144 * 4096
const all = largeLayers.length * largeLayerBytes
const ref = `lsship-${process.pid}:1`
const base = `lsship-${process.pid}-base`
const large = `lsship-${process.pid}-large`
const never = new AbortController().signal

await ensureEngine()
// One engine of each kind: 20.10, 26.1, and 26.1 with the containerd store.
const labs = await Promise.all([
  labHost({ name: 'old', engine: true }),
  labHost({ name: 'new', engine: true, release: 'trixie' }),
  labHost({ name: 'store', engine: true, release: 'trixie' }),
])
const [old, newer, store] = labs
await store.sh(
  `mkdir -p /etc/docker; echo '{"features":{"containerd-snapshotter":true}}' > /etc/docker/daemon.json; systemctl restart docker`,
  { check: true },
)
const folder = await mkdtemp(join(tmpdir(), 'lsship-'))
const here = await openCounted()
const [atOld, atNew, atStore] = (await Promise.all(labs.map(lab => openCounted(lab)))) as [
  CountedEngine,
  CountedEngine,
  CountedEngine,
]
const targets = [atOld, atNew, atStore]

const spoolFolders = async (): Promise<string[]> =>
  (await readdir('/var/tmp')).filter(name => name.startsWith('longshore-ship-'))
const before = await spoolFolders()

/** Builds an image here from these files, one layer each. */
async function build(files: Record<string, Uint8Array>, from = base, name = ref): Promise<void> {
  const context = await mkdtemp(join(folder, 'context-'))
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(context, name), bytes)
  const copies = Object.keys(files).map(name => `COPY ${name} /${name}\n`)
  await writeFile(join(context, 'Dockerfile'), `FROM ${from}\n${copies.join('')}`)
  await docker(['build', '-q', '-t', name, context])
  await rm(context, { recursive: true })
}

/** Builds the large image here with a small layer that is another one each time. */
const buildLarge = (): Promise<void> => build({ small: randomBytes(10_000) }, large)

const ship = (to: readonly CountedEngine[], options: { signal?: AbortSignal; groupBytes?: number } = {}) => {
  for (const one of [here, ...targets]) one.reset()
  const asked = to.map(({ engine }) => ({ engine, tell: () => undefined }))
  return spread(here.engine, ref, asked, { signal: never, ...options })
}

const states = (arrivals: readonly Arrival[]): string[] => arrivals.map(({ state }) => state)

test('images that travel', async t => {
  t.teardown(async () => {
    await Promise.all([here, ...targets].map(one => one.close()))
    await Promise.all(labs.map(lab => lab.remove()))
    await tryDocker(['rmi', '-f', ref, large, base, 'lsone-app', 'lsone-base'])
    await tryDocker(['image', 'prune', '-f', '--filter', `label=lsship=${process.pid}`])
    await rm(folder, { recursive: true, force: true })
  })
  await docker(['import', '-c', `LABEL lsship=${process.pid}`, await busyboxTarball(), base])
  await build(Object.fromEntries(largeLayers.map(name => [name, pages(largeLayerBytes)])), base, large)
  const wholeText = `cat ${largeLayers.map(name => `/${name}`).join(' ')} /small | wc -c`

  await t.test(
    '200 MB to three hosts, two of them cut off half way: the source is read once, what arrived is not sent again',
    async t => {
      await buildLarge()
      const start = process.memoryUsage().rss
      let peak = start
      const look = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage().rss)
      }, 10)
      // Compressed it is a quarter or so.
      for (const one of [atNew, atStore]) one.cutAfter = all / 8
      const began = performance.now()
      const cut = await ship(targets)
      const ms = performance.now() - began
      t.same(states(cut), ['sent', 'failed', 'failed'], 'one that is cut off does not hold up the others')
      for (const [arrival, where] of [
        [cut[1], 'new'],
        [cut[2], 'store'],
      ] as const)
        t.match(arrival, { error: { message: /did not arrive/, where, hint: /only the layers that did not arrive/ } })
      t.ok(here.read > all && here.read < all + 8 * megabyte, `${here.read} bytes were read for three hosts`)
      const whole = atOld.written
      t.ok(whole > all / 5 && whole < all / 3, `${whole} bytes, compressed`)
      for (const one of targets) one.cutAfter = undefined
      const again = await ship(targets)
      clearInterval(look)
      t.same(states(again), ['already', 'sent', 'sent'])
      for (const [index, one] of targets.entries()) {
        if (one === atOld) continue
        const { layers = 0 } = again[index] as { layers?: number }
        t.ok(
          layers > 1 && layers < largeLayers.length,
          `${one.engine.scope.name}: ${layers} of 9 layers the second time`,
        )
        const rest = whole - all / 8
        // Layers are loaded in groups of 8 MB, and the one that makes a group full goes with it.
        const most = rest + 8 * megabyte + 1.1 * (whole / largeLayers.length)
        t.ok(one.written < most, `${one.engine.scope.name}: ${one.written} of ${whole} bytes the second time`)
      }
      t.ok(peak - start < 80 * megabyte, `memory grew by ${Math.round((peak - start) / megabyte)} MB`)
      t.comment(`${Math.round(ms)} ms for ${Math.round(all / megabyte)} MB to three hosts`)
      const id = (await docker(['inspect', '-f', '{{.Id}}', ref])).trim()
      for (const lab of [old, newer])
        t.equal((await lab.sh(`docker inspect -f '{{.Id}}' ${ref}`)).stdout.trim(), id, `${lab.name}: the same id`)
      for (const lab of labs) {
        const { stdout } = await lab.sh(`docker run --rm ${ref} sh -c '${wholeText}'`)
        t.equal(stdout.trim(), String(all + 10_000), `${lab.name}: it runs`)
        const list = (await lab.sh(`docker images --format '{{.Repository}}' | sort`)).stdout.trim().split('\n')
        t.same(
          list,
          [...(lab === store ? ['longshore-layers'] : []), ref.replace(':1', '')],
          `${lab.name}: and no more`,
        )
        const carriers = (await lab.sh('docker images -qa --filter label=longshore.ships')).stdout.split('\n')
        t.equal(carriers.length - 1, lab === store ? 1 : 0, `${lab.name}: nothing is left of the first try`)
      }
    },
  )

  await t.test('twice: nothing is sent', async t => {
    t.same(states(await ship(targets)), ['already', 'already', 'already'])
    for (const one of targets) t.ok(one.written < 2000, `${one.written} bytes`)
  })

  await t.test('10 kB of the 200 MB changed: only that layer is sent', async t => {
    await buildLarge()
    const arrivals = await ship(targets)
    t.match(arrivals, [{ state: 'sent', layers: 1 }, { layers: 1 }, { layers: 1 }])
    for (const one of targets) t.ok(one.written < 200_000, `${one.engine.scope.name}: ${one.written} bytes`)
    const sums = await Promise.all(labs.map(lab => lab.sh(`docker run --rm ${ref} sha256sum /small /p1`)))
    t.equal(new Set(sums.map(({ stdout }) => stdout)).size, 1, 'all have the same')
    t.equal((await store.sh('docker images -q longshore-layers')).stdout.trim().split('\n').length, 1)
  })

  await t.test('interrupted: it ends at once, and leaves nothing here', async t => {
    await build({ h: randomBytes(layerBytes) })
    // Wherever it is by then: asking, reading, or sending; to one host the source may send a part of its own making.
    for (const to of [targets, [atOld]])
      for (const ms of [0, 60, 120, 300]) {
        const controller = new AbortController()
        const end = setTimeout(() => controller.abort(new UserError('interrupted', { exit: 130 })), ms)
        const told = await ship(to, { signal: controller.signal }).then(states, (error: unknown) => messageOf(error))
        clearTimeout(end)
        t.equal(told, 'interrupted', `after ${ms} ms, to ${to.length}`)
        t.same(await spoolFolders(), before)
      }
  })

  await t.test('a store that seems to have what it cannot hand on is sent all of it', async t => {
    await writeFile(join(folder, 'only'), randomBytes(10_000))
    const tarball = join(folder, 'lure.tar')
    await docker(['run', '--rm', '-v', `${folder}:/x`, base, 'tar', '-C', '/x', '-cf', '/x/lure.tar', 'only'])
    await docker(['import', tarball, `${base}-lure`])
    const lure = `lsship-${process.pid}:lure`
    await build({ other: randomBytes(10_000) }, `${base}-lure`, lure)
    const input = await readFile(tarball)
    await store.sh('docker import -c "LABEL longshore.ships=nothing" - lure', { check: true, input })
    const images = [{ engine: atStore.engine, tell: () => undefined }]
    t.match(await spread(here.engine, lure, images, { signal: never }), [{ state: 'sent', layers: 2 }])
    t.equal((await store.sh(`docker save ${lure} | tar -t | grep -c blobs/sha256/.`)).stdout.trim(), '4', 'it is whole')
    await docker(['rmi', lure, `${base}-lure`])
  })

  await t.test('from the containerd store, to engines that have the layers by another name', async t => {
    await build({ e: randomBytes(layerBytes), f: randomBytes(layerBytes), g: randomBytes(layerBytes) })
    t.same(states(await ship(targets)), ['sent', 'sent', 'sent'])
    await store.sh(`docker tag ${ref} other:1; docker image prune -f`, { check: true })
    for (const one of targets) one.reset()
    const quiet = [atOld, atNew].map(({ engine }) => ({ engine, tell: () => undefined }))
    t.same(states(await spread(atStore.engine, 'other:1', quiet, { signal: never })), ['sent', 'sent'])
    t.ok(atOld.written < 100_000, `${atOld.written} bytes: it has the layers by another name`)
    t.equal((await old.sh(`docker run --rm other:1 sh -c 'cat /e /f /g | wc -c'`)).stdout.trim(), `${3 * layerBytes}`)
    await t.rejects(spread(atStore.engine, 'nobody:1', quiet, { signal: never }), {
      message: /no image nobody:1/,
      where: 'store',
    })
  })

  await t.test('from one far host to another: little is read where little is lacking', async t => {
    for (const [from, to, lab] of [
      [atOld, atNew, old],
      [atNew, atOld, newer],
    ] as const) {
      const name = `far-${lab.name}:1`
      await lab.sh(
        `printf 'FROM ${ref}\\nRUN echo ${lab.name} > /far\\n' | DOCKER_BUILDKIT=0 docker build -q -t ${name} -`,
        {
          check: true,
        },
      )
      for (const one of targets) one.reset()
      const quiet = [{ engine: to.engine, tell: () => undefined }]
      t.match(await spread(from.engine, name, quiet, { signal: never }), [{ state: 'sent', layers: 1 }])
      t.ok(from.read < 100_000, `${from.read} bytes were read from ${lab.name}`)
      const other = lab === old ? newer : old
      t.equal((await other.sh(`docker run --rm ${name} cat /far`)).stdout, `${lab.name}\n`)
    }
  })

  await t.test('beside docker save, ssh and docker load: the same change in the same run', async t => {
    const far = ['-i', old.identity, '-p', String(old.port), '-o', 'StrictHostKeyChecking=no', `root@${old.address}`]
    // Its name has gone to another image meanwhile.
    await buildLarge()
    t.same(states(await ship([atOld])), ['sent'])
    await buildLarge()
    const began = performance.now()
    const piped = await run('sh', ['-c', 'docker save "$0" | dd bs=64k | ssh "$@" docker load', ref, ...far])
    const theirs = performance.now() - began
    t.equal(piped.code, 0, piped.stderr)
    const theirBytes = Number(/(\d+) bytes/.exec(piped.stderr)?.[1])
    await buildLarge()
    const second = performance.now()
    t.match(await ship([atOld]), [{ state: 'sent', layers: 1 }])
    const ours = performance.now() - second
    t.ok(theirBytes > 1000 * atOld.written, `${theirBytes} bytes, and ${atOld.written}`)
    t.comment(
      `10 kB of 200 MB changed: docker save | ssh docker load ${theirBytes} bytes, ${Math.round(theirs)} ms;`,
      `longshore ${atOld.written} bytes, ${Math.round(ours)} ms`,
    )
  })

  await t.test('the command: built here once, received by all, twice nothing', t => shipByCommand(t, labs))
})
