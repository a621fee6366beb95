// The one door to the expression library (CEL): parsing, the names an expression uses, and its evaluation over plain values.
// It is loaded when the first condition comes.
import { createRequire } from 'node:module'
import type * as Cel from '@marcbachmann/cel-js'
import { helpers } from './helpers/index.js'

/** An expression that cannot be read or evaluated: the message and the offset in its text. */
export class ExpressionError extends Error {
  readonly offset: number
  /** The key that was not there, if that is the matter. */
  readonly missing: string | undefined

  constructor(message: string, offset: number, missing?: string) {
    super(message)
    this.offset = offset
    this.missing = missing
  }
}

/** A name an expression reads, with the keys that follow it (`facts.os.family`), and where it stands. */
interface NameUse {
  name: string
  path: string[]
  offset: number
}

/** Runs a helper with values as the language has them. */
export type Call = (name: string, values: unknown[]) => unknown

export interface Expression {
  uses: NameUse[]
  /** Names that the expression itself asks for (`"x" in vars`, `has(vars.x)`): they may be missing where it does not read them. */
  asked: ReadonlySet<string>
  run(names: Record<string, unknown>, call: Call): unknown
}

const macros = new Set([
  'all',
  'exists',
  'exists_one',
  'existsOne',
  'filter',
  'map',
  'transformList',
  'transformMap',
  'transformMapEntry',
])
const parsed = new Map<string, Expression>()
const mostKept = 500
const longest = 20_000
let environment: Cel.Environment | undefined
/** Who runs helpers for the expression that runs now; running is one call, so there is only one. */
let calling: Call | undefined

/** Helpers that the language has as operators or types of its own, or that need what it does not give. */
const withoutCall = new Set(['eq', 'ne', 'and', 'or', 'not', 'default', 'required', 'int', 'bool', 'string'])
/** How many values a helper takes at most here: each number of them is declared by itself. */
const mostValues = 6

const isNode = (value: unknown): value is Cel.ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value

/** The names a tree reads; names that macros bind (`list.exists(x, …)`) are their own. */
function usesOf(node: unknown, bound: readonly string[], uses: NameUse[]): void {
  if (Array.isArray(node)) for (const each of node) usesOf(each, bound, uses)
  if (!isNode(node)) return
  const path: string[] = []
  let base: Cel.ASTNode = node
  while (base.op === '.' || base.op === '.?') {
    path.unshift(base.args[1])
    base = base.args[0]
  }
  if (base.op === 'id') {
    if (!bound.includes(base.args)) uses.push({ name: base.args, path, offset: base.start })
    return
  }
  if (base.op === 'call' && base.args[0] === 'secret') uses.push({ name: 'secrets', path: [], offset: base.start })
  if (base.op === 'rcall' && macros.has(base.args[0])) {
    const [, receiver, args] = base.args
    usesOf(receiver, bound, uses)
    // The leading arguments that are bare names are the ones bound: the last argument never is.
    const names = args.slice(0, -1).flatMap(arg => (arg.op === 'id' ? [arg.args] : []))
    usesOf(args.slice(names.length), [...bound, ...names], uses)
    return
  }
  usesOf(base.args, bound, uses)
}

/** The names that a tree asks for in `vars`. */
function askedIn(node: unknown, asked: Set<string>): void {
  if (Array.isArray(node)) for (const each of node) askedIn(each, asked)
  if (!isNode(node)) return
  if (node.op === 'in') {
    const [name, holder] = node.args
    if (name.op === 'value' && typeof name.args === 'string' && holder.op === 'id' && holder.args === 'vars')
      asked.add(name.args)
  }
  if (node.op === 'call' && node.args[0] === 'has')
    for (const given of node.args[1])
      if (given.op === '.' && given.args[0].op === 'id' && given.args[0].args === 'vars') asked.add(given.args[1])
  askedIn(node.args, asked)
}

function failure(error: unknown): ExpressionError {
  if (error instanceof RangeError) return new ExpressionError('the expression is nested too deeply', 0)
  if (!(error instanceof Error)) return new ExpressionError(String(error), 0)
  const { summary, code, range, node } = error as Cel.EvaluationError
  const missing = code === 'no_such_key' ? /^No such key: (.*)$/.exec(summary)?.[1] : undefined
  const message = summary ?? error.message
  return new ExpressionError(
    message.charAt(0).toLowerCase() + message.slice(1),
    range?.start ?? node?.start ?? 0,
    missing,
  )
}

function createEnvironment(): Cel.Environment {
  const library = createRequire(import.meta.url)('@marcbachmann/cel-js') as typeof Cel
  const made = new library.Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })
  for (const [name, { least, most }] of Object.entries(helpers)) {
    if (withoutCall.has(name)) continue
    for (let count = least; count <= Math.min(most, mostValues); count++)
      made.registerFunction(`${name}(${Array(count).fill('dyn').join(', ')}): dyn`, (...values: unknown[]) =>
        calling?.(name, values.slice(0, count)),
      )
  }
  return made
}

/** Parses an expression; it is kept for the next time. Throws an ExpressionError, also on running. */
export function parseExpression(text: string): Expression {
  const known = parsed.get(text)
  if (known !== undefined) return known
  if (text.length > longest) throw new ExpressionError(`the expression is longer than ${longest} characters`, 0)
  environment ??= createEnvironment()
  try {
    const program = environment.parse(text)
    const uses: NameUse[] = []
    usesOf(program.ast, [], uses)
    const asked = new Set<string>()
    askedIn(program.ast, asked)
    const expression: Expression = {
      uses,
      asked,
      run(names, call) {
        const before = calling
        calling = call
        try {
          return program(names)
        } catch (error) {
          throw failure(error)
        } finally {
          calling = before
        }
      },
    }
    if (parsed.size >= mostKept) parsed.clear()
    parsed.set(text, expression)
    return expression
  } catch (error) {
    throw failure(error)
  }
}
