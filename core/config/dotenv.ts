// Reads the `.env` file that lies beside a project, as Compose does.
import { usageError } from '../errors.js'
import { interpolate } from '../language/interpolate.js'

const line = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=|:\s)\s*(.*)$/

const bareName = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*$/

const escapes: Record<string, string> = {
  ...{ a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '"': '"', '\\': '\\', $: '$$' },
}

/** The text of a quoted value and where it ends; undefined when the quote is never closed. */
function quoted(text: string, quote: string): string | undefined {
  const pattern = quote === "'" ? /^'((?:[^'\\]|\\[\s\S])*)'/ : /^"((?:[^"\\]|\\[\s\S])*)"/
  return pattern.exec(text)?.[1]
}

/**
 * Reads `NAME=value` lines: `#` comments, `export`, single quotes (as it stands), double quotes (escapes, several lines),
 * and `${OTHER}` in unquoted and double-quoted values, from `outside` first, else from the lines above. A name alone takes the value
 * that it has `outside`, and is left out where it has none.
 */
export function readDotenv(text: string, file: string, outside: Record<string, string>): Record<string, string> {
  const found: Record<string, string> = {}
  const rows = text.split(/\r?\n/)
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? ''
    const at = { file, line: index + 1, column: 1 }
    if (/^\s*(#|$)/.test(row)) continue
    const bare = bareName.exec(row)?.[1]
    if (bare !== undefined) {
      if (Object.hasOwn(outside, bare)) found[bare] = outside[bare] ?? ''
      continue
    }
    const [, name, rest] = line.exec(row) ?? []
    if (name === undefined || rest === undefined) throw usageError('this line is not NAME=value', { at })
    const quote = rest[0]
    const known = { ...found, ...outside }
    if (quote !== '"' && quote !== "'") {
      found[name] = interpolate(rest.replace(/(^|\s)#.*$/, '').trim(), known, at)
      continue
    }
    const whole = [rest, ...rows.slice(index + 1)].join('\n')
    const inner = quoted(whole, quote)
    if (inner === undefined) throw usageError(`the quote ${quote} is never closed`, { at })
    index += inner.split('\n').length - 1
    found[name] =
      quote === "'"
        ? inner.replaceAll("\\'", "'")
        : interpolate(
            inner.replace(/\\([abfnrtv"\\$])/g, (_, letter: string) => escapes[letter] ?? letter),
            known,
            at,
          )
  }
  return found
}
