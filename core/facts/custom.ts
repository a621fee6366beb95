// Facts that a host's owner adds: files in /etc/longshore/facts.d, as JSON, YAML, `key=value` lines, or scripts that print JSON.
import { readYaml } from '../config/yaml.js'
import { messageOf } from '../errors.js'
import { cleanLine } from '../events.js'

const longest = 65_536

/** `key=value` lines, under their `[section]` if they have one. */
function readLines(text: string): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  let into = found
  for (const line of text.split('\n').map(each => each.trim())) {
    const [, section] = /^\[([\w.-]+)\]$/.exec(line) ?? []
    const [, key, value] = /^([\w.-]+)\s*=\s*(.*)$/.exec(line) ?? []
    if (section !== undefined) {
      into = {}
      found[section] = into
    } else if (key !== undefined) into[key] = value
    else if (line !== '' && !/^[#;]/.test(line)) throw new Error(`"${line.slice(0, 40)}" is no key=value line`)
  }
  return found
}

/** No control characters, however deep; __proto__ is nobody's fact. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string')
    return value
      .split('\n')
      .map(line => cleanLine(line, longest))
      .join('\n')
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [cleanLine(key), cleaned(inner)])
  return Object.fromEntries(entries.filter(([key]) => key !== '__proto__'))
}

function readOne(end: string, text: string): unknown {
  if (text.length >= longest) throw new Error('longer than 64 KB')
  if (end === 'json' || end === 'sh')
    try {
      return JSON.parse(text)
    } catch {
      throw new Error(end === 'sh' ? 'the script did not print JSON' : 'not JSON')
    }
  return end === 'yaml' || end === 'yml' ? readYaml(text, 'facts').value : readLines(text)
}

/** Reads the owner's fact files (name with its end, text). What cannot be read is told by name. */
export function readCustom(files: ReadonlyMap<string, string>): {
  custom: Record<string, unknown>
  custom_errors: Record<string, string>
} {
  const custom: Record<string, unknown> = {}
  const errors: Record<string, string> = {}
  for (const [file, text] of files) {
    const [, name = file, end = ''] = /^(.+)\.(\w+)$/.exec(file) ?? []
    try {
      custom[name] = cleaned(readOne(end.toLowerCase(), text))
    } catch (error) {
      errors[file] = cleanLine(messageOf(error))
    }
  }
  return { custom, custom_errors: errors }
}
