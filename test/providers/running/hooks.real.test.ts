// Hooks on a real engine: what runs in a container after its start and before its stop, and what becomes of one that fails.
import tap, { test } from 'tap'
import type { UserError } from '../../../core/errors.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { docker as client, tryDocker } from '../../lab/index.js'
import { linesOf, realProject } from '../real-engine.js'
import { volume } from '../samples.js'

tap.setTimeout(120_000)

test('hooks run in the container, in their order', async t => {
  const project = await realProject('lsprovhook')
  t.teardown(async () => {
    await project.clean()
    await tryDocker(['volume', 'rm', `${project.name}_kept`])
  })
  const kept = `${project.name}_kept`
  const note = (text: string): string[] => [
    'sh',
    '-c',
    `echo ${text} >>/kept/notes; chmod 666 /kept/notes 2>/dev/null; true`,
  ]
  const box = (part: Partial<ContainerWant['config']>): ContainerWant =>
    project.box('web', { mounts: [{ type: 'volume', source: kept, target: '/kept', readOnly: false }], ...part })
  const want = (...containers: ContainerWant[]) => project.want({ volumes: [volume(kept)], containers })
  const notes = async (): Promise<string[]> =>
    linesOf(await client(['run', '--rm', '-v', `${kept}:/kept`, project.image, 'cat', '/kept/notes']))
  const hooked = box({
    postStart: [
      { argv: note('"started as $(id -u) in $PWD with $MORE"'), workdir: '/tmp', environment: { MORE: 'more' } },
      { argv: note('"then as $(id -u)"'), user: '65534' },
    ],
    preStop: [{ argv: note('stopping') }, { argv: ['sh', '-c', 'exit 7'] }],
  })

  const first = await project.up(want(box({ postStart: [{ argv: ['sh', '-c', 'echo no luck; exit 3'] }] })))
  const [error] = first.errors as UserError[]
  t.match(error?.message, /the post_start hook `sh -c '.*'` of container lsprovhook-web-1 exited with code 3/)
  t.equal(error?.output, 'no luck')
  t.equal((await tryDocker(['inspect', 'lsprovhook-web-1'])).code, 1, 'it is not left behind')

  t.same((await project.up(want(hooked))).errors, [])
  t.same((await notes())[0], 'started as 0 in /tmp with more')
  t.same((await project.up(want(hooked))).plan, [], 'twice is nothing')

  const changed = { ...hooked, config: { ...hooked.config, environment: { V: '2' } } }
  const replaced = await project.up(want(changed))
  t.same(replaced.errors, [])
  const told = replaced.events.flatMap(event => (event.type === 'output' ? [event.text] : []))
  t.ok(told.includes("the pre_stop hook `sh -c 'exit 7'` exited with code 7"), 'told, and no more')
  const started = ['started as 0 in /tmp with more', 'then as 65534']
  t.same(await notes(), [...started, 'stopping', ...started])
  t.same((await project.down({ volumes: false, images: false })).errors, [])
  t.equal((await notes()).at(-1), 'stopping', 'also where it is removed')
})
