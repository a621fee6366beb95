// Which top-level names a value's templates, or a condition, would read: so that a plan knows beforehand whether it needs facts.
import type { Vars } from '../raw.js'
import { parseExpression } from './cel.js'
import { type Call, type Expression, isTemplate, type Path, type Program, parseTemplate } from './handlebars.js'
import { secretUse, withoutEngineTemplates } from './template.js'

type Use = (name: string, path: readonly string[]) => void

function usesOfExpression(node: Expression | Call['path'], use: Use): void {
  if (node.type === 'PathExpression') usePath(node, use)
  if (node.type === 'SubExpression') usesOfCall(node, use, true)
}

function usePath({ data, parts }: Path, use: Use): void {
  // Inside blocks a name may be the entry's own; taking it for a top-level one errs on the safe side.
  const names = data ? (parts[0] === 'root' ? parts.slice(1) : []) : parts
  if (names[0] !== undefined) use(names[0], names.slice(1))
}

/** A word with values after it is a helper's; bare, it may be a name. */
function usesOfCall(call: Call, use: Use, isCall = call.params.length > 0): void {
  if (!isCall) usesOfExpression(call.path, use)
  else if (call.path.type === 'PathExpression' && call.path.original === 'secret') use('secrets', [])
  for (const param of call.params) usesOfExpression(param, use)
  for (const pair of call.hash?.pairs ?? []) usesOfExpression(pair.value, use)
}

function usesOfProgram(program: Program | undefined, use: Use): void {
  for (const statement of program?.body ?? []) {
    if (statement.type === 'MustacheStatement') usesOfCall(statement, use)
    if (statement.type !== 'BlockStatement') continue
    usesOfCall(statement, use, true)
    usesOfProgram(statement.program, use)
    usesOfProgram(statement.inverse, use)
  }
}

/** Collects names, following variables that are templates themselves. */
function collector(vars: Vars): { found: Set<string>; value: (value: unknown) => void; use: Use } {
  const found = new Set<string>()
  const followed = new Set<string>()
  const follow = (name: string | undefined): void => {
    const names = name === undefined ? Object.keys(vars) : [name]
    for (const each of names)
      if (Object.hasOwn(vars, each) && !followed.has(each)) {
        followed.add(each)
        value(vars[each])
      }
  }
  const use: Use = (name, path) => {
    found.add(name)
    const [first, second] = path
    if (name === 'vars') follow(first)
    else if (name === 'host' && (first === undefined || first === 'vars')) follow(second)
    else follow(name)
    if (name === 'host' && (first === undefined || first === 'facts' || first === 'private')) found.add('facts')
  }
  const value = (part: unknown): void => {
    if (typeof part === 'string' && isTemplate(part)) {
      // A broken template is reported with its place when it is rendered.
      try {
        usesOfProgram(parseTemplate(withoutEngineTemplates(part)), use)
      } catch {
        return
      }
    } else if (secretUse(part) !== undefined) found.add('secrets')
    else if (typeof part === 'object' && part !== null) for (const inner of Object.values(part)) value(inner)
  }
  return { found, value, use }
}

/**
 * The top-level names that rendering a value would read (`facts`, `hosts`, `secrets`, registers, variables), following variables
 * that are templates. `facts` is among them also for `host.facts` and `host.private`. May name too much, never too little.
 */
export function references(value: unknown, vars: Vars): Set<string> {
  const { found, value: visit } = collector(vars)
  visit(value)
  return found
}

/** The top-level names that a CEL expression would read, following variables that are templates. */
export function expressionReferences(text: string, vars: Vars): Set<string> {
  const { found, use } = collector(vars)
  try {
    for (const { name, path } of parseExpression(text).uses) use(name, path)
  } catch {
    return found
  }
  return found
}
