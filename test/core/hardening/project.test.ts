// `harden` and security options in whole projects, and the page that is made from the table of checks.
import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { checks, checksTable } from '../../../core/hardening/checks.js'
import { loosenings, looseningWords } from '../../../core/hardening/loosen.js'
import { createRequest } from '../../../providers/docker/containers/body.js'
import { containerSpec } from '../../../providers/docker/containers/spec.js'
import { load, refusal, result } from '../containers/project-on-disk.js'

const head = (engine: string): string => `project: shop\nengine: ${engine}\ncontainers:\n`

test('in a project', async t => {
  const service = '  app: { image: "app:1", ports: ["8080:80"], loosen: [memory, read_only] }\n'
  const { wanted, warnings } = await result(t, `${head('{ harden: true }')}${service}`)
  const [app] = wanted.get('localhost')?.containers ?? []
  t.match(app, {
    hardened: ['security_opt', 'cap_drop', 'pids_limit', 'cpu_shares', 'restart'],
    config: { pidsLimit: 1024 },
  })
  t.match(warnings.map(({ text, at }) => `${at.line} ${text}`).sort(), [
    /^4 app has no `healthcheck`.*check 5\.27.*loosen: \[healthcheck\]/,
    /^4 app publishes port 8080 .*check 5\.14/,
    /^4 app: of what `harden` asks for it loosens memory \(5\.11\), read_only \(5\.13\)$/,
  ])
  const open = await result(t, `${head('{}')}${service}`)
  t.notOk(open.wanted.get('localhost')?.containers[0]?.hardened)
  t.same(open.warnings, [], 'the word means nothing without `harden`')
  t.match(await refusal(load(t, `${head('{ harden: 1 }')}${service}`)), /engine\.harden must be true or false/)
  t.match(
    await refusal(result(t, `${head('{}')}  app: { image: a, loosen: [everything] }\n`)),
    /app\.loosen\[0\] must be/,
  )
  const compose = await result(t, `project: shop\nengine: { harden: true }\ncompose: [compose.yaml]\n`, {
    'compose.yaml':
      'services: { app: { image: a, healthcheck: { test: "true" }, x-longshore: { loosen: [restart] } } }\n',
  })
  const config = compose.wanted.get('localhost')?.containers[0]?.config
  t.match(config, { readOnly: true, cpuShares: 1024 }, 'a Compose file is hardened, too')
  t.equal(config?.restart, undefined, 'and loosens under x-longshore')
  const quiet = '{ image: a, healthcheck: { test: "true" }, expose: [80], domains: [shop.test] }'
  const door = await result(t, `${head('{ harden: true }')}  app: ${quiet}\n`)
  t.match(
    door.warnings.map(({ text }) => text),
    [/loosens bind .*, cap_add .*, healthcheck .*, privileged_ports .*, restart /],
    'of the front door nothing is told that nobody could change',
  )
})

test('seccomp profiles', async t => {
  const options = (list: string, tree = {}): Promise<string[] | undefined> =>
    result(t, `${head('{}')}  app: { image: a, security_opt: ${list} }\n`, tree).then(
      ({ wanted }) => wanted.get('localhost')?.containers[0]?.config.securityOpt,
    )
  const tree = { 'p.json': '{\n  "defaultAction": "SCMP_ACT_ALLOW"\n}\n', 'bad.json': '{', 'other.json': '[]' }
  t.strictSame(await options('["seccomp=p.json", "label=disable"]', tree), [
    'label=disable',
    'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}',
  ])
  t.strictSame(await options('["seccomp:./p.json"]', tree), ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'])
  t.strictSame(await options('["seccomp=unconfined", "apparmor=x"]'), ['apparmor=x', 'seccomp=unconfined'])
  t.match(
    await refusal(options('["seccomp=none.json"]')),
    /^3 4:\d+ app: there is no seccomp profile \/\S+\/none\.json/,
  )
  t.match(await refusal(options('["seccomp=bad.json"]', tree)), /bad\.json is no seccomp profile: /)
  t.match(await refusal(options('["seccomp=other.json"]', tree)), /it has no `defaultAction`/)
})

test('the table of checks', t => {
  const ids = checks.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  for (const [section, last] of [
    [2, 18],
    [3, 24],
    [5, 32],
  ] as const)
    t.same(
      ids.filter(id => id.startsWith(`${section}.`)),
      Array.from({ length: last }, (_, index) => `${section}.${index + 1}`),
    )
  for (const check of Object.values(loosenings)) t.ok(ids.includes(check), check)
  const page = readFileSync(new URL('../../../../docs/hardening.md', import.meta.url), 'utf8')
  t.ok(page.includes(checksTable()), 'docs/hardening.md has the table that `longshore docs --hardening` prints')
  for (const word of looseningWords) t.ok(page.includes(`\`${word}\``), `docs/hardening.md names ${word}`)
  t.end()
})

test('options in the create request, and in the spec', async t => {
  const yaml = `${head('{ harden: true }')}  app: { image: a, healthcheck: { test: "true" }, security_opt: ["seccomp=p.json", "systempaths=unconfined"] }\n`
  const { wanted } = await result(t, yaml, { 'p.json': '{ "defaultAction": "SCMP_ACT_ALLOW" }' })
  const [app] = wanted.get('localhost')?.containers ?? []
  if (app === undefined) throw new Error('no container')
  t.match(createRequest('shop', app, new Uint8Array([1]), '1.41').body, {
    HostConfig: {
      SecurityOpt: ['no-new-privileges:true', 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'],
      MaskedPaths: [],
      ReadonlyPaths: [],
      ReadonlyRootfs: true,
      Tmpfs: { '/run': '', '/tmp': '', '/var/tmp': '' },
    },
  })
  t.match(containerSpec(app.config, new Uint8Array([1])).security_opt, [
    'no-new-privileges:true',
    /^seccomp=v1:[0-9a-f]{64}$/,
    'systempaths=unconfined',
  ])
})
