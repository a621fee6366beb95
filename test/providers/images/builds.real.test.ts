// Everything that a build may be told, with both builders; archives imported and loaded; what is removed when nobody needs it.
import { execFile } from 'node:child_process'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { localFiles } from '../../../cli/files.js'
import type { BuildSettings } from '../../../core/containers/image-want.js'
import type { PruneRule } from '../../../core/provider-abilities.js'
import type { ImageWant } from '../../../core/wanted.js'
import { docker as engine } from '../../../providers/docker/index.js'
import { docker as client, pause, tryDocker } from '../../lab/index.js'
import { linesOf, realProject } from '../real-engine.js'
import { at } from '../samples.js'

const shell = promisify(execFile)

/** A RUN that only BuildKit knows. */
const cached = 'RUN --mount=type=cache,target=/cache true\n'

test('builds and archives', async t => {
  const project = await realProject('lsbuilds')
  t.teardown(() => project.clean())
  t.teardown(async () => {
    const mine = linesOf(await client(['images', '-q', '--filter', 'reference=lsbuilds-*']))
    const stages = linesOf(await client(['images', '-q', '--filter', 'label=lsbuilds']))
    await tryDocker(['rmi', '-f', ...new Set([...mine, ...stages])])
  })
  const up = (...images: ImageWant[]) => project.up(project.want({ images }))
  const inside = async (ref: string, script: string): Promise<string> =>
    (await client(['run', '--rm', ref, 'sh', '-c', script])).trim()
  const context = await project.folder({
    'docker/Other': `FROM ${project.image} AS first\nLABEL lsbuilds=stage\nRUN echo first >/stage\nFROM ${project.image}\nRUN echo last >/stage\n`,
    'files/a': 'a\n',
    'more/b': 'b\n',
    'more/.dockerignore': 'c\n',
    'more/c': 'c\n',
  })
  const build = (ref: string, settings: BuildSettings = {}, more: object = {}): ImageWant => ({
    ...{ ref, at, from: 'build', context: join(context, 'files'), dockerfile: 'Dockerfile', args: {}, settings },
    ...more,
  })

  await t.test('a stage of a Dockerfile that lies elsewhere', async t => {
    const staged = build('lsbuilds-staged', {}, { dockerfile: '../docker/Other', target: 'first' })
    t.same((await up(staged)).errors, [])
    t.equal(await inside('lsbuilds-staged', 'cat /stage'), 'first')
    t.same((await up(staged)).plan, [])
  })

  for (const [builder, line] of [
    ['classic', ''],
    ['buildkit', cached],
  ] as const)
    await t.test(`all that a build may be told: ${builder}`, async t => {
      const ref = `lsbuilds-${builder}`
      const inline = [
        'ARG BASE',
        'FROM $BASE AS one',
        'LABEL lsbuilds=stage',
        'COPY a /stage',
        'FROM $BASE',
        'ARG COLOR',
        `${line}RUN echo "$COLOR" >/color; grep far /etc/hosts >/hosts; df -k /dev/shm | tail -n 1 >/shm; ulimit -n >/files`,
        'COPY . /all',
        'COPY --from=0 /stage /stage',
        'COPY --from=more . /more',
        'COPY --from=other /bin/sh /other-sh',
        '',
      ].join('\n')
      const settings: BuildSettings = {
        inline,
        labels: { team: 'blue' },
        tags: [`${ref}:also`],
        contexts: { more: { folder: join(context, 'more') }, other: { image: project.image } },
        extraHosts: ['far:192.0.2.7'],
        shmSize: 8 * 1024 * 1024,
        ulimits: { nofile: { soft: 512, hard: 1024 } },
        cacheFrom: ['localhost:1/lsbuilds-none:1'],
      }
      const args = { BASE: project.image, COLOR: 'red' }
      const want = build(ref, settings, { args })
      const first = await up(want)
      t.same(first.errors, [])
      t.same(first.plan, [`build image ${ref}: not there`])
      const made = await inside(ref, 'cat /color /hosts /stage; ls /more; cat /files /shm; ls -A /all')
      t.match(made, /^red\n192\.0\.2\.7\s+far\na\nb\n/)
      if (builder === 'classic') {
        t.match(made, /\n512\nshm +8192 /)
        t.match(made, /\/dev\/shm\na$/, 'the Dockerfile of the file is not among the files')
        t.same(first.warnings, [])
      } else {
        const warned = first.events.flatMap(event => (event.type === 'warning' ? event.text : []))
        t.match(warned, [/BuildKit of this engine takes no notice of shm_size and ulimits/])
      }
      t.equal((await client(['image', 'inspect', '-f', '{{.Config.Labels.team}}', `${ref}:also`])).trim(), 'blue')
      t.same(linesOf(await client(['images', '-q', 'longshore-context'])), [], 'nothing is left of the folders')
      t.same((await up(want)).plan, [], 'twice is nothing')
      const tagged = await up(build(ref, { ...settings, tags: [`${ref}:also`, `${ref}:new`] }, { args }))
      t.same(tagged.plan, [`tag image ${ref}: not named ${ref}:new yet`])
      t.same(tagged.ends, { [`image ${ref}`]: 'done' })
      await writeFile(join(context, 'more/b'), `${builder}\n`)
      t.match((await up(want)).plan, [/^build image \S+: contexts\.more: /])
      const shown = await up(build(ref, { ...settings, labels: { team: 'green' } }, { args }))
      t.match(shown.plan, [/labels\.team: blue → green/])
      const anew = await up(build(ref, { ...settings, labels: { team: 'green' }, noCache: true, anew: true }, { args }))
      t.same([anew.plan, anew.errors], [[`build image ${ref}: asked for`], []])
    })

  await t.test('a network for RUN, and a platform', async t => {
    const inline = `FROM ${project.image}\nRUN ls /sys/class/net >/net\n`
    const alone = build('lsbuilds-alone', { inline, network: 'none' })
    t.same((await up(alone)).errors, [])
    t.equal(await inside('lsbuilds-alone', 'cat /net'), 'lo')
    const platform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`
    t.same((await up(build('lsbuilds-alone', { inline, network: 'none', platform }))).errors, [])
  })

  await t.test('archives: a root file system is imported, what an engine has saved is loaded', async t => {
    const folder = await project.folder({ 'root/etc/name': 'tar\n', x: '' })
    const tar = join(folder, 'root.tar.gz')
    await shell('tar', ['-C', join(folder, 'root'), '-czf', tar, '.'])
    for (const where of ['here', 'host'] as const) {
      const want: ImageWant = { ref: `lsbuilds-${where}:1`, at, from: 'import', dir: tar, where, archive: true }
      const first = await up(want)
      t.same([first.plan, first.errors], [[`import image ${want.ref}: not there`], []])
      t.same((await up(want)).plan, [], `${where}: twice is nothing`)
    }
    await writeFile(join(folder, 'root/etc/name'), 'other\n')
    await shell('tar', ['-C', join(folder, 'root'), '-czf', tar, '.'])
    const here: ImageWant = { ref: 'lsbuilds-here:1', at, from: 'import', dir: tar, where: 'here', archive: true }
    t.match((await up(here)).plan, [/its archive .*root\.tar\.gz changed/])
    await writeFile(tar, 'no archive')
    t.match((await up(here)).errors, [{ message: /lsbuilds-here:1 cannot be imported: /, at }])

    const saved = join(folder, 'saved.tar')
    await client(['save', '-o', saved, 'lsbuilds-classic:latest'])
    const load: ImageWant = { ref: 'lsbuilds-loaded:2', at, from: 'load', file: saved }
    const loaded = await up(load)
    t.same([loaded.plan, loaded.errors], [['load image lsbuilds-loaded:2: not there'], []])
    t.equal(await inside('lsbuilds-loaded:2', 'cat /color'), 'red')
    t.same((await up(load)).plan, [], 'twice is nothing')
    await client(['tag', 'lsbuilds-alone', 'lsbuilds-loaded:2'])
    t.match((await up(load)).plan, [/another one is there than in .*saved\.tar/])
    const zipped = join(folder, 'saved.tar.gz')
    await copyFile(saved, join(folder, 'copy'))
    await shell('sh', ['-c', 'gzip -1 <"$1" >"$2"', 'sh', join(folder, 'copy'), zipped])
    t.same((await up({ ...load, file: zipped })).plan, [], 'compressed, it is the same')
    await client(['save', '-o', saved, 'lsbuilds-classic:latest', 'lsbuilds-alone:latest'])
    await t.rejects(up(load), { message: /the archive has 2 images, and none is named lsbuilds-loaded:2/, at })
    await writeFile(saved, 'no archive')
    await t.rejects(up(load), { message: /saved\.tar cannot be read as an archive of images/ })
  })

  await t.test('what nobody needs goes, and nothing else', async t => {
    const rule = (part: Partial<PruneRule>): PruneRule => ({
      ...{
        project: project.name,
        keep: 1,
        all: false,
        wanted: ['lsbuilds-kept', project.image],
        kept: new Set<string>(),
      },
      ...part,
    })
    const prunable = async (part: Partial<PruneRule> = {}): Promise<string[]> =>
      ((await engine.prunable?.(project.engine, rule(part))) ?? []).map(({ thing, cause }) => `${thing}: ${cause}`)
    const ids: string[] = []
    for (const text of ['1', '2', '3', '4']) {
      // The engine notes whole seconds.
      if (ids.length > 0) await pause(1100)
      const kept = build('lsbuilds-kept', { inline: `FROM ${project.image}\nLABEL number=${text}\n` })
      t.same((await up(kept)).errors, [])
      ids.push((await client(['image', 'inspect', '-f', '{{.Id}}', 'lsbuilds-kept'])).trim())
    }
    const short = (id = ''): string => id.replace('sha256:', '').slice(0, 12)
    const older = (await prunable()).filter(text => text.includes('older build'))
    t.match(older, [new RegExp(`^image ${short(ids[1])}: an older build of lsbuilds-kept:latest; frees .*B$`), /older/])
    t.equal(older.length, 2, 'the newest of the older builds is kept')
    t.match(older[1], short(ids[0]))
    t.equal((await prunable({ keep: 0 })).filter(text => text.includes('older build')).length, 3)
    const history = await prunable({ keep: 0, kept: new Set(ids) })
    t.same(
      history.filter(text => text.includes('older build')),
      [],
      'a rollback needs them',
    )
    await client(['run', '--name', 'lsbuilds-uses', ids[0] ?? '', 'true'])
    t.teardown(() => tryDocker(['rm', '-f', 'lsbuilds-uses']))
    t.notMatch((await prunable()).join('\n'), short(ids[0]), 'a container is made from it')
    t.match((await prunable()).join('\n'), /image lsbuilds-staged:latest: a build of .*the file does not name any more/)
    const names = (await prunable({ all: true })).join('\n')
    t.match(names, /image lsbuilds-(?:here|loaded):\d: .*no container is made from it|lsbuilds-here/)
    t.notMatch(names, `image ${project.image}`)
    const steps = (await engine.prunable?.(project.engine, rule({ keep: 0 }))) ?? []
    const mine = steps.filter(({ cause }) => cause.includes('older build'))
    t.ok(mine.length > 0)
    const context = {
      ...{ emit: () => undefined, signal: new AbortController().signal, prune: false },
      engineOf: async () => project.engine,
    }
    for (const step of mine) await engine.apply(project.engine, step, { ...context, files: localFiles })
    t.same(
      (await prunable({ keep: 0 })).filter(text => text.includes('older build')),
      [],
      'twice is nothing',
    )
    t.equal((await client(['image', 'inspect', '-f', '{{.Id}}', 'lsbuilds-kept'])).trim(), ids[3])
  })
  t.end()
})
