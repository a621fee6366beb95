// Images and a real registry: tags that move, digests, platforms, what is pushed, and what is told when it cannot be.
import { appendFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import type { ImageWant } from '../../../core/wanted.js'
import { docker as client, tryDocker } from '../../lab/index.js'
import { loopbackRegistry } from '../../lab/loopback-registry.js'
import { pushBusybox, type RegistryAccess } from '../../lab/registry-image.js'
import { linesOf, realProject } from '../real-engine.js'
import { at } from '../samples.js'

/** Every line of progress that was told. */
const told = (events: readonly { type: string }[]): string =>
  events.flatMap(event => (event.type === 'output' && 'text' in event ? String(event.text) : [])).join('\n')

let moves = 0

/** Puts another image under a tag; gives its digest. */
const moveTag = (registry: RegistryAccess, repository: string, tag: string): Promise<string> =>
  pushBusybox(registry, repository, tag, String(++moves))

test('images of a registry', async t => {
  const registry = await loopbackRegistry()
  t.teardown(() => registry.remove())
  const project = await realProject('lspulls')
  t.teardown(() => project.clean())
  const image = `${registry.name}/team/app`
  const mine = async (): Promise<string[]> =>
    linesOf(await client(['images', '-q', '--no-trunc', '--filter', `reference=${registry.name}/*/*`]))
  t.teardown(async () => tryDocker(['rmi', '-f', ...(await mine())]))
  const pull = (more: object = {}, ref = `${image}:1`): ImageWant => ({ ref, at, from: 'pull', ...more }) as ImageWant
  const up = (...images: ImageWant[]) => project.up(project.want({ images }))
  const idOf = async (ref: string): Promise<string> => (await client(['image', 'inspect', '-f', '{{.Id}}', ref])).trim()
  const digestOf = async (ref: string): Promise<string> =>
    /sha256:[0-9a-f]{64}/.exec(await client(['image', 'inspect', '-f', '{{.RepoDigests}}', ref]))?.[0] ?? ''

  await t.test('a tag that moves is seen, and only where the file wants it to be', async t => {
    await pushBusybox(registry, 'team/app', '1')
    const hourly = { policy: { everyMs: 3_600_000 } }
    const service = project.box('app', { image: `${image}:1` })
    const first = await project.up(project.want({ images: [pull(hourly)], containers: [service] }))
    t.same(first.errors, [])
    t.same(first.plan, [`pull image ${image}:1: not there`, 'create container lspulls-app-1: not there'])
    t.match(first.events, [{ type: 'output' }])
    const always = project.want({ images: [pull({ policy: 'always' })], containers: [service] })
    t.same((await project.up(always)).plan, [], 'twice is nothing')
    const before = await digestOf(`${image}:1`)
    await moveTag(registry, 'team/app', '1')
    t.same((await up(pull())).plan, [], 'missing: nobody is asked')
    t.same((await up(pull(hourly))).plan, [], 'young enough')
    const moved = await project.up(always)
    t.same(moved.errors, [])
    const now = await digestOf(`${image}:1`)
    const short = (digest: string): string => digest.slice(0, 19)
    t.not(now, before)
    t.same(moved.plan, [
      `pull image ${image}:1: its tag has moved in ${registry.name}: ${short(before)} → ${short(now)}`,
      'replace container lspulls-app-1: image is pulled anew; start-first',
    ])
    t.same((await project.up(always)).plan, [])
    await moveTag(registry, 'team/app', '1')
    t.match((await up(pull({ policy: { everyMs: 1 } }))).plan, [/its tag has moved/], 'old enough')
    await project.down({ volumes: true, images: false })
  })

  await t.test('a digest that is pinned', async t => {
    const digest = await digestOf(`${image}:1`)
    const pinned = `${image}:1@${digest}`
    t.same((await up(pull({ policy: 'always' }, pinned))).plan, [], 'what is there is the very same')
    await tryDocker(['rmi', '-f', ...(await mine())])
    const fresh = await up(pull({}, pinned))
    t.same(fresh.errors, [])
    t.match(fresh.plan, [/pull image .*@sha256:[0-9a-f]{64}: not there/])
    t.same((await up(pull({}, pinned))).plan, [])
    const unknown = await up(pull({}, `${image}@sha256:${'0'.repeat(64)}`))
    t.match(unknown.errors, [{ message: /cannot be pulled: .*manifest unknown/, at }])

    // Somebody has changed a manifest where the registry keeps it: a new one, as an engine remembers for a while what it had.
    await tryDocker(['rmi', '-f', ...(await mine())])
    const forged = await moveTag(registry, 'team/app', '1')
    const blobs = join(registry.data, 'docker/registry/v2/blobs/sha256', forged.slice(7, 9), forged.slice(7))
    t.same(await readdir(blobs), ['data'])
    await registry.stop()
    await appendFile(join(blobs, 'data'), ' ')
    await registry.start()
    const changed = await up(pull({}, `${image}@${forged}`))
    t.match(changed.errors, [{ message: /what 127.*gives is not what its digest says/, hint: /has changed it/ }])
    t.same(await mine(), [])
  })

  await t.test('an image for another platform', async t => {
    await pushBusybox(registry, 'team/plain', '1')
    const ref = `${registry.name}/team/plain:1`
    const own = pull({ platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}` }, ref)
    t.same((await up(own)).errors, [])
    t.same((await up(own)).plan, [])
    const other = await up(pull({ platform: 'linux/s390x' }, ref))
    t.match(other.plan, [/pull image .*: it is for linux\//])
    t.match(other.errors, [{ message: /it is for linux\/\w+, and not for linux\/s390x|no matching manifest/ }])
  })

  await t.test('what is built is pushed once, and again when it has changed', async t => {
    const context = await project.folder({ Dockerfile: `FROM ${project.image}\nCOPY a /a\n`, a: 'one\n' })
    const ref = `${registry.name}/team/built:1`
    const built: ImageWant = { ref, at, from: 'build', context, dockerfile: 'Dockerfile', args: {}, push: true }
    const first = await up(built)
    t.same(first.errors, [])
    t.same(first.plan, [`build image ${ref}: not there`, `push image ${ref} to ${registry.name}: build image ${ref}`])
    t.match(told(first.events), /Pushed|pushed/)
    t.same((await up(built)).plan, [], 'twice is nothing')
    const id = await idOf(ref)
    await tryDocker(['rmi', '-f', ref])
    t.same((await up(pull({}, ref))).errors, [])
    t.equal(await idOf(ref), id, 'what comes back is the same')
    await moveTag(registry, 'team/built', '1')
    const again = await up(built)
    t.match(again.plan, [new RegExp(`^push image ${ref} to .*: another one is there: sha256:`)])
    t.same((await up(built)).plan, [])
    await writeFile(join(context, 'a'), 'two\n')
    t.match((await up(built)).plan, [/^build .*: files changed/, /^push/])
    await project.down()
  })

  await t.test('a registry that is gone is a warning in a plan, and an error in a push', async t => {
    await pushBusybox(registry, 'team/last', '1')
    const last = pull({ policy: 'always' }, `${registry.name}/team/last:1`)
    await up(last)
    await registry.stop()
    const planned = await up(last)
    t.same([planned.plan, planned.errors], [[], []])
    t.match(planned.warnings, [/does not tell whether its tag has moved: .*(?:refused|connect)/])
    const context = await project.folder({ Dockerfile: `FROM ${project.image}\n` })
    const ref = `${registry.name}/team/kept:1`
    const built: ImageWant = { ref, at, from: 'build', context, dockerfile: 'Dockerfile', args: {}, push: true }
    t.match((await up(built)).errors, [{ message: /cannot be pushed to 127.*refused/, at }])
    t.match((await up(built)).warnings, [/so it is not pushed: .*refused/])
    await project.down()
    await registry.start()
  })
  t.end()
})
