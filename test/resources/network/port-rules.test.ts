// Rules for published ports: what iptables and nft are given, what is kept and what goes, and what the host's script does in each shell.
import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import type { Change } from '../../../core/step.js'
import {
  chainOf,
  chainText,
  inOrder,
  type PortRule,
  readRules,
  ruleLines,
  tableText,
} from '../../../resources/network/_port_rules.js'
import { scriptText, unitText } from '../../../resources/network/_port_scripts.js'
import { portRules } from '../../../resources/network/port_rules.js'
import { run, shells } from '../shells.js'

const web: PortRule = { service: 'web', port: 8080, protocol: 'tcp', allow: ['10.0.0.0/8', 'fd00::/8'] }
const dns: PortRule = { service: 'dns', port: 53, protocol: 'udp', ip: '10.0.0.5', allow: ['192.0.2.0/24'] }
const six: PortRule = { service: 'six', port: 80, protocol: 'tcp', ip: 'fd00::5', allow: ['192.0.2.0/24'] }

test('names of chains', async t => {
  t.equal(chainOf('shop'), 'LS-shop')
  t.equal(chainOf('a'.repeat(25)), `LS-${'a'.repeat(25)}`)
  const [one, other] = [chainOf(`${'a'.repeat(40)}-one`), chainOf(`${'a'.repeat(40)}-two`)]
  t.equal(one.length, 28)
  t.not(one, other)
})

test('what iptables, ip6tables and nft are given', async t => {
  const all = [web, dns, six]
  t.equal(
    chainText('LS-shop', all, 4),
    `*filter
:LS-shop - [0:0]
-A LS-shop -s 10.0.0.0/8 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j RETURN
-A LS-shop -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP
-A LS-shop -s 192.0.2.0/24 -p udp -m conntrack --ctorigdst 10.0.0.5 --ctorigdstport 53 --ctdir ORIGINAL -j RETURN
-A LS-shop -p udp -m conntrack --ctorigdst 10.0.0.5 --ctorigdstport 53 --ctdir ORIGINAL -j DROP
COMMIT
`,
  )
  t.equal(
    chainText('LS-shop', all, 6),
    `*filter
:LS-shop - [0:0]
-A LS-shop -s fd00::/8 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j RETURN
-A LS-shop -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP
-A LS-shop -p tcp -m conntrack --ctorigdst fd00::5 --ctorigdstport 80 --ctdir ORIGINAL -j DROP
COMMIT
`,
  )
  for (const line of [
    'tcp dport 8080 ip saddr 10.0.0.0/8 return',
    'tcp dport 8080 ip6 saddr fd00::/8 return',
    'tcp dport 8080 drop',
    'ip daddr 10.0.0.5 udp dport 53 drop',
    'ip6 daddr fd00::5 tcp dport 80 drop',
  ])
    t.ok(tableText('longshore-shop', all).includes(`\n    ${line}\n`), line)
})

test('rules as lines', async t => {
  t.strictSame(readRules(`x\n${ruleLines([web, dns, six])}\n# rule broken tcp\n`), [web, dns, six])
  t.strictSame(
    inOrder([web, dns, { ...web, service: 'api' }]),
    [{ ...web, service: 'api' }, dns].sort((a, b) => (a.protocol < b.protocol ? -1 : 1)),
  )
})

/** What a host says that keeps these rules, as they were written. */
const said = (rules: readonly PortRule[], { force = 'yes', boot = 'enabled' } = {}): string => {
  const sum = (text: string) => createHash('sha256').update(text).digest('hex')
  const file = (text: string, mode: string) =>
    `kind=file\nsum=${sum(text)}\nstat=${mode} root root 0 0 ${text.length}\nend\n`
  const absent = 'kind=absent\nend\n'
  if (rules.length === 0) return `${absent}${absent}force=none\nboot=${boot === 'none' ? 'none' : ''}\n`
  const unit = boot === 'none' ? absent : file(unitText('shop'), '644')
  return `${file(scriptText('shop', rules), '700')}${unit}${ruleLines(inOrder(rules))}\nforce=${force}\nboot=${boot}\n`
}

const changes = (yaml: Record<string, unknown>, out: string): [string[], string] => {
  const want = portRules.schema.parse({ project: 'shop', ...yaml })
  const seen = portRules.read(out, want)
  const texts = portRules.diff(want, seen).map(({ what, from, to }: Change) => `${what}: ${from} → ${to}`)
  return [texts, texts.length === 0 ? '' : portRules.verb(want, seen)]
}

test('what is brought, what stays and what goes', async t => {
  const kept = { force: 'yes' }
  const rows: [title: string, yaml: Record<string, unknown>, out: string, changes: string[], verb: string][] = [
    [
      'new',
      { rules: [web] },
      said([]),
      ['port 8080/tcp of web, open to: everybody → 10.0.0.0/8, fd00::/8 only', 'after a restart: not kept → kept'],
      'set',
    ],
    [
      'new without systemd',
      { rules: [web] },
      said([], { boot: 'none' }),
      ['port 8080/tcp of web, open to: everybody → 10.0.0.0/8, fd00::/8 only'],
      'set',
    ],
    ['as wanted', { rules: [web] }, said([web], kept), [], ''],
    ['as wanted without systemd', { rules: [web] }, said([web], { boot: 'none' }), [], ''],
    ['others stay', { rules: [web] }, said([web, dns]), [], ''],
    [
      'another one',
      { rules: [dns] },
      said([web]),
      ['port 10.0.0.5:53/udp of dns, open to: everybody → 192.0.2.0/24 only'],
      'set',
    ],
    [
      'other networks',
      { rules: [{ ...web, allow: ['10.0.0.0/8'] }] },
      said([web]),
      ['port 8080/tcp of web, open to: 10.0.0.0/8, fd00::/8 only → 10.0.0.0/8 only'],
      'set',
    ],
    ['flushed', { rules: [web] }, said([web], { force: 'no' }), ['rules: not in force → in force'], 'set'],
    [
      'flushed, and kept for others',
      { rules: [] },
      said([dns], { force: 'no' }),
      ['rules: not in force → in force'],
      'set',
    ],
    [
      'not after a boot',
      { rules: [web] },
      said([web], { boot: 'disabled' }),
      ['after a restart: not kept → kept'],
      'set',
    ],
    ['nothing to do', { rules: [] }, said([]), [], ''],
    [
      'the last one goes',
      { state: 'absent', services: ['web'] },
      said([web]),
      ['port 8080/tcp of web, open to: 10.0.0.0/8, fd00::/8 only → everybody'],
      'remove',
    ],
    [
      'one of two goes',
      { state: 'absent', rules: [dns], services: ['web', 'dns'] },
      said([web, dns]),
      ['port 8080/tcp of web, open to: 10.0.0.0/8, fd00::/8 only → everybody'],
      'change',
    ],
    ['an undeclared service keeps its rule', { state: 'absent', services: ['dns'] }, said([web]), [], ''],
    [
      'unless all go',
      { state: 'absent', services: ['dns'], all: true },
      said([web]),
      ['port 8080/tcp of web, open to: 10.0.0.0/8, fd00::/8 only → everybody'],
      'remove',
    ],
    [
      'or another one publishes its port',
      { state: 'absent', services: ['api'], published: ['tcp/8080'] },
      said([web]),
      ['port 8080/tcp of web, open to: 10.0.0.0/8, fd00::/8 only → everybody'],
      'remove',
    ],
    ['nothing there', { state: 'absent', all: true }, said([]), [], ''],
  ]
  for (const [title, yaml, out, expected, verb] of rows) t.strictSame(changes(yaml, out), [expected, verb], title)
  t.throws(() => changes({ rules: [web] }, 'nonsense'), { name: 'UserError' })
})

/** Programs that take down what they were called with and given. */
function stage(t: Test): { path: string; log(): string } {
  const folder = t.testdir({ bin: {} })
  const log = join(folder, 'log')
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  writeFileSync(log, '')
  for (const name of ['iptables', 'ip6tables']) {
    program(name, `echo "${name} $*" >>${log}; case $* in *-C*|*'-L DOCKER-USER'*|*-D*) exit 1;; esac`)
    program(`${name}-restore`, `echo "${name}-restore $*" >>${log}; grep -c DROP >>${log}`)
  }
  return { path: join(folder, 'bin'), log: () => readFileSync(log, 'utf8') }
}

test('the script fills the chain before anything leads to it, in every shell', async t => {
  const script = scriptText('shop', [web, dns]).replaceAll('PATH=$PATH:', 'PATH=$STAGE:$PATH:')
  for (const shell of shells) {
    const { path, log } = stage(t)
    const ended = await run({ sh: `STAGE=${path}\n${script}` }, shell)
    t.equal(ended.code, 0, ended.stderr)
    const lines = log().split('\n')
    const at = (pattern: RegExp): number => lines.findIndex(line => pattern.test(line))
    for (const tool of ['iptables', 'ip6tables']) {
      const filled = at(new RegExp(`^${tool}-restore -w 5 -n`))
      t.ok(filled >= 0 && filled < at(new RegExp(`^${tool} .*-N DOCKER-USER`)), `${shell[0]} ${log()}`)
      for (const chain of ['INPUT ! -i lo -m conntrack', 'DOCKER-USER -m conntrack --ctstate DNAT'])
        t.ok(filled < at(new RegExp(`^${tool} -w 5 -I ${chain} --ctdir ORIGINAL -j LS-shop`)), `${tool} ${chain}`)
    }
    t.same(
      lines.filter(line => /^\d+$/.test(line)),
      ['2', '1'],
      'rules of each family',
    )
  }
})
