// The one door to the template library: text to a syntax tree, and its complaints as offsets. It is loaded when the first template comes.
import { createRequire } from 'node:module'
import type Handlebars from 'handlebars'
import { statementAnswer, statementOffset, templateAnswer } from './jinja.js'
import { offsetOf } from './position.js'

interface Placed {
  loc: { start: { line: number; column: number } }
}

export type Path = Placed & {
  type: 'PathExpression'
  data: boolean
  depth: number
  parts: string[]
  original: string
}
export type Literal =
  | (Placed & { type: 'StringLiteral' | 'NumberLiteral' | 'BooleanLiteral'; value: unknown })
  | (Placed & { type: 'UndefinedLiteral' })
  | (Placed & { type: 'NullLiteral' })
export interface Call extends Placed {
  path: Path | Literal
  params: Expression[]
  hash?: { pairs: { key: string; value: Expression }[] }
}
export type Expression = Path | Literal | (Call & { type: 'SubExpression' })
export interface Program {
  body: Statement[]
  blockParams?: string[]
}
export type Block = Call & { type: 'BlockStatement'; program?: Program; inverse?: Program }
export type Statement =
  | (Call & { type: 'MustacheStatement' })
  | Block
  | (Placed & { type: 'ContentStatement'; value: string })
  | (Placed & { type: 'CommentStatement' })
  | (Placed & { type: 'PartialStatement' | 'PartialBlockStatement' | 'Decorator' | 'DecoratorBlock' })

/** A template that cannot be read: the message and the offset in the text. */
export class TemplateSyntaxError extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

const parsed = new Map<string, Program>()
const mostKept = 500
const deepest = 100
let library: typeof Handlebars | undefined

const gotWords: Record<string, string> = {
  EOF: 'the template ends inside a block or an expression',
  OPEN_ENDBLOCK: 'this closes a block that was not opened',
  CLOSE: 'the expression is empty or not complete',
  INVALID: 'the expression is not closed, or has a character that does not belong there',
}

/** The parser tells the line and draws the column: the drawing is looked up in the line. */
function complaint(text: string, error: unknown): TemplateSyntaxError {
  const { message, lineNumber, column } = error as { message: string; lineNumber?: number; column?: number }
  if (lineNumber !== undefined && column !== undefined)
    return new TemplateSyntaxError(message.replace(/ - \d+:\d+$/, ''), offsetOf(text, lineNumber, column))
  const [head = '', snippet = '', drawing = ''] = message.split('\n')
  const line = Number(/line (\d+)/.exec(head)?.[1] ?? 1)
  const source = text.split('\n')[line - 1] ?? ''
  let before = snippet.slice(0, drawing.indexOf('^')).replace(/^\.\.\./, '')
  while (before !== '' && !source.includes(before)) before = before.slice(1)
  const offset = offsetOf(text, line, before === '' ? 0 : source.indexOf(before) + before.length)
  const got = /got '(\w+)'/.exec(message)?.[1] ?? ''
  const inside = /\{\{((?:(?!\}\}).)*)$/s.exec(text.slice(0, offset))?.[1] ?? ''
  const rest = /^(?:(?!\}\}).)*/s.exec(text.slice(offset))?.[0] ?? ''
  const matter = gotWords[got] ?? 'the template cannot be understood here'
  return new TemplateSyntaxError(matter + templateAnswer(inside + rest), offset)
}

/** Whether a text has anything for the template language in it, or for that of Ansible. */
export const isTemplate = (text: string): boolean => text.includes('{{') || statementOffset(text) >= 0

/** Where blocks or brackets nest too deeply; the library's parser takes quadratic time on them. -1 if nowhere. */
function tooDeep(text: string): number {
  let blocks = 0
  let brackets = 0
  let inside = false
  for (const { 0: token, index } of text.matchAll(/\{\{(?:~?(?:#|\^\s*[^}~\s]|\/))?|\}\}|[()]/g)) {
    if (token === '}}') inside = false
    else if (token === '(' || token === ')') brackets = inside ? Math.max(0, brackets + (token === '(' ? 1 : -1)) : 0
    else {
      inside = true
      brackets = 0
      if (token.endsWith('/')) blocks--
      else if (token !== '{{') blocks++
    }
    if (blocks > deepest || brackets > deepest) return index
  }
  return -1
}

/** Parses a template; the tree is kept for the next time. Throws a TemplateSyntaxError. */
export function parseTemplate(text: string): Program {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const statement = statementOffset(text)
  if (statement >= 0) throw new TemplateSyntaxError(statementAnswer, statement)
  library ??= createRequire(import.meta.url)('handlebars') as typeof Handlebars
  const deep = tooDeep(text)
  if (deep >= 0) throw new TemplateSyntaxError('the template is nested too deeply', deep)
  let tree: Program
  try {
    tree = library.parse(text) as unknown as Program
  } catch (error) {
    if (error instanceof RangeError) throw new TemplateSyntaxError('the template is nested too deeply', 0)
    throw complaint(text, error)
  }
  if (parsed.size >= mostKept) parsed.clear()
  parsed.set(text, tree)
  return tree
}

/** The offset in the text at which a node starts. */
export const offsetOfNode = (text: string, node: Placed): number =>
  offsetOf(text, node.loc.start.line, node.loc.start.column)
