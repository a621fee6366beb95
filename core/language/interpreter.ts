// Walks a template's tree and makes text or a value of it. Unlike the library's own runtime it forgives nothing: whatever is
// missing, empty or not text is an error with its place; and it knows which secrets went into the result.
import { UserError } from '../errors.js'
import { Secret } from '../secret.js'
import type { Block, Call, Expression, Literal, Path, Program, Statement } from './handlebars.js'
import { callHelper, HelperError, helpers, isTrue } from './helpers/index.js'
import { unknownAnswer } from './jinja.js'
import { isMap } from './reveal.js'
import type { Scope } from './scope.js'
import { suggestion } from './suggest.js'
import { TemplateError } from './template-error.js'

interface Frame {
  context: unknown
  parent?: Frame
  /** `@index`, `@key`, `@first`, `@last`; and block parameters (`as |x|`). */
  data: Record<string, unknown>
  params: Record<string, unknown>
}

/** Interprets one template's tree over its top-level names. */
export class Interpreter {
  readonly #names: Record<string, unknown>
  readonly #scope: Scope
  readonly #content: (value: string) => string
  /** Name of the first secret whose text went into the result. */
  secret: string | undefined

  constructor(scope: Scope, content: (value: string) => string) {
    this.#names = scope.names
    this.#scope = scope
    this.#content = content
  }

  /** The text of a program. */
  text(program: Program, frame: Frame = this.top()): string {
    return program.body.map(statement => this.#statement(statement, frame)).join('')
  }

  top(): Frame {
    return { context: this.#names, data: {}, params: {} }
  }

  /** The value of `{{…}}`: of a name, or of a helper's call. */
  value(call: Call & { type: string }, frame: Frame = this.top()): unknown {
    const { path } = call
    const bare = call.params.length === 0 && (call.hash?.pairs.length ?? 0) === 0
    if (path.type !== 'PathExpression') return this.#expression(path, frame)
    if (!bare || call.type === 'SubExpression') return this.#call(path, call, frame)
    const isHelper =
      path.parts.length === 1 && Object.hasOwn(helpers, path.original) && !this.#has(frame, path.original)
    return isHelper ? this.#call(path, call, frame) : this.#path(path, frame)
  }

  /** Whether a name stands for something, here or at the top: it is no helper's then. */
  #has(frame: Frame, name: string): boolean {
    if (isMap(frame.context) && Object.hasOwn(frame.context, name)) return true
    for (let each: Frame | undefined = frame; each !== undefined; each = each.parent)
      if (Object.hasOwn(each.params, name)) return true
    return Object.hasOwn(this.#names, name)
  }

  #statement(statement: Statement, frame: Frame): string {
    if (statement.type === 'ContentStatement') return this.#content(statement.value)
    if (statement.type === 'CommentStatement') return ''
    if (statement.type === 'MustacheStatement') return this.#asText(this.value(statement, frame), statement.path)
    if (statement.type === 'BlockStatement') return this.#block(statement, frame)
    throw new TemplateError('partials and decorators are not part of the template language here', statement)
  }

  #asText(value: unknown, node: Path | Literal): string {
    const name = node.type === 'PathExpression' ? `"${node.original}"` : 'this'
    if (value instanceof Secret) {
      this.secret ??= value.name
      return value.reveal()
    }
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
    if (value === null || value === undefined) throw new TemplateError(`${name} has no value`, node)
    const kind = Array.isArray(value) ? 'list' : 'map'
    throw new TemplateError(
      `${name} is a ${kind} and cannot stand in text; say {{json …}}, {{yaml …}} or use #each`,
      node,
    )
  }

  #expression(node: Expression, frame: Frame): unknown {
    if (node.type === 'PathExpression') return this.#path(node, frame)
    if (node.type === 'SubExpression') return this.value(node, frame)
    return node.type === 'UndefinedLiteral' || node.type === 'NullLiteral' ? null : node.value
  }

  #call(path: Path, call: Call, frame: Frame): unknown {
    const helper = Object.hasOwn(helpers, path.original) ? helpers[path.original] : undefined
    if (helper === undefined)
      throw new TemplateError(
        `there is no helper "${path.original}"${suggestion(path.original, Object.keys(helpers), 'helpers')}`,
        path,
      )
    const { least, most } = helper
    if ((call.hash?.pairs.length ?? 0) > 0) throw new TemplateError(`${path.original} takes no named values`, path)
    if (call.params.length < least || call.params.length > most)
      throw new TemplateError(
        `${path.original} takes ${least === most ? least : `${least} to ${most}`} values, not ${call.params.length}`,
        path,
      )
    const values = call.params.map((param, index) =>
      this.#argument(param, frame, helper.mayBeMissing === true && index === 0),
    )
    try {
      return callHelper(helper, values, this.#scope)
    } catch (error) {
      if (error instanceof UserError && error.at === undefined) throw new TemplateError(error.message, path)
      if (!(error instanceof HelperError)) throw error
      const message = path.original === 'required' ? error.message : `${path.original} ${error.message}`
      throw new TemplateError(message, path, error.missing)
    }
  }

  #argument(param: Expression, frame: Frame, mayBeMissing: boolean): unknown {
    try {
      return this.#expression(param, frame)
    } catch (error) {
      if (mayBeMissing && error instanceof TemplateError && error.missing) return undefined
      throw error
    }
  }

  #path(path: Path, frame: Frame): unknown {
    let { parts } = path
    let start: unknown = frame.context
    if (path.data) {
      const [name = '', ...rest] = parts
      start = name === 'root' ? this.#names : this.#data(path, name, frame)
      parts = rest
    } else if (path.depth > 0) {
      let outer: Frame | undefined = frame
      for (let level = 0; level < path.depth; level++) outer = outer?.parent
      if (outer === undefined) throw new TemplateError(`"${path.original}" leads out of the template`, path)
      start = outer.context
    } else if (!/^(\.|this\b)/.test(path.original)) {
      for (let each: Frame | undefined = frame; each !== undefined; each = each.parent)
        if (Object.hasOwn(each.params, parts[0] ?? '')) {
          start = each.params
          break
        }
    }
    try {
      return this.#follow(path, start, parts)
    } catch (error) {
      if (error instanceof UserError && error.at === undefined) throw new TemplateError(error.message, path)
      throw error
    }
  }

  #data(path: Path, name: string, frame: Frame): unknown {
    for (let each: Frame | undefined = frame; each !== undefined; each = each.parent)
      if (Object.hasOwn(each.data, name)) return each.data[name]
    throw new TemplateError(`there is no @${name} here`, path)
  }

  #follow(path: Path, start: unknown, parts: readonly string[]): unknown {
    let value = start
    for (const [index, part] of parts.entries()) {
      const holder = index === 0 ? undefined : parts.slice(0, index).join('.')
      if (Array.isArray(value) && part === 'length') value = value.length
      else if ((Array.isArray(value) || isMap(value)) && Object.hasOwn(value, part))
        value = (value as Record<string, unknown>)[part]
      else throw new TemplateError(this.#unknown(part, holder, value, start), path, true)
    }
    return value
  }

  #unknown(part: string, holder: string | undefined, value: unknown, start: unknown): string {
    const known = isMap(value) ? Object.keys(value) : []
    if (holder !== undefined)
      return isMap(value) || Array.isArray(value)
        ? `"${holder}" has no "${part}"${suggestion(part, known)}`
        : `"${holder}" is no map, it has no "${part}"`
    if (start !== this.#names && Object.hasOwn(this.#names, part))
      return `"${part}" is not known inside this block; say "@root.${part}"`
    return `"${part}" is not known${unknownAnswer(part, known)}`
  }

  #block(block: Block, frame: Frame): string {
    const name = block.path.type === 'PathExpression' ? block.path.original : ''
    const [param] = block.params
    if (!['if', 'unless', 'each', 'with'].includes(name))
      throw new TemplateError(`there is no block "${name}"; known: each, if, unless, with`, block.path)
    if (param === undefined || block.params.length !== 1)
      throw new TemplateError(`#${name} takes one value`, block.path)
    const value = this.#expression(param, frame)
    if (name === 'each') return this.#each(block, param, value, frame)
    if (name === 'with') {
      if (!isMap(value)) throw new TemplateError('#with takes a map', param)
      const [alias] = block.program?.blockParams ?? []
      return this.#body(block.program, {
        context: value,
        parent: frame,
        data: {},
        params: alias === undefined ? {} : { [alias]: value },
      })
    }
    const holds = isTrue(value instanceof Secret ? value.reveal() : value)
    return this.#body(holds === (name === 'if') ? block.program : block.inverse, frame)
  }

  #body(program: Program | undefined, frame: Frame): string {
    return program === undefined ? '' : this.text(program, frame)
  }

  #each(block: Block, param: Expression, value: unknown, frame: Frame): string {
    if (!Array.isArray(value) && !isMap(value)) throw new TemplateError('#each takes a list or a map', param)
    const entries: [number | string, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
    if (entries.length === 0) return this.#body(block.inverse, frame)
    const [itemName, keyName] = block.program?.blockParams ?? []
    return entries
      .map(([key, item], index) =>
        this.#body(block.program, {
          context: item,
          parent: frame,
          data: { index, key, first: index === 0, last: index === entries.length - 1 },
          params: {
            ...(itemName === undefined ? {} : { [itemName]: item }),
            ...(keyName === undefined ? {} : { [keyName]: key }),
          },
        }),
      )
      .join('')
  }
}
