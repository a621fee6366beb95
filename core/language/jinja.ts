// Names and marks of Ansible's templates and conditions, and what stands for each of them here: for the errors that a playbook brought
// from there gives.
import { suggestion } from './suggest.js'

/** What stands for a variable that Ansible always has. */
const instead: Record<string, string> = {
  inventory_hostname: 'host.name',
  inventory_hostname_short: 'host.name',
  ansible_host: 'host.address',
  hostvars: 'hosts.NAME.vars',
  group_names: 'host.name in groups.NAME',
  play_hosts: 'groups.NAME',
  ansible_play_hosts: 'groups.NAME',
  ansible_hostname: 'facts.hostname',
  ansible_fqdn: 'facts.fqdn',
  ansible_distribution: 'facts.os.id',
  ansible_distribution_version: 'facts.os.version',
  ansible_distribution_major_version: 'facts.os.version',
  ansible_distribution_release: 'facts.os.codename',
  ansible_os_family: 'facts.os.family, in small letters',
  ansible_pkg_mgr: 'facts.package_manager',
  ansible_architecture: 'facts.arch',
  ansible_kernel: 'facts.kernel',
  ansible_service_mgr: 'facts.init',
  ansible_processor_vcpus: 'facts.cpus',
  ansible_memtotal_mb: 'facts.memory_mb',
  ansible_facts: 'facts',
}

/** The tail of an error about a name that no variable has: what it is called here, the nearest known one, or the known ones. */
export function unknownAnswer(name: string, known: Iterable<string>): string {
  if (Object.hasOwn(instead, name)) return `; here it is ${instead[name]}`
  if (name.startsWith('ansible_')) return '; facts are under facts: see `longshore facts`'
  return suggestion(name, known)
}

/** What to say of a condition that cannot be read and has marks of Jinja; empty if it has none. */
export function conditionAnswer(text: string): string {
  if (text.includes('{{')) return '; a condition is an expression already: leave out the {{ }}'
  if (/\bis\s+(not\s+)?(defined|undefined)\b/.test(text)) return '; conditions are CEL: say "NAME" in vars'
  if (/\bis\s+\w/.test(text))
    return '; conditions are CEL, which has no tests with `is`: say x.changed, x.failed or x == null'
  if (/(^|[^|])\|\s*\w/.test(text)) return '; conditions are CEL, which has no filters: say size(x), first(sort(x))'
  if (/\bnot\s+in\b/.test(text)) return '; conditions are CEL: say !(x in y)'
  if (/\b(and|or|not)\b/.test(text)) return '; conditions are CEL: say &&, || and !'
  return /\bif\b.*\belse\b/.test(text) ? '; conditions are CEL: say b ? a : c' : ''
}

/** What to say of a template that cannot be read and has marks of Jinja where its reading ended; `inside` is the text of that expression. */
export function templateAnswer(inside: string): string {
  if (/(^|[^|])\|\s*\w/.test(inside))
    return '; helpers stand before their values, there are no filters: {{default x "y"}}'
  if (/\w\[/.test(inside)) return '; keys follow a dot: {{facts.os}}, {{list.[0]}}, {{lookup map name}}'
  if (/\w\(/.test(inside)) return '; helpers take no brackets of their own: {{upper x}}, {{first (sort xs)}}'
  if (/==|!=|[<>]/.test(inside)) return '; helpers compare: {{eq x "a"}}, {{gt n 1}}'
  return /\s[-+*/~]\s/.test(inside)
    ? '; helpers reckon: {{add n 1}}, and texts stand beside each other: {{a}}{{b}}'
    : ''
}

const statement = /\{%[-+]?\s*(if|elif|else|endif|for|endfor|set|include|import|from|macro|block|extends|raw)\b/

/** Where a text has a statement of Jinja's; -1 where it has none. */
export const statementOffset = (text: string): number => (text.includes('{%') ? text.search(statement) : -1)

/** What to say of one: it would stand in the result as it is. */
export const statementAnswer =
  '"{% … %}" is Jinja; here it is {{#if x}}…{{else}}…{{/if}} and {{#each xs}}…{{this}}…{{/each}}; {{"{%"}} writes it as it stands'
