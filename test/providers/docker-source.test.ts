// Where the docker engine comes from: the playbook and variables of each source, whose engine a host has, and what is refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { anyEngine, type EngineWant } from '../../core/engine-want.js'
import type { HostWork } from '../../core/plan/host-work.js'
import { needEngine } from '../../core/run/host-engine.js'
import type { SessionContext } from '../../core/run/session.js'
import { readDetection } from '../../providers/docker/detect.js'
import { docker } from '../../providers/docker/index.js'
import { testProject, told } from '../e2e/command.js'

test('each source has its playbook, and only what the file says goes there', t => {
  const rows: [Partial<EngineWant>, object[]][] = [
    [{ source: 'none', version: '1' }, []],
    [{}, [{ playbook: 'docker', vars: {} }]],
    [{ source: 'distro', version: '20.10.*' }, [{ playbook: 'docker', vars: { version: '20.10.*' } }]],
    [{ source: 'distro', replace: true }, [{ playbook: 'docker', vars: { replace: true } }]],
    [{ source: 'distro', repository: { url: 'https://mirror.example' } }, [{ playbook: 'docker', vars: {} }]],
    [{ source: 'docker-ce' }, [{ playbook: 'docker-ce', vars: {} }]],
    [
      {
        source: 'docker-ce',
        version: '5:29.*',
        replace: true,
        repository: {
          url: 'https://mirror.example/debian/',
          suite: 'bookworm',
          component: 'test',
          key: '/project/docker.asc',
        },
      },
      [
        {
          playbook: 'docker-ce',
          vars: {
            version: '5:29.*',
            replace: true,
            url: 'https://mirror.example/debian',
            suite: 'bookworm',
            component: 'test',
            key: '/project/docker.asc',
            rpm_key: '/project/docker.asc',
          },
        },
      ],
    ],
    [
      { source: 'docker-ce', repository: { key: 'https://mirror.example/gpg' } },
      [
        {
          playbook: 'docker-ce',
          vars: { key: { url: 'https://mirror.example/gpg' }, rpm_key: { url: 'https://mirror.example/gpg' } },
        },
      ],
    ],
  ]
  for (const [want, uses] of rows) t.same(docker.needs({ ...anyEngine(), ...want }), uses, JSON.stringify(want))
  t.end()
})

const socket = 'socket=/var/run/docker.sock\nuid=0\nlogin=root\n'
const detected = (lines: string) => readDetection(`${socket}dockerd=yes\n${lines}`)

test('the package that brought dockerd tells its source', t => {
  const rows: [string, string | undefined, string | undefined][] = [
    ['package=docker.io\nversion=26.1.5+dfsg1-9\n', 'distro', '26.1.5+dfsg1-9'],
    ['package=docker-ce\nversion=5:29.0.1-1~debian.12~bookworm\n', 'docker-ce', '5:29.0.1-1~debian.12~bookworm'],
    ['package=moby-engine\nversion=24.0.5-4.fc41\n', 'distro', '24.0.5-4.fc41'],
    ['package=docker\nversion=\n', 'distro', undefined],
    ['package=none\nversion=\n', 'elsewhere', undefined],
    ['package=docker-made-by-hand\nversion=1\n', undefined, '1'],
  ]
  for (const [lines, origin, version] of rows) {
    const found = detected(lines)
    t.same([found.origin, found.version], [origin, version], lines)
  }
  t.end()
})

test('an engine of another source is refused, with the way out', async t => {
  const rows: [string, Partial<EngineWant>, RegExp, RegExp][] = [
    [
      'package=docker-ce\nversion=5:1\n',
      { source: 'distro' },
      /from docker-ce \(5:1\), and `engine\.source` says distro/,
      /`replace: true`/,
    ],
    ['package=docker.io\nversion=\n', { source: 'docker-ce' }, /from distro, and/, /its data stays/],
    ['package=none\n', { source: 'distro', replace: true }, /from elsewhere/, /remove it from the host first/],
    [
      'package=docker-ce\n',
      { version: '20.*' },
      /`engine\.version` is for a package of a known source/,
      /`source: docker-ce`/,
    ],
    ['package=none\n', { version: '20.*' }, /from elsewhere/, /leave `version` out/],
  ]
  const context = { providers: [docker] } as unknown as SessionContext
  for (const [lines, want, message, hint] of rows) {
    const host = { name: 'box', engine: { ...anyEngine(), ...want } }
    const work = { host, runs: [], detection: detected(lines) } as unknown as HostWork
    const needed = needEngine(work, undefined, context, new Set())
    await t.rejects(needed, { name: 'UserError', where: 'box', message, hint }, JSON.stringify(want))
  }
  for (const want of [{ source: 'distro', replace: true }, { source: 'docker-ce' }, { source: 'none' }] as const) {
    const host = { name: 'box', engine: { ...anyEngine(), ...want } }
    const work = { host, runs: [], detection: detected('package=docker-ce\n') } as unknown as HostWork
    await t.resolves(needEngine(work, undefined, context, new Set()), JSON.stringify(want))
  }
})

test('mistakes in `engine:` are told without a host', async t => {
  const key = join(mkdtempSync(join(tmpdir(), 'longshore-key-')), 'a.asc')
  writeFileSync(key, 'no key')
  const project = testProject({})
  t.teardown(() => {
    project.remove()
    rmSync(join(key, '..'), { recursive: true })
  })
  const rows: [string, RegExp][] = [
    ['{ source: debian }', /engine\.source/],
    ['{ version: "20.10 or so" }', /engine\.version must be a version such as "20\.10\.\*"/],
    [
      '{ repository: { key: "http://mirror.example/gpg" } }',
      /engine\.repository\.key must be a file here, or an https:\/\/ address/,
    ],
  ]
  for (const [engine, message] of rows) {
    project.write('longshore.yaml', `project: x\nengine: ${engine}\n`)
    const ran = await project.run(['validate'])
    t.match([ran.code, ran.stderr], [3, message], told(ran))
  }
})
