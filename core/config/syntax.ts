// Finds broken templates and conditions when a playbook is read, before any host is known.
import { checkExpression } from '../language/condition.js'
import { checkTemplate } from '../language/template.js'
import type { Task } from '../playbook.js'
import type { Raw } from '../raw.js'
import type { Problems } from './problems.js'

/** Adds the syntax errors of every template inside a value. */
export function checkTemplates(raw: Raw, problems: Problems): void {
  const walk = (value: unknown, path: (string | number)[]): void => {
    if (typeof value === 'string' && value.includes('{{')) problems.take(() => checkTemplate(value, raw.where(path)))
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key])
  }
  walk(raw.value, [])
}

/** Adds the syntax errors of a task's templates and conditions. */
export function checkSyntax(task: Task, problems: Problems): void {
  const { args, loop, environment, delegate_to, loop_control } = task
  for (const raw of [args, loop, environment, delegate_to, loop_control.label])
    if (raw !== undefined) checkTemplates(raw, problems)
  for (const condition of [...task.when, task.changed_when, task.failed_when, task.until])
    if (condition !== undefined) problems.take(() => checkExpression(condition.text, condition.at))
}
