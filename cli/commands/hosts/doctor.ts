// `longshore doctor`: looks at each host and its engine, and says what stands in the way and what to do. Changes nothing.
import { isContainer } from '../../../core/container-hosts/place.js'
import { hasShell } from '../../../core/engine-alone/address.js'
import { exitCodes, UserError } from '../../../core/errors.js'
import type { Host } from '../../../core/project.js'
import { mapLimited } from '../../../core/run/workers.js'
import { chooseHosts } from '../../choose-hosts.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { accessFindings } from '../../doctor/access-findings.js'
import { lookAt } from '../../doctor/ask.js'
import { engineAloneFindings } from '../../doctor/engine-alone.js'
import { engineFindings, isDaemon } from '../../doctor/engine-findings.js'
import { type Finding, ok, problem } from '../../doctor/finding.js'
import { hostFindings } from '../../doctor/host-findings.js'
import type { Style } from '../../report/style.js'
import { table } from '../../report/table.js'

async function examine(host: Host, context: CommandContext): Promise<Finding[]> {
  const provider = (await context.providers()).find(({ name }) => name === host.engine.provider)
  if (provider === undefined) return [problem('engine', `there is no provider "${host.engine.provider}"`)]
  try {
    if (!hasShell(host)) return await engineAloneFindings(host, provider, context)
    const look = await lookAt(host, provider, context)
    const ms = look.asked.until - look.asked.from
    const reached = ok('reached', `${look.facts.os.name || look.facts.hostname}, answered in ${ms} ms`)
    if (isContainer(host)) return [reached, ...hostFindings(look)]
    return [reached, ...hostFindings(look), ...engineFindings(look), ...(isDaemon(host) ? accessFindings(look) : [])]
  } catch (error) {
    if (context.signal.aborted || !(error instanceof UserError)) throw error
    return [problem('reached', error.output ? `${error.message}: ${error.output}` : error.message, error.hint)]
  }
}

const marks = { ok: 'ok', warning: 'warning', problem: 'PROBLEM' } as const

const painted = (style: Style, { state }: Finding, text: string): string =>
  state === 'ok' ? style.good(text) : state === 'warning' ? style.caution(text) : style.bad(text)

/** The findings of one host, worst first within the order in which they were looked at. */
function page(host: string, findings: readonly Finding[], style: Style): string {
  const rows = findings.map(finding => [`  ${marks[finding.state]}`, finding.about, finding.text])
  const [, ...lines] = table(['', '', ''], rows)
  const told = lines.flatMap((line, index) => {
    const finding = findings[index]
    if (finding === undefined) return []
    const mark = marks[finding.state]
    const shown = line.replace(mark, () => painted(style, finding, mark))
    return finding.hint === undefined ? [shown] : [shown, `           → ${finding.hint}`]
  })
  return [style.strong(host), ...told].join('\n')
}

export const doctor = command({
  name: 'doctor',
  summary: 'say what is wrong on hosts and with their engines, and what to do about it',
  arguments: { selector: { text: 'which hosts: a name, all, front, role=web (default: all)', need: 'maybe' } },
  options: {},
  async run(context, { selector }) {
    const allowed = new Set((await context.hosts()).map(host => host.name))
    const meant = await chooseHosts(selector, 'SELECTOR', await context.projectWithSecrets())
    const hosts = meant.filter(host => allowed.has(host.name))
    const looked = await mapLimited(hosts, await context.forks(), async host => ({
      host: host.name,
      findings: await examine(host, context),
    }))
    for (const { host, findings } of looked)
      if (context.options.json) for (const finding of findings) context.printJson({ type: 'finding', host, ...finding })
      else context.print(page(host, findings, await context.style()))
    const all = looked.flatMap(({ findings }) => findings)
    const count = (state: Finding['state']): number => all.filter(finding => finding.state === state).length
    const [problems, warnings] = [count('problem'), count('warning')]
    const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
    if (!context.options.json) context.print(`${plural(problems, 'problem')}, ${plural(warnings, 'warning')}`)
    return problems > 0 ? exitCodes.failed : exitCodes.done
  },
})
