// Renders templates: texts, and whole YAML values whose single expressions keep their types and whose secrets stay secrets.
import { type At, UserError, usageError } from '../errors.js'
import type { Raw } from '../raw.js'
import { Secret } from '../secret.js'
import { isTemplate, offsetOfNode, type Program, parseTemplate, TemplateSyntaxError } from './handlebars.js'
import { Interpreter } from './interpreter.js'
import { insideText, positionInFile } from './position.js'
import type { Scope } from './scope.js'
import { TemplateError } from './template-error.js'

export interface RenderOptions {
  /** `{{.X}}`, the engine's own templates, pass through untouched. */
  engineTemplates?: boolean
}

export interface TextOptions extends RenderOptions {
  scope: Scope
  /** The file whose whole content the text is. */
  file?: string
  /** Where the text stands, when it is a value in a file. */
  at?: At
}

/** A private-use character, and one for its number, stand for an engine template, in its length so that positions stay true. */
const enginePattern = /\{\{-?\s*\.(?![./])[^{}]*\}\}/g
const firstNumber = 0xe100
const mostHidden = 5000

/** Hides the engine's templates from the parser; `show` puts them back. */
function hideEngine(text: string, options: RenderOptions): { text: string; show: (content: string) => string } {
  if (options.engineTemplates !== true || !text.includes('{{')) return { text, show: content => content }
  const hidden: string[] = []
  const masked = text.replace(enginePattern, original => {
    if (hidden.length >= mostHidden) return original
    hidden.push(original)
    return `\uE000${String.fromCharCode(firstNumber + hidden.length - 1)}`.padEnd(original.length, '\uE001')
  })
  const show = (content: string): string =>
    content.replace(
      /\uE000([\uE100-\uF8FF])\uE001*/g,
      (found, number: string) => hidden[number.charCodeAt(0) - firstNumber] ?? found,
    )
  return { text: masked, show }
}

/** The text without the engine's own templates, which read no name of ours. */
export const withoutEngineTemplates = (text: string): string => hideEngine(text, { engineTemplates: true }).text

function place(text: string, offset: number, file: string | undefined, at: At | undefined): At | undefined {
  if (at !== undefined) return insideText(at, offset)
  return file === undefined ? undefined : positionInFile(file, text, offset)
}

/** Runs a piece of rendering; a template's complaint becomes a usage error with its place. */
function placed<T>(text: string, file: string | undefined, at: At | undefined, run: () => T): T {
  const fail = (message: string, offset: number): UserError => {
    const where = place(text, offset, file, at)
    return usageError(message, where === undefined ? {} : { at: where })
  }
  try {
    return run()
  } catch (error) {
    if (error instanceof TemplateSyntaxError) throw fail(error.message, error.offset)
    if (error instanceof TemplateError) throw fail(error.message, offsetOfNode(text, error.node))
    if (error instanceof UserError && error.at === undefined) throw fail(error.message, 0)
    if (error instanceof RangeError) throw fail('the template is nested too deeply', 0)
    throw error
  }
}

/** Checks that a text can be read as a template; nothing is rendered. Throws a usage error with the place. */
export function checkTemplate(text: string, at: At, options: RenderOptions = {}): void {
  if (isTemplate(text)) placed(text, undefined, at, () => parseTemplate(hideEngine(text, options).text))
}

/**
 * Renders a template text. Strict: unknown names, empty values, lists and maps in text are usage errors with file, line and column.
 * `secret` tells that a secret's value went into the text; `name` is the first such secret's.
 */
export function renderText(text: string, options: TextOptions): { text: string; secret: boolean; name?: string } {
  const { scope, file, at } = options
  if (!isTemplate(text)) return { text, secret: false }
  return placed(text, file, at, () => {
    const hidden = hideEngine(text, options)
    const interpreter = new Interpreter(scope, hidden.show)
    const rendered = interpreter.text(parseTemplate(hidden.text))
    const name = interpreter.secret
    return name === undefined ? { text: rendered, secret: false } : { text: rendered, secret: true, name }
  })
}

/** The one expression a text consists of, if it does. */
function wholeExpression(program: Program): (Program['body'][number] & { type: 'MustacheStatement' }) | undefined {
  const [only] = program.body
  return program.body.length === 1 && only?.type === 'MustacheStatement' ? only : undefined
}

/** Renders one text of YAML: a value of any type when it is one whole expression, a Secret when a secret went into it. */
function renderString(text: string, scope: Scope, at: At | undefined, options: RenderOptions = {}): unknown {
  if (!isTemplate(text)) return text
  const whole = placed(text, undefined, at, () => {
    const only = wholeExpression(parseTemplate(hideEngine(text, options).text))
    if (only === undefined) return undefined
    return { value: new Interpreter(scope, content => content).value(only) }
  })
  if (whole !== undefined) return whole.value
  const rendered = renderText(text, { scope, ...options, ...(at === undefined ? {} : { at }) })
  if (rendered.name === undefined) return rendered.text
  const secret = new Secret(rendered.name, rendered.text)
  // The masker hides every line of a secret: of a text of several lines, all but the secret's own value is harmless.
  if (!rendered.text.includes('\n')) scope.masker.add(secret)
  return secret
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** The name in a `{ secret: NAME }` value. */
export function secretUse(value: unknown): string | undefined {
  if (!isPlain(value)) return undefined
  const [key, ...others] = Object.keys(value)
  const name = value.secret
  return key === 'secret' && others.length === 0 && typeof name === 'string' ? name : undefined
}

/** Renders every text inside a YAML value, not the keys of maps; `{ secret: NAME }` becomes the Secret. `raw` gives the places. */
export function renderValue(value: unknown, raw: Raw | undefined, scope: Scope, options: RenderOptions = {}): unknown {
  const walk = (part: unknown, path: (string | number)[]): unknown => {
    if (typeof part === 'string') return isTemplate(part) ? renderString(part, scope, raw?.where(path), options) : part
    if (Array.isArray(part)) return part.map((item, index) => walk(item, [...path, index]))
    const name = secretUse(part)
    if (name !== undefined)
      return scope.getSecret(String(walk(name, [...path, 'secret'])), raw?.where([...path, 'secret']))
    if (!isPlain(part)) return part
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, walk(item, [...path, key])]))
  }
  return walk(value, [])
}
