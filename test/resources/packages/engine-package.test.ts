// What a plan says of an engine's packages, from answers in the probe's own form: which containers stop, what comes, what is refused.
import { test } from 'tap'
import type { Change } from '../../../core/step.js'
import { enginePackage } from '../../../resources/packages/engine_package.js'

type Row = [
  name: string,
  yaml: object,
  packages: string,
  engine: string,
  says: Partial<Change>[] | RegExp,
  verb?: string,
]

const ce = {
  name: ['docker-ce', 'docker-ce-cli', 'containerd.io'],
  own_version: ['containerd.io'],
  replaces: ['docker.io'],
}
const has = (version: string, mark = ''): string =>
  ['docker-ce', 'docker-ce-cli'].map(name => `installed ${name} ${version}${mark}\n`).join('') +
  'installed containerd.io 1.7-1\n'
const two = 'runs 28.0.4\ncontainer a1\ncontainer b1\n'
const stop = '2 containers stop: a1, b1'

const rows: Row[] = [
  ['as wanted', ce, has('5:28'), two, []],
  [
    'missing',
    ce,
    '',
    '',
    [{ what: 'docker-ce', from: 'absent' }, {}, { what: 'containerd.io', to: /lists will name/ as never }],
    'install',
  ],
  [
    'pinned and missing',
    { ...ce, version: '28.*' },
    '',
    'best docker-ce 5:28\nbest docker-ce-cli 5:28\n',
    [
      { to: '5:28' },
      { to: '5:28' },
      { what: 'containerd.io', to: 'the version that the package lists will name' },
      { what: 'hold', to: 'docker-ce, docker-ce-cli' },
    ],
    'install',
  ],
  [
    'upgrade',
    { ...ce, version: '29.*' },
    has('5:28', ' held'),
    `best docker-ce 5:29\nbest docker-ce-cli 5:29\n${two}`,
    [{ what: 'docker-ce', from: '5:28', to: '5:29', loses: stop }, { what: 'docker-ce-cli' }],
    'upgrade',
  ],
  [
    'live-restore keeps them over an upgrade within a release',
    { ...ce, version: '28.0.*' },
    has('5:28.0.4-1'),
    `best docker-ce 5:28.0.5-1\nbest docker-ce-cli 5:28.0.5-1\nlive-restore\n${two}`,
    [{ what: 'docker-ce', loses: undefined as never }, {}, { what: 'hold' }],
    'upgrade',
  ],
  [
    'and over no other',
    { ...ce, version: '29.*' },
    has('5:28.0.4-1', ' held'),
    `best docker-ce 5:29.0.5-1\nbest docker-ce-cli 5:29.0.5-1\nlive-restore\n${two}`,
    [{ what: 'docker-ce', loses: stop }, {}],
    'upgrade',
  ],
  [
    'downgrade',
    { ...ce, version: '27.*' },
    has('5:28'),
    `best docker-ce 5:27\nnewer docker-ce\nbest docker-ce-cli 5:27\nnewer docker-ce-cli\nruns 28.0.4\ncontainer a1\n`,
    [{ loses: '1 container stops: a1' }, {}, { what: 'hold' }],
    'downgrade',
  ],
  [
    'only the hold',
    { ...ce, version: '28' },
    has('5:28'),
    `fits docker-ce\nfits docker-ce-cli\n${two}`,
    [{ what: 'hold', loses: undefined as never }],
    'hold',
  ],
  [
    'a hold of ours goes with the version',
    ce,
    has('5:28', ' held'),
    'ours docker-ce\n',
    [{ what: 'hold', from: 'docker-ce', to: 'let go' }],
    'let go',
  ],
  ["another's hold stays", ce, has('5:28', ' held'), '', []],
  [
    'another version runs',
    ce,
    has('5:28'),
    `outdated\n${two}`,
    [{ what: 'engine', to: 'restarted', loses: stop }],
    'restart',
  ],
  ['an engine beside it is not touched by itself', ce, `${has('5:28')}installed docker.io 20\n`, two, []],
  [
    'exchange, whatever live-restore says',
    { ...ce, replace: true },
    'installed docker.io 20\n',
    `live-restore\n${two}`,
    [{ what: 'docker.io', from: '20', to: 'absent', loses: stop }, {}, {}, {}],
    'replace',
  ],
  [
    'what is optional comes where it is known',
    { name: 'docker.io', optional: ['docker-cli'] },
    'installed docker.io 26\ncandidate docker-cli 26\n',
    '',
    [{ what: 'docker-cli', to: '26', loses: undefined as never }],
    'install',
  ],
  [
    'and is not missed where it is not',
    { name: 'docker.io', optional: ['docker-cli'] },
    'installed docker.io 26\n',
    '',
    [],
  ],
]

test('apt', t => {
  for (const [name, yaml, packages, engine, says, verb] of rows) {
    const want = enginePackage.schema.parse(yaml)
    const seen = enginePackage.read(`manager apt\n${packages}end\n${engine}done\n`, want)
    const changes = enginePackage.diff(want, seen)
    t.match(changes, says, name)
    t.equal(changes.length, (says as object[]).length, `${name}: ${JSON.stringify(changes)}`)
    if (verb !== undefined) t.equal(enginePackage.verb(want, seen), verb, name)
  }
  t.end()
})

test('other package managers', t => {
  const seenBy = (manager: string, yaml: object, packages: string, more = '') => {
    const want = enginePackage.schema.parse(yaml)
    const seen = enginePackage.read(`manager ${manager}\n${packages}end\n${more}${two}done\n`, want)
    return enginePackage.diff(want, seen)
  }
  t.match(seenBy('dnf', { ...ce, version: '29.*' }, has('3:28.0-1.fc41')), [
    { what: 'docker-ce', from: '3:28.0-1.fc41', loses: stop },
    {},
  ])
  t.same(seenBy('dnf', { ...ce, version: '28.*' }, has('3:28.0-1.fc41')), [])
  t.match(seenBy('pacman', { name: 'docker' }, 'installed docker 1:28.0-1\n', 'outdated\n'), [
    { what: 'engine', to: 'restarted', loses: stop },
  ])
  t.match(seenBy('zypper', { name: 'docker' }, ''), [{ what: 'docker', from: 'absent' }])
  t.throws(() => seenBy('dnf', { ...ce, replace: true }, 'installed docker.io 1\n'), {
    name: 'UserError',
    message: /by dnf we do not exchange it: docker\.io/,
    hint: /\/var\/lib\/docker stays/,
  })
  t.throws(
    () => enginePackage.read('manager apt\nend\nruns 1\n', enginePackage.schema.parse(ce)),
    /did not say how its engine runs/,
  )
  for (const yaml of [
    { name: [] },
    { name: 'a b' },
    { name: 'a', version: '$(x)' },
    { name: 'a', version: '1', pin: true },
  ])
    t.equal(enginePackage.schema.safeParse(yaml).success, false, JSON.stringify(yaml))
  t.equal(enginePackage.schema.parse({ name: 'a', version: '' }).version, undefined)
  t.end()
})
