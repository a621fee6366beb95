// The `port_rules` kind: who may reach published ports of a project's containers, enforced on the host before packets come to them.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import { portRulesFile } from '../../core/state.js'
import type { Change } from '../../core/step.js'
import { mustBeFile } from '../_content.js'
import { type Entry, look, readEntries } from '../_look.js'
import { wholeChanges, wholeScripts } from '../system/_whole.js'
import { inOrder, type PortRule, readRules, ruleKey } from './_port_rules.js'
import { bringIntoForce, makeFolder, rulesProbe, scriptText, takeAway, unitFile, unitText } from './_port_scripts.js'

const ruleSchema = z.strictObject({
  service: z.string().regex(/^\S+$/).describe('Whose port it is'),
  port: z.int().min(1).max(65535).describe('Port of the host'),
  protocol: z.enum(['tcp', 'udp', 'sctp']).default('tcp').describe('Of the port'),
  ip: z.union([z.ipv4(), z.ipv6()]).optional().describe('Address of the host that it is bound to; all if left out'),
  allow: z
    .array(z.union([z.cidrv4(), z.cidrv6()], { error: 'must be a network such as 10.0.0.0/8' }))
    .min(1)
    .describe('Networks that alone may reach it'),
})

const schema = z.strictObject({
  project: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be the name of a project')
    .describe('The project that the ports are of'),
  rules: z.array(ruleSchema).default([]).describe('Rules that shall be there'),
  state: z
    .enum(['present', 'absent'])
    .default('present')
    .describe(
      'present: `rules` are there, others stay. absent: all others go, but for those of services that are not declared',
    ),
  services: z.array(z.string()).default([]).describe('With absent: services that are declared'),
  published: z
    .array(z.string())
    .default([])
    .describe('With absent: ports that are declared, as tcp/80; a rule for one of them that is not in `rules` goes'),
  all: z.boolean().default(false).describe('With absent: also rules of services that are not declared'),
})

type Want = z.infer<typeof schema>

interface Seen {
  script: Entry
  unit: Entry
  /** What the host keeps. */
  rules: PortRule[]
  /** `none`: it keeps nothing. */
  force: 'yes' | 'no' | 'none'
  /** What systemd says of the unit; `none` without systemd. */
  boot: string
}

/** What the host shall keep. */
function target(want: Want, seen: Seen): PortRule[] {
  if (want.state === 'present') return inOrder([...seen.rules, ...want.rules])
  const wanted = new Set(want.rules.map(ruleKey))
  return seen.rules.filter(rule => {
    if (wanted.has(ruleKey(rule))) return true
    const isDeclared = want.services.includes(rule.service) || want.published.includes(`${rule.protocol}/${rule.port}`)
    return !want.all && !isDeclared
  })
}

const onlyFrom = (rule: PortRule | undefined): string =>
  rule === undefined ? 'everybody' : `${rule.allow.join(', ')} only`

function ruleChanges(rules: readonly PortRule[], seen: Seen): Change[] {
  const [old, next] = [seen.rules, rules].map(some => new Map(some.map(rule => [ruleKey(rule), rule])))
  return [...new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])].flatMap(key => {
    const [before, after] = [old?.get(key), next?.get(key)]
    const { service = '', port = 0, protocol = 'tcp', ip } = after ?? before ?? {}
    const what = `port ${ip === undefined ? '' : ip.includes(':') ? `[${ip}]:` : `${ip}:`}${port}/${protocol} of ${service}, open to`
    const [from, to] = [onlyFrom(before), onlyFrom(after)]
    return from === to ? [] : [{ what, from, to }]
  })
}

const scriptWant = ({ project }: Want, rules: readonly PortRule[]) => ({
  path: portRulesFile(project),
  text: scriptText(project, rules),
  mode: '0700',
})

const unitWant = ({ project }: Want) => ({ path: unitFile(project), text: unitText(project), mode: '0644' })

function diff(want: Want, seen: Seen): Change[] {
  const rules = target(want, seen)
  const changes = ruleChanges(rules, seen)
  if (rules.length === 0) {
    if (seen.force === 'none' || want.state === 'present') return []
    return changes.length > 0 ? changes : [{ what: 'rules for ports', from: 'left behind', to: 'absent' }]
  }
  // Whatever they are, rules that are kept are in force.
  const isWhole = wholeChanges(scriptWant(want, rules), seen.script).length === 0
  return [
    ...changes,
    ...(changes.length === 0 && !isWhole
      ? [{ what: 'script of the rules', from: 'another one', to: 'as wanted' }]
      : []),
    ...(changes.length === 0 && isWhole && seen.force !== 'yes'
      ? [{ what: 'rules', from: 'not in force', to: 'in force' }]
      : []),
    ...(seen.boot === 'none' || (seen.boot === 'enabled' && wholeChanges(unitWant(want), seen.unit).length === 0)
      ? []
      : [{ what: 'after a restart', from: 'not kept', to: 'kept' }]),
  ]
}

/** Rules for published ports. Packets to them never pass the chains that firewalls of hosts fill. */
export const portRules = resource<Want, Seen>({
  kind: 'port_rules',
  schema,
  summary:
    'Who may reach published ports of containers, by rules in the chain DOCKER-USER or in a table of nftables. `allow` of a port makes them.',
  example: `- package: iptables
- name: Only the office reaches the database
  port_rules:
    project: shop
    rules:
      - { service: db, port: 5432, allow: [192.0.2.0/24, "2001:db8::/32"] }
`,
  name: want => `port rules of ${want.project}`,
  probe: ({ project }) => sh`${look}
look ${portRulesFile(project)} sum
look ${unitFile(project)} sum
${rulesProbe(project)}`,
  read(out, want) {
    const [script, unit] = readEntries(out)
    const [, force, boot] = /^force=(yes|no|none)\nboot=(\S*)$/m.exec(out) ?? []
    if (script === undefined || unit === undefined || boot === undefined)
      throw new UserError('the host did not say how its rules for ports are', { output: out.slice(-500) })
    mustBeFile(portRulesFile(want.project), script)
    mustBeFile(unitFile(want.project), unit)
    const isForce = force === 'yes' || force === 'no' ? force : 'none'
    return { script, unit, rules: readRules(out), force: isForce, boot }
  },
  diff,
  verb: (want, seen) => (target(want, seen).length === 0 ? 'remove' : want.state === 'absent' ? 'change' : 'set'),
  apply(want, seen) {
    const rules = target(want, seen)
    if (diff(want, seen).length === 0) return []
    if (rules.length === 0) return [takeAway(want.project)]
    return [
      makeFolder(want.project),
      ...wholeScripts(scriptWant(want, rules), seen.script),
      ...(seen.boot === 'none' ? [] : wholeScripts(unitWant(want), seen.unit)),
      bringIntoForce(want.project),
    ]
  },
  // What takes away is judged by what the host keeps now: nothing before it can have made it needed.
  touches: want =>
    want.state === 'absent' ? [] : [`file:${portRulesFile(want.project)}`, `file:${unitFile(want.project)}`],
})
