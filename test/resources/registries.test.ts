// The engine_registries kind without a host: what differs, what is ours, what goes; and nothing secret in a command line.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { Secret } from '../../core/secret.js'
import { sumOf } from '../../resources/_sum.js'
import { engineRegistries } from '../../resources/daemon/engine_registries.js'
import { registryScripts } from '../../resources/daemon/registry-scripts.js'
import type { RegistrySeen } from '../../resources/daemon/registry-seen.js'
import { packageRoot } from '../e2e/command.js'

const password = new Secret('REGISTRY', 'pass+word/with?odd>bytes~')
const login = { username: 'ci', password }

test('certificates and kept logins: what differs, what is ours, what goes', t => {
  const pem = readFileSync(join(packageRoot, 'test/resources/fixtures/registry-ca.crt'), 'utf8').replace(/^#.*\n/, '')
  const seen = (part: Partial<RegistrySeen> = {}): RegistrySeen => ({
    certificates: {},
    memory: { certificates: {}, logins: [] },
    others: { certificates: {}, logins: [] },
    memoryText: '',
    configPath: '/root/.docker/config.json',
    ...part,
  })
  const config = (text: string, mode = '0600'): NonNullable<RegistrySeen['config']> => ({
    kind: 'file',
    mode,
    owner: 'root',
    group: 'root',
    uid: '0',
    gid: '0',
    size: text.length,
    sum: 'x',
    text,
  })
  const auth = Buffer.from(`ci:${password.reveal()}`).toString('base64')
  const mine = JSON.stringify({ auths: { 'r.example': { auth } }, psFormat: 'x' })
  const both = { certificates: { 'r.example': pem }, logins: { 'r.example': login } }
  const none = { certificates: {}, logins: {} }
  const rows: [string, typeof both | typeof none, RegistrySeen, string[]][] = [
    [
      'all is new',
      both,
      seen(),
      ['authority of r.example: absent → CN=lab registries', 'login at r.example: absent → ci'],
    ],
    [
      'others were there',
      both,
      seen({
        certificates: { 'r.example': 'other' },
        config: config('{"auths":{"r.example":{"auth":"eA=="}}}', '0644'),
      }),
      [
        'authority of r.example: another one → CN=lab registries',
        'login at r.example: another one → ci',
        '/root/.docker/config.json: mode 0644 → mode 0600',
      ],
    ],
    [
      'ours go',
      none,
      seen({
        certificates: { 'r.example': 'abc' },
        memory: { certificates: { 'r.example': 'abc' }, logins: ['r.example'] },
        config: config(mine),
      }),
      ['authority of r.example: ours → absent', 'login at r.example: ours → absent'],
    ],
    ["others' stay", none, seen({ certificates: { 'r.example': 'abc' }, config: config(mine) }), []],
    [
      'changed by others since, so theirs',
      none,
      seen({ certificates: { r: 'new' }, memory: { certificates: { r: 'old' }, logins: [] } }),
      [],
    ],
    [
      "another project's, too: stays",
      none,
      seen({
        certificates: { 'r.example': 'abc' },
        memory: { certificates: { 'r.example': 'abc' }, logins: ['r.example'] },
        others: { certificates: { 'r.example': 'abc' }, logins: ['r.example'] },
        config: config(mine),
      }),
      [],
    ],
    [
      "another project's, and wanted by this one from now on",
      both,
      seen({
        certificates: { 'r.example': sumOf(pem) },
        others: { certificates: { 'r.example': sumOf(pem) }, logins: ['r.example'] },
        config: config(mine),
      }),
      [
        "authority of r.example: another project's → this one's, too",
        "login at r.example: another project's → this one's, too",
      ],
    ],
    ['gone already', none, seen({ memory: { certificates: { r: 'old' }, logins: ['r'] }, config: config('{}') }), []],
  ]
  for (const [name, want, found, changes] of rows) {
    const told = engineRegistries.diff(want, found)
    t.same(
      told.map(({ what, from, to }) => `${what}: ${from} → ${to}`),
      changes,
      name,
    )
    const scripts = engineRegistries.apply(want, found)
    t.equal(scripts.length > 0, changes.length > 0, `${name}: nothing is done where nothing differs`)
    for (const { sh } of scripts) {
      t.notOk(sh.includes(auth), `${name}: no login in a command line`)
      t.notOk(sh.includes(password.reveal()), `${name}: no password in a command line`)
    }
  }
  t.throws(() => engineRegistries.diff(both, seen({ config: config('{') })), /config\.json on the host is no JSON/)
  const removal = registryScripts(
    none,
    seen({ memory: { certificates: {}, logins: ['r.example'] }, config: config(mine) }),
  )
  t.notOk(JSON.stringify(removal).includes(auth), 'a file with secrets is no plain text to anybody who looks')
  t.end()
})
