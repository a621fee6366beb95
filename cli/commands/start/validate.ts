// `longshore validate`: checks the file and all that it names, without touching a host.
import { checkContainers } from '../../../core/containers/index.js'
import { type At, exitCodes } from '../../../core/errors.js'
import { checkTemplate, interpolateValue } from '../../../core/language/index.js'
import type { Project } from '../../../core/project.js'
import type { Raw } from '../../../core/raw.js'
import { command } from '../../command.js'
import { count } from '../../report/text.js'

/** Finds templates that cannot be read, in every text inside a value. */
function checkTemplates(value: unknown, raw: Raw, path: (string | number)[]): void {
  if (typeof value === 'string') checkTemplate(value, raw.where(path), { engineTemplates: true })
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) checkTemplates(item, raw, [...path, index])
  else if (value !== null && typeof value === 'object')
    for (const [key, item] of Object.entries(value)) checkTemplates(item, raw, [...path, key])
}

/** Checks everything about containers that needs no host; `warn` is told of variables that are not set, and of what has no effect. */
function checkServices(project: Project, warn: (text: string, at: At) => void): void {
  const unset = (name: string, at: At): void => warn(`the variable ${name} is not set, it is empty`, at)
  const warnings = checkContainers(project, raw => {
    const value = interpolateValue(raw.value, raw, project.environment, unset)
    checkTemplates(value, raw, [])
    return value
  })
  for (const { text, at } of warnings) warn(text, at)
}

const countsOf = (project: Project): Record<string, number> => ({
  host: project.hosts.length,
  playbook: project.playbooks.length,
  task: project.playbooks.flatMap(use => use.plays.flatMap(play => play.tasks)).length,
  service: project.services.length,
  secret: project.secrets.names.length,
})

export const validate = command({
  name: 'validate',
  summary: 'check the file without touching a host',
  arguments: {},
  options: {},
  async run(context) {
    const project = await context.project()
    await context.hosts()
    await context.providers()
    const told = new Set<string>()
    checkServices(project, (text, at) => {
      const key = `${text} ${at.file}:${at.line}:${at.column}`
      if (!told.has(key)) context.emit({ type: 'warning', text, at })
      told.add(key)
    })
    const counts = countsOf(project)
    if (context.options.json) context.printJson({ type: 'project', project: project.name, file: project.file, counts })
    else {
      const parts = Object.entries(counts).filter(([noun, number]) => number > 0 || noun === 'service')
      context.print(`${project.name}: ok, ${parts.map(([noun, number]) => count(number, noun)).join(', ')}`)
    }
    return exitCodes.done
  },
})
