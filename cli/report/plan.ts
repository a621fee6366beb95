// A plan as text, for stdout: what would be done on each host, and why; the same text that tests compare whole.
import { cleanLine } from '../../core/events.js'
import type { Change, Step } from '../../core/step.js'
import type { Style } from './style.js'
import { count } from './text.js'
import { width, wrap } from './width.js'

export interface PlanText {
  steps: readonly Step[]
  /** Things that are as wanted. */
  unchanged: number
  /** Things that nobody declares any more, as people call them ("web1, container shop-old-1"). */
  orphans?: readonly string[]
}

const adding = new Set(['create', 'install', 'add', 'build', 'pull', 'load', 'import', 'make', 'join', 'receive'])
const removing = new Set(['remove', 'delete', 'uninstall', 'leave', 'prune'])
const swapping = new Set(['replace', 'recreate'])

/** One sign for each sort of verb: + makes, - takes away, ± replaces, ~ alters; ? where it is not known whether it will be done. */
function signOf(step: Step): string {
  if (step.certainty === 'unknown') return '?'
  const verb = step.verb.split(' ')[0] ?? ''
  if (adding.has(verb)) return '+'
  if (removing.has(verb)) return '-'
  return swapping.has(verb) ? '±' : '~'
}

const paintOf = (sign: string, style: Style): ((text: string) => string) =>
  sign === '+' ? style.good : sign === '-' ? style.bad : style.caution

function paintDiff(line: string, style: Style): string {
  if (line.startsWith('+')) return style.good(line)
  if (line.startsWith('-')) return style.bad(line)
  return style.faint(line)
}

function changeLines(change: Change, style: Style): string[] {
  const lines = change.diff
    ? [`${change.what}:`]
    : [`${change.what}: ${cleanLine(change.from) || '(none)'} → ${cleanLine(change.to) || '(none)'}`]
  for (const line of change.diff?.trimEnd().split('\n') ?? []) lines.push(`  ${paintDiff(cleanLine(line), style)}`)
  return lines.map(line => `      ${line}`)
}

/** A cause longer than this is cut; `-v` shows every change whole. */
const longestCause = 160

/** Before a cause that has lines of its own, because the terminal is too narrow. */
const causeIndent = ' '.repeat(6)

function stepLines(step: Step, style: Style, verbose: boolean): string[] {
  const sign = signOf(step)
  const paint = paintOf(sign, style)
  const cause = step.cause === '' ? '' : `(${cleanLine(step.cause, longestCause)})`
  const thing = cleanLine(step.thing)
  const { columns = Number.POSITIVE_INFINITY } = style
  const head = `  ${paint(sign)} ${paint(step.verb)} ${thing}`
  const isShort = width(`  ${sign} ${step.verb} ${thing}  ${cause}`) <= columns
  const lines = isShort || cause === '' ? [cause === '' ? head : `${head}  ${style.faint(cause)}`] : [head]
  if (!isShort && cause !== '')
    lines.push(...wrap(cause, columns - causeIndent.length).map(line => causeIndent + style.faint(line)))
  const losses = new Set([step.loses, ...(step.changes ?? []).map(change => change.loses)])
  for (const loss of losses) if (loss) lines.push(`      ${style.bad(`loses ${cleanLine(loss)}`)}`)
  if (verbose) for (const change of step.changes ?? []) lines.push(...changeLines(change, style))
  return lines
}

/** "Plan: 7 to change, 23 unchanged, 1 unknown". */
function planCounts({ steps, unchanged }: PlanText): string {
  const unknown = steps.filter(step => step.certainty === 'unknown').length
  const parts = [`${steps.length - unknown} to change`, `${unchanged} unchanged`]
  if (unknown > 0) parts.push(`${unknown} unknown`)
  return `Plan: ${parts.join(', ')}`
}

/** The whole plan, hosts in the order of their first step; without a final line feed. `verbose` adds what differs. */
export function planText(plan: PlanText, style: Style, verbose: boolean): string {
  const hosts = new Map<string, Step[]>()
  for (const step of plan.steps) hosts.set(step.host, [...(hosts.get(step.host) ?? []), step])
  const lines: string[] = []
  for (const [host, steps] of hosts) {
    lines.push(style.strong(host))
    for (const step of steps) lines.push(...stepLines(step, style, verbose))
    lines.push('')
  }
  const { orphans = [] } = plan
  if (orphans.length > 0) {
    lines.push(style.caution(`No longer declared (${count(orphans.length, 'thing')}, left alone):`))
    lines.push(...orphans.map(orphan => `    ${cleanLine(orphan)}`), '')
  }
  lines.push(style.strong(planCounts(plan)))
  return lines.join('\n')
}
