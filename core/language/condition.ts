// Evaluates `when:` and its like over a scope: names are checked first, numbers and secrets are made fit for the language and back.
import { type At, UserError, usageError } from '../errors.js'
import { Secret } from '../secret.js'
import { type Call, type Expression, ExpressionError, parseExpression } from './cel.js'
import { callHelper, HelperError, helpers } from './helpers/index.js'
import { conditionAnswer, unknownAnswer } from './jinja.js'
import { typeNames } from './names.js'
import { insideText } from './position.js'
import { lazyMap, type Scope } from './scope.js'
import { suggestion } from './suggest.js'

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One evaluation's dealings with values. */
interface Reading {
  /** Reads a name or key; a usage error on the way is kept, because the expression library wraps it and loses its place. */
  guard(read: () => unknown): unknown
  /** Names of the secrets whose texts the expression has seen, by their text. */
  revealed: Map<string, string>
}

/** A value as the language takes it: whole numbers are its ints, secrets their text, entries of maps are read when asked for. */
function toExpression(value: unknown, reading: Reading): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (value instanceof Secret) {
    reading.revealed.set(value.reveal(), value.name)
    return value.reveal()
  }
  if (value === undefined) return null
  if (Array.isArray(value)) return value.map(item => toExpression(item, reading))
  if (!isMap(value) || value instanceof Uint8Array) return value
  return lazyMap(
    Object.fromEntries(
      Object.keys(value).map(key => [key, () => reading.guard(() => toExpression(value[key], reading))]),
    ),
  )
}

/** Shorter texts stand in too many others. */
const shortest = 3

/** Text that holds a secret's is one again. */
function fromText(text: string, { revealed }: Reading): string | Secret {
  for (const [secret, name] of revealed)
    if (secret.length >= shortest && text.includes(secret)) return new Secret(name, text)
  return text
}

/** The result as plain data: ints become numbers, maps plain maps, and what holds a secret's text is a secret. */
function fromExpression(value: unknown, reading: Reading): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string') return fromText(value, reading)
  if (Array.isArray(value)) return value.map(item => fromExpression(item, reading))
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, inner]) => [String(key), fromExpression(inner, reading)]))
  if (isMap(value) && typeof value.valueOf === 'function' && typeof value.valueOf() === 'bigint')
    return Number(value.valueOf())
  if (isMap(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value)))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromExpression(inner, reading)]))
  return value
}

function failed(error: unknown, at: At, scope: Scope | undefined): UserError {
  if (error instanceof ExpressionError) {
    const message = scope === undefined ? error.message : scope.masker.mask(error.message)
    return usageError(`the expression is wrong: ${message}`, { at: insideText(at, error.offset) })
  }
  if (error instanceof UserError)
    return error.at === undefined
      ? usageError(error.message, { at, ...(error.hint ? { hint: error.hint } : {}) })
      : error
  throw error
}

const unknownName = (name: string, offset: number, scope: Scope, at: At): UserError =>
  usageError(`"${name}" is not known${unknownAnswer(name, Object.keys(scope.names))}`, { at: insideText(at, offset) })

/** Every top-level name must be there before anything runs, but for those that the expression asks for itself. */
function checkNames(expression: Expression, scope: Scope, at: At): void {
  for (const { name, offset } of expression.uses) {
    const known = Object.hasOwn(scope.names, name)
    if (known !== typeNames.has(name) || expression.asked.has(name)) continue
    throw known
      ? usageError(`"${name}" is a type in expressions; say vars.${name}`, { at: insideText(at, offset) })
      : unknownName(name, offset, scope, at)
  }
}

/** A usage error for a key that was not there, with the nearest one that is; undefined when it cannot be told. */
function missingKey(expression: Expression, key: string, text: string, scope: Scope, at: At): UserError | undefined {
  for (const { name, path, offset } of expression.uses.filter(use => use.path.includes(key))) {
    let value = scope.names[name]
    let holder = name
    let end = offset + name.length
    for (const step of path) {
      if (!isMap(value) || value instanceof Secret) break
      const start = text.indexOf(step, end)
      if (!Object.hasOwn(value, step))
        return usageError(`"${holder}" has no "${step}"${suggestion(step, Object.keys(value))}`, {
          at: insideText(at, start),
        })
      end = start + step.length
      value = value[step]
      holder += `.${step}`
    }
  }
  return undefined
}

/** Checks that a text can be read as an expression. Throws a usage error with the place. */
export function checkExpression(text: string, at: At): void {
  try {
    parseExpression(text)
  } catch (error) {
    if (error instanceof ExpressionError)
      throw failed(new ExpressionError(error.message + conditionAnswer(text), error.offset), at, undefined)
    throw failed(error, at, undefined)
  }
}

/** Calls helpers for an expression; what they complain of is kept, as the library would wrap it. */
const caller =
  (scope: Scope, reading: Reading): Call =>
  (name, values) =>
    reading.guard(() => {
      const helper = helpers[name]
      if (helper === undefined) throw new Error(`no helper ${name}`)
      try {
        const given = values.map(value => fromExpression(value, reading))
        return toExpression(callHelper(helper, given, scope), reading)
      } catch (error) {
        if (error instanceof HelperError) throw usageError(`${name} ${scope.masker.mask(error.message)}`)
        throw error
      }
    })

interface Running {
  names: Record<string, unknown>
  call: Call
  text: string
  scope: Scope
  at: At
}

function runExpression(expression: Expression, { names, call, text, scope, at }: Running): unknown {
  try {
    return expression.run(names, call)
  } catch (error) {
    const key = error instanceof ExpressionError ? error.missing : undefined
    throw (key === undefined ? undefined : missingKey(expression, key, text, scope, at)) ?? error
  }
}

/** The value of a CEL expression: numbers, texts, true or false, lists and maps, and secrets where a secret's text went in. Throws a usage error with the place. */
export function evaluate(text: string, scope: Scope, at: At): unknown {
  let kept: UserError | undefined
  const reading: Reading = {
    guard(read) {
      try {
        return read()
      } catch (error) {
        if (error instanceof UserError) kept = error
        throw error
      }
    },
    revealed: new Map(),
  }
  try {
    const expression = parseExpression(text)
    checkNames(expression, scope, at)
    const used = expression.uses.filter(use => Object.hasOwn(scope.names, use.name) || expression.asked.has(use.name))
    const read = (name: string, offset: number): unknown => {
      if (!Object.hasOwn(scope.names, name)) throw unknownName(name, offset, scope, at)
      return toExpression(scope.names[name], reading)
    }
    const names = used.map(({ name, offset }) => [name, () => reading.guard(() => read(name, offset))])
    const running = { names: lazyMap(Object.fromEntries(names)), call: caller(scope, reading), text, scope, at }
    return fromExpression(runExpression(expression, running), reading)
  } catch (error) {
    throw failed(kept ?? error, at, scope)
  }
}

/** Whether a condition holds; a value other than true or false is a usage error. */
export function evaluateCondition(text: string, scope: Scope, at: At): boolean {
  const value = evaluate(text, scope, at)
  if (typeof value === 'boolean') return value
  const kind =
    value === null
      ? 'nothing'
      : Array.isArray(value)
        ? 'a list'
        : value instanceof Secret
          ? 'text'
          : typeof value === 'object'
            ? 'a map'
            : typeof value === 'string'
              ? 'text'
              : 'a number'
  throw usageError(`the condition must give true or false; it gives ${kind}`, { at })
}
