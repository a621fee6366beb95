// The `ufw` kind: the firewall of Debian and Ubuntu, on or off, with its policies and rules, and never closed to the connection that sets it.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { asHostRule, isSameMatch, type Rule, readRules, ruleSchema, type WantedRule, wordsOf } from './_ufw_rules.js'
import { letsIn, rulesAfter } from './_ufw_way_in.js'

const policy = z.enum(['allow', 'deny', 'reject'])
const ways = ['incoming', 'outgoing', 'routed'] as const
/** Their names in /etc/default/ufw. */
const chains = { incoming: 'INPUT', outgoing: 'OUTPUT', routed: 'FORWARD' } as const
const targets: Record<string, string> = { ACCEPT: 'allow', DROP: 'deny', REJECT: 'reject' }

const fields = z
  .strictObject({
    state: z.enum(['enabled', 'disabled']).optional().describe('enabled: now and at boot. Left out: as it is'),
    default: z
      .strictObject({
        incoming: policy.optional().describe('For what comes in: allow, deny or reject'),
        outgoing: policy.optional().describe('For what goes out'),
        routed: policy.optional().describe('For what passes through'),
      })
      .default({})
      .describe('What happens to traffic that no rule is for'),
    logging: z.enum(['off', 'low', 'medium', 'high', 'full']).optional().describe('How much it logs'),
    rules: z
      .array(ruleSchema)
      .default([])
      .describe(
        'Rules, each as text ("allow 22/tcp") or with the fields below, which may also stand by themselves for one rule. Other rules stay',
      ),
    force: z.boolean().default(false).describe('Also when nobody could log in by SSH any more'),
  })
  .refine(
    want =>
      want.state !== undefined ||
      want.logging !== undefined ||
      want.rules.length + Object.keys(want.default).length > 0,
    'says nothing: give a state, default or rules',
  )

const ruleKeys = [
  'rule',
  'port',
  'proto',
  'app',
  'from',
  'from_port',
  'to',
  'direction',
  'interface',
  'log',
  'comment',
  'insert',
  'delete',
]

/** One rule may stand by itself, as in Ansible; a policy as one word is that for incoming traffic. */
function shortForm(given: unknown): unknown {
  if (typeof given === 'string') return { rules: [given] }
  if (given === null || typeof given !== 'object' || Array.isArray(given)) return given
  const entries = Object.entries(given)
  const of = (isRule: boolean) => entries.filter(([key]) => ruleKeys.includes(key) === isRule)
  const rest = Object.fromEntries(
    of(false).map(([key, value]) => [
      key,
      key === 'default' && typeof value === 'string' ? { incoming: value } : value,
    ]),
  )
  return of(true).length === 0 || 'rules' in given
    ? { ...rest, ...('rules' in given ? Object.fromEntries(of(true)) : {}) }
    : { ...rest, rules: [Object.fromEntries(of(true))] }
}

const schema = z.preprocess(shortForm, fields)
type Want = z.infer<typeof fields>

interface Seen {
  hasUfw: boolean
  /** At boot, and now. */
  enabled: boolean
  active: boolean
  policies: Record<string, string>
  logging: string
  rules: Rule[]
  /** Ports at which sshd must stay reachable, and from where we are connected, if the host could tell. */
  sshPorts: number[]
  client: string
}

/** Whether the host has the rule; one for no family in particular may stand in both files, so that one is enough. */
const has = (seen: Seen, rule: WantedRule): boolean => {
  const wanted = asHostRule(rule)
  return seen.rules.some(
    one => isSameMatch(one, wanted) && one.action === wanted.action && (rule.delete || one.comment === wanted.comment),
  )
}

const pending = (want: Want, seen: Seen): WantedRule[] => want.rules.filter(rule => has(seen, rule) === rule.delete)

function diff(want: Want, seen: Seen): Change[] {
  const isOn = seen.enabled && seen.active
  const now = isOn
    ? 'enabled'
    : seen.enabled
      ? 'enabled at boot, but not active'
      : seen.active
        ? 'active, but not at boot'
        : 'disabled'
  const state = want.state === undefined || (want.state === 'enabled' ? isOn : !seen.enabled && !seen.active)
  return [
    ...pending(want, seen).map(rule => {
      const text = wordsOf(rule).join(' ')
      const old = seen.rules.find(one => isSameMatch(one, asHostRule(rule)))
      const from = rule.delete ? 'present' : old === undefined ? 'absent' : old.action.replace('_', ' ')
      return { what: `rule ${text}`, from, to: rule.delete ? 'absent' : 'present' }
    }),
    ...ways.flatMap(way => {
      const [from = 'unknown', to] = [seen.policies[way], want.default[way]]
      return to === undefined || to === from ? [] : [{ what: `default ${way}`, from, to }]
    }),
    ...(want.logging === undefined || want.logging === seen.logging
      ? []
      : [{ what: 'logging', from: seen.logging, to: want.logging }]),
    ...(state ? [] : [{ what: 'state', from: seen.hasUfw ? now : 'absent', to: want.state ?? '' }]),
  ]
}

/** The ports of sshd at which nobody would get in after the change; none where the firewall is not to be on. */
function lockedOut(want: Want, seen: Seen): number[] {
  if (want.state === 'disabled' || (want.state === undefined && !seen.active && !seen.enabled)) return []
  const rules = rulesAfter(seen.rules, pending(want, seen))
  const incoming = want.default.incoming ?? seen.policies.incoming ?? 'deny'
  return seen.sshPorts.filter(port => !letsIn(rules, incoming, port, seen.client))
}

/** The firewall. What it would shut out is reckoned from the rules on the host and those of the task, in their order. */
export const ufw = resource<Want, Seen>({
  kind: 'ufw',
  schema,
  summary: 'The firewall ufw: its state, policies and rules. It is not enabled without a way in for SSH.',
  example: `- package: ufw
- name: Only SSH and the web come in
  ufw:
    state: enabled
    default: { incoming: deny, outgoing: allow }
    rules:
      - allow 22/tcp
      - { rule: allow, port: "80,443", proto: tcp, comment: web }
      - { rule: allow, from: 10.0.0.0/8, port: 5432, proto: tcp }
`,
  name: want =>
    want.rules.length === 1 && want.rules[0] !== undefined
      ? `firewall ufw: ${wordsOf(want.rules[0]).join(' ')}`
      : 'firewall ufw',
  // sudo hides from where the login came, so that the processes above are asked.
  probe: () => sh`PATH=$PATH:/usr/sbin:/sbin
if ! command -v ufw >/dev/null; then echo missing; exit 0; fi
if [ ! -r /etc/ufw/user.rules ]; then echo 'only root may see the rules of ufw: say become: true' >&2; exit 1; fi
grep -h '^DEFAULT_[A-Z]*_POLICY=' /etc/default/ufw
grep -hE '^(ENABLED|LOGLEVEL)=' /etc/ufw/ufw.conf
if iptables -w 5 -n -L ufw-user-input >/dev/null 2>&1; then echo active=yes; else echo active=no; fi
connection=$SSH_CONNECTION pid=$PPID
while [ -z "$connection" ] && [ "\${pid:-0}" -gt 1 ] && [ -r "/proc/$pid/environ" ]; do
  connection=$(tr '\000' '\n' <"/proc/$pid/environ" | sed -n 's/^SSH_CONNECTION=//p')
  pid=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status")
done 2>/dev/null
echo "connection=$connection"
if sshd=$(command -v sshd); then "$sshd" -T 2>/dev/null | sed -n 's/^port /sshd=/p'; fi
cat /etc/ufw/user.rules && if [ -f /etc/ufw/user6.rules ]; then cat /etc/ufw/user6.rules; fi && echo end`,
  read(out) {
    const none = {
      enabled: false,
      active: false,
      policies: {},
      logging: 'unknown',
      rules: [],
      sshPorts: [],
      client: '',
    }
    if (out === 'missing\n') return { ...none, hasUfw: false }
    if (!out.endsWith('\nend\n'))
      throw new UserError('the host did not say how ufw is set', { output: out.slice(-500) })
    const told = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(out)?.[1] ?? ''
    const [client = '', , , port] = told('connection').split(' ')
    const listening = [...out.matchAll(/^sshd=(\d+)$/gm)].map(found => Number(found[1]))
    return {
      hasUfw: true,
      enabled: told('ENABLED') === 'yes',
      active: told('active') === 'yes',
      logging: told('LOGLEVEL'),
      policies: Object.fromEntries(ways.map(way => [way, targets[told(`DEFAULT_${chains[way]}_POLICY`)] ?? 'unknown'])),
      rules: readRules(out),
      sshPorts: port === undefined ? listening : [Number(port)],
      client,
    }
  },
  diff,
  verb: want => (want.state === 'enabled' ? 'enable' : want.state === 'disabled' ? 'disable' : 'set'),
  apply(want, seen): Sh[] {
    const changes = diff(want, seen)
    if (changes.length === 0) return []
    const [port] = want.force ? [] : lockedOut(want, seen)
    if (port !== undefined)
      return [
        sh`{ echo ${`nobody could log in by SSH any more: no rule allows port ${port}/tcp${seen.client === '' ? '' : ` from ${seen.client}`}. Add the rule "allow ${port}/tcp", or say force: true`} >&2; exit 1; }`,
      ]
    const isSet = (what: string): boolean => changes.some(change => change.what === what)
    const ufw = (words: readonly string[]): Sh => sh`ufw ${words} </dev/null || exit 1
`
    const commands = [
      ...pending(want, seen).map(rule =>
        rule.delete
          ? ['--force', 'delete', ...wordsOf({ ...rule, comment: '' })]
          : [
              ...(rule.insert === undefined || seen.rules.length < rule.insert ? [] : ['insert', String(rule.insert)]),
              ...wordsOf(rule),
            ],
      ),
      ...ways.flatMap(way => (isSet(`default ${way}`) ? [['default', want.default[way] ?? '', way]] : [])),
      ...(isSet('logging') ? [['logging', want.logging ?? '']] : []),
      ...(isSet('state') ? [['--force', want.state === 'enabled' ? 'enable' : 'disable']] : []),
    ]
    const text = commands.map(ufw).reduce((all, one) => sh`${all}${one}`, sh``)
    return [
      sh`(PATH=$PATH:/usr/sbin:/sbin
command -v ufw >/dev/null || { echo 'ufw is not on this host: install the package ufw' >&2; exit 1; }
${text})`,
    ]
  },
  touches: () => ['ufw'],
})
