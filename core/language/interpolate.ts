// Compose's own interpolation: `$VAR`, `${VAR}` and its forms with defaults, alternatives and errors.
import { type At, usageError } from '../errors.js'
import type { Raw } from '../raw.js'
import { insideText } from './position.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** Is told of each variable that is used and not set. */
export type OnUnset = (name: string, at: At) => void

const nameAt = /[A-Za-z_][A-Za-z0-9_]*/y

/** The offset after the `}` that closes the expression whose inside starts at `start`; -1 if none does. */
function closingBrace(text: string, start: number): number {
  let depth = 1
  for (let offset = start; offset < text.length; offset++) {
    if (text.startsWith('$$', offset)) offset++
    else if (text.startsWith('${', offset)) {
      depth++
      offset++
    } else if (text[offset] === '}' && --depth === 0) return offset
  }
  return -1
}

/**
 * Puts variables into a text as Compose does: `$VAR`, `${VAR}`, `:-` and `-` (default), `:?` and `?` (error), `:+` and `+`
 * (alternative), nested; `$$` is a dollar. An unset variable is empty, and `onUnset` is told. One at the end is itself; other uses of `$` are usage errors.
 */
export function interpolate(text: string, environment: Environment, at: At, onUnset?: OnUnset): string {
  if (!text.includes('$')) return text
  const lookup = (name: string): string | undefined =>
    Object.hasOwn(environment, name) ? environment[name] : undefined
  const expand = (part: string, base: number): string => {
    let out = ''
    let offset = 0
    const wrong = (message: string, where: number): Error =>
      usageError(message, { at: insideText(at, base + where), hint: 'write $$ for a dollar sign' })
    while (offset < part.length) {
      const dollar = part.indexOf('$', offset)
      if (dollar < 0) break
      out += part.slice(offset, dollar)
      const next = part[dollar + 1]
      if (next === '$') {
        out += '$'
        offset = dollar + 2
        continue
      }
      // Compose takes one at the very end for what it is.
      if (next === undefined) return `${out}$`
      nameAt.lastIndex = next === '{' ? dollar + 2 : dollar + 1
      const name = nameAt.exec(part)?.[0]
      if (name === undefined) throw wrong(`"${part.slice(dollar, dollar + 12)}" is not a variable`, dollar)
      const after = nameAt.lastIndex
      const here = insideText(at, base + dollar)
      if (next !== '{') {
        out += orEmpty(name, here)
        offset = after
        continue
      }
      const end = closingBrace(part, after)
      if (end < 0) throw wrong(`"${part.slice(dollar, dollar + 12)}" has no closing }`, dollar)
      const [, operator = '', word = ''] = /^(:?[-?+])?([\s\S]*)$/.exec(part.slice(after, end)) ?? []
      if (operator === '' && word !== '') throw wrong(`"${part.slice(dollar, end + 1)}" is not a variable`, dollar)
      const inner = (): string => expand(word, base + after + operator.length)
      out += operator === '' ? orEmpty(name, here) : applied(name, operator, inner, here)
      offset = end + 1
    }
    return out + part.slice(offset)
  }
  const orEmpty = (name: string, here: At): string => {
    const value = lookup(name)
    if (value === undefined) onUnset?.(name, here)
    return value ?? ''
  }
  const applied = (name: string, operator: string, word: () => string, here: At): string => {
    const value = lookup(name)
    const filled = value !== undefined && !(operator.startsWith(':') && value === '')
    if (operator.endsWith('+')) return filled ? word() : ''
    if (filled) return value
    if (operator.endsWith('-')) return word()
    throw usageError(`the variable ${name} is required: ${word() || 'it is not set'}`, { at: here })
  }
  return expand(text, 0)
}

/** Interpolates every text inside a value (not the keys of maps); `raw` gives the places. */
export function interpolateValue(value: unknown, raw: Raw, environment: Environment, onUnset?: OnUnset): unknown {
  const walk = (part: unknown, path: (string | number)[]): unknown => {
    if (typeof part === 'string')
      return part.includes('$') ? interpolate(part, environment, raw.where(path), onUnset) : part
    if (Array.isArray(part)) return part.map((item, index) => walk(item, [...path, index]))
    if (typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === Object.prototype)
      return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, walk(item, [...path, key])]))
    return part
  }
  return walk(value, [])
}
