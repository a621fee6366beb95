// The rules of ufw: as a task says them, as its files have them, and as its command takes them.
import { isIP, isIPv6 } from 'node:net'
import { UserError } from '../../core/errors.js'
import { z } from '../../core/schema.js'

const actions = ['allow', 'deny', 'reject', 'limit'] as const
const ports = z
  .union([z.int().min(1).max(65535).transform(String), z.string().trim()])
  .pipe(
    z
      .string()
      .regex(/^\d+(:\d+)?(,\d+(:\d+)?)*$/, 'must be a number, a range such as 6000:6007, or a list such as 80,443'),
  )
const address = z
  .string()
  .refine(
    text => text === 'any' || isIP(text.replace(/\/\d+$/, '')) > 0,
    'must be an address, a network such as 10.0.0.0/8, or any',
  )
  .default('any')
const device = z.string().regex(/^[\w.@-]+\+?$/, 'must be the name of an interface')

const fields = z
  .strictObject({
    rule: z
      .enum(actions)
      .describe('allow, deny, reject, or limit: at most six connections of an address in 30 seconds'),
    port: ports.optional().describe('Port, range (6000:6007) or list (80,443); left out: all'),
    proto: z
      .enum(['any', 'tcp', 'udp', 'ah', 'esp', 'gre', 'ipv6', 'igmp'])
      .default('any')
      .describe('Protocol; ports in a range or a list need tcp or udp'),
    app: z
      .string()
      .regex(/^[\w][\w .-]*$/, 'must be the name of a profile')
      .optional()
      .describe('Instead of port: a profile of `ufw app list`'),
    from: address.describe('Address or network it comes from'),
    from_port: ports.optional().describe('Port it comes from'),
    to: address.describe('Address or network it goes to'),
    direction: z.enum(['in', 'out']).default('in').describe('in or out'),
    interface: device.optional().describe('Only through this interface'),
    log: z.boolean().default(false).describe('Log new connections'),
    comment: z
      .string()
      .regex(/^[^'\n\r\0]*$/, "must be one line without '")
      .default('')
      .describe('What it is for'),
    insert: z.int().min(1).optional().describe('Position of a new rule; left out: at the end'),
    delete: z.boolean().default(false).describe('The rule goes'),
  })
  .superRefine((rule, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (rule.app !== undefined && (rule.port !== undefined || rule.proto !== 'any'))
      refuse('app', 'stands instead of port and proto')
    for (const [name, value] of [
      ['port', rule.port],
      ['from_port', rule.from_port],
    ] as const)
      if (value !== undefined && /[:,]/.test(value) && !['tcp', 'udp'].includes(rule.proto))
        refuse(name, 'needs proto: tcp or udp')
  })

/** `allow 22/tcp`, as the command itself takes it. */
function shortForm(given: unknown): unknown {
  const [, rule, what = '', proto] =
    typeof given === 'string' ? (/^(\w+) ([\w .:,-]+?)(?:\/(\w+))?$/.exec(given) ?? []) : []
  if (rule === undefined) return given
  return /^\d/.test(what)
    ? { rule, port: what, ...(proto === undefined ? {} : { proto }) }
    : { rule, app: what, ...(proto === undefined ? {} : { proto }) }
}

/** One rule of a task. */
export const ruleSchema = z.preprocess(shortForm, fields)
export type WantedRule = z.infer<typeof fields>

/** One rule of the host. */
export interface Rule {
  action: string
  proto: string
  port: string
  to: string
  fromPort: string
  from: string
  app: string
  /** `in`, `out`, `in_eth0`, … */
  way: string
  comment: string
}

/** ufw writes the two families' "anywhere" and a single host's network as plain words. */
const plain = (given: string): string =>
  given === '0.0.0.0/0' || given === '::/0'
    ? 'any'
    : given.replace(isIPv6(given.replace(/\/.*/, '')) ? /\/128$/ : /\/32$/, '')

/** The network's own address, as ufw writes it (10.1.2.3/8 is 10.0.0.0/8); an IPv6 one stays as it is. */
function network(given: string): string {
  const [, a, b, c, d, length] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(given) ?? []
  if (length === undefined || Number(length) > 32) return plain(given)
  const whole = [a, b, c, d].reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(length))
  const first = Math.floor(whole / size) * size
  return plain(`${[24, 16, 8, 0].map(shift => Math.floor(first / 2 ** shift) % 256).join('.')}/${length}`)
}

const sortPorts = (given: string): string =>
  given
    .split(',')
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .join(',')

/** The rule as the host would have it. */
export const asHostRule = (rule: WantedRule): Rule => ({
  action: rule.rule + (rule.log ? '_log' : ''),
  proto: rule.proto,
  port: rule.port === undefined ? 'any' : sortPorts(rule.port),
  to: network(rule.to),
  fromPort: rule.from_port === undefined ? 'any' : sortPorts(rule.from_port),
  from: network(rule.from),
  app: rule.app ?? '',
  way: rule.direction + (rule.interface === undefined ? '' : `_${rule.interface}`),
  comment: rule.comment,
})

/** Reads the tuples of user.rules and user6.rules; rules for routed traffic are left out. */
export function readRules(text: string): Rule[] {
  const rules = text.split('\n').flatMap(line => {
    const told = /^### tuple ### (.*?)(?: comment=([0-9a-f]*))?$/.exec(line)
    if (told === null) return []
    const words = (told[1] ?? '').trim().split(/\s+/)
    const [action = '', proto = '', port = '', to = '', fromPort = '', from = ''] = words
    if (from === '') throw new UserError('the host has a rule of ufw that cannot be read', { output: line })
    if (action.startsWith('route:')) return []
    const app = words.length >= 8 ? (words[6] ?? '') : ''
    const way = words.length === 7 || words.length === 9 ? (words.at(-1) ?? 'in') : 'in'
    const comment = Buffer.from(told[2] ?? '', 'hex').toString('utf8')
    const rule = {
      action,
      proto,
      port: sortPorts(port),
      to: plain(to),
      fromPort: sortPorts(fromPort),
      from: plain(from),
      way,
      comment,
    }
    return [{ ...rule, app: app === '-' ? '' : app.replaceAll('%20', ' ') }]
  })
  return rules
}

/** Whether two rules match the same traffic; a profile's ports are its own affair. */
export function isSameMatch(a: Rule, b: Rule): boolean {
  const same = a.to === b.to && a.from === b.from && a.fromPort === b.fromPort && a.way === b.way && a.app === b.app
  return same && (a.app !== '' || (a.port === b.port && a.proto === b.proto))
}

/** The rule in words, in the command's own order. */
export const wordsOf = (rule: WantedRule): string[] => {
  const port = (value: string | undefined): string[] => (value === undefined ? [] : ['port', value])
  return [
    rule.rule,
    rule.direction,
    ...(rule.interface === undefined ? [] : ['on', rule.interface]),
    ...(rule.log ? ['log'] : []),
    ...['from', rule.from, ...port(rule.from_port)],
    ...['to', rule.to, ...(rule.app === undefined ? port(rule.port) : ['app', rule.app])],
    ...(rule.proto === 'any' ? [] : ['proto', rule.proto]),
    ...(rule.comment === '' ? [] : ['comment', rule.comment]),
  ]
}
