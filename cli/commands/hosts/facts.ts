// `longshore facts`: what hosts are; or with `--vars` every variable in force for them, and where each comes from.
import { relative } from 'node:path'
import { toYaml } from '../../../core/config/index.js'
import { type At, exitCodes, UserError } from '../../../core/errors.js'
import type { Host } from '../../../core/project.js'
import { chooseHosts, withShell } from '../../choose-hosts.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { factsOfHosts } from '../../host-facts.js'
import { type Variable, variablesOf } from '../../variables/in-force.js'

const placeOf = ({ cwd }: CommandContext, at: At | undefined): string =>
  at === undefined ? '' : `${relative(cwd, at.file) || at.file}:${at.line}:${at.column}`

/** A value on one line, as JSON. */
const inline = (value: unknown): string => {
  const text = JSON.stringify(value) ?? ''
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}

function textOf(context: CommandContext, { name, value, unrendered, from }: Variable): string {
  const head = value === undefined ? name : `${name}: ${inline(value)}`
  const note = unrendered === undefined ? '' : `  (as written: ${unrendered.replace(`in the variable ${name}: `, '')})`
  const words = { 'in force': '', merged: ', merged', overridden: ', overridden', there: ', only there' }
  const lines = from.map(one => {
    const place = placeOf(context, one.at)
    const own = from.length > 1 || value === undefined ? ` = ${inline(one.value)}` : ''
    return `    ${one.by}${words[one.standing]}${own}${place === '' ? '' : `  ${place}`}`
  })
  return [`  ${head}${note}`, ...lines].join('\n')
}

async function showVariables(context: CommandContext, hosts: readonly Host[]): Promise<number> {
  const project = await context.project()
  const { files, masker } = context
  const style = await context.style()
  for (const host of hosts) {
    const variables = await variablesOf(host, { project, files, masker, overrides: context.options.vars })
    if (context.options.json) {
      for (const { from, ...variable } of variables)
        context.printJson({
          type: 'variable',
          host: host.name,
          ...variable,
          from: from.map(({ by, standing, value, at }) => ({
            by,
            standing,
            value,
            ...(at === undefined ? {} : { at }),
          })),
        })
      continue
    }
    const texts = variables.map(variable => textOf(context, variable))
    context.print([style.strong(host.name), ...(texts.length === 0 ? ['  no variables'] : texts)].join('\n'))
  }
  return exitCodes.done
}

async function showFacts(context: CommandContext, hosts: readonly Host[]): Promise<number> {
  let exit: number = exitCodes.done
  for (const { host, facts } of await factsOfHosts(context, hosts)) {
    if (facts instanceof UserError) {
      if (exit !== exitCodes.unreachable) exit = facts.exit
      await context.tell(facts)
    } else if (context.options.json) context.printJson({ type: 'facts', host: host.name, facts })
    else context.print(toYaml({ [host.name]: facts }))
  }
  return exit
}

export const facts = command({
  name: 'facts',
  summary: 'show what hosts are, or where their variables come from',
  arguments: { selector: { text: 'which hosts: a name, all, front, role=web (default: all)', need: 'maybe' } },
  options: {
    vars: { flags: '--vars', kind: 'flag', text: 'every variable in force, and where it comes from; asks no host' },
  },
  async run(context, { selector, vars }) {
    const allowed = new Set((await context.hosts()).map(host => host.name))
    const meant = await chooseHosts(selector, 'SELECTOR', await context.project())
    const chosen = meant.filter(host => allowed.has(host.name))
    return vars ? showVariables(context, chosen) : showFacts(context, withShell(chosen, context.emit))
  },
})
