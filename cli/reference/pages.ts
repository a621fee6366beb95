// The reference pages, made from the schemas: the keys of the project file, and the kinds of tasks.
import { type Field, fieldsOf, type JsonSchema, typeOf } from './fields.js'

/** A kind of task, as its page shows it. */
export interface KindPage {
  kind: string
  summary?: string
  example?: string
  schema: object
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const row = ({ path, type, required, preset, text }: Field): string => {
  const otherwise = preset === '' ? '' : ` (default \`${preset}\`)`
  return `| \`${path}\` | ${cell(type)}${required ? ' (required)' : ''} | ${cell(`${text}${otherwise}`.trim())} |`
}

const table = (fields: readonly Field[]): string[] =>
  fields.length === 0 ? [] : ['| key | type | what it says |', '|---|---|---|', ...fields.map(row), '']

const page = (lines: readonly string[]): string =>
  `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`

/** What a map may say, where it may say anything: two blocks of the same words have the same. */
const wordsOf = ({ properties }: JsonSchema): string => (properties === undefined ? '' : JSON.stringify(properties))

/**
 * The schema without the inside of maps that have the very words of a block of the file; such a map's sentence leads to that block.
 * `blocks` has the names of blocks by their words.
 */
function withoutBlocks(schema: JsonSchema, blocks: ReadonlyMap<string, string>): JsonSchema {
  const inner = (part: JsonSchema): JsonSchema => {
    const block = blocks.get(wordsOf(part))
    if (block === undefined) return withoutBlocks(part, blocks)
    return { type: 'object', description: `${part.description ?? ''} As [${block}](#${block}).`.trim() }
  }
  const { properties, additionalProperties: others, anyOf, oneOf } = schema
  return {
    ...schema,
    ...(anyOf && { anyOf: anyOf.map(inner) }),
    ...(oneOf && { oneOf: oneOf.map(inner) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, inner(part)])),
    }),
    ...(typeof others === 'object' ? { additionalProperties: inner(others) } : {}),
  }
}

/** The page of the project file's keys and of the words of playbooks, in Markdown. */
export function referencePage(file: object, playbook: readonly { title: string; schema: object }[]): string {
  const { properties = {} } = file as JsonSchema
  const blocks = new Map(
    Object.entries(properties).flatMap(([key, schema]) =>
      schema.properties === undefined ? [] : [[wordsOf(schema), key]],
    ),
  )
  const lines = [
    '# Reference',
    '',
    'The keys of `longshore.yaml`, and the words of playbooks. Made by `longshore schema --markdown`; the schemas that check the file are its source.',
    'The kinds of tasks are in [kinds.md](kinds.md).',
    '',
  ]
  for (const [key, schema] of Object.entries(properties))
    lines.push(
      ...[`## ${key}`, '', `${schema.description ?? typeOf(schema)}`, ''],
      ...table(fieldsOf(withoutBlocks(schema, blocks), key)),
    )
  lines.push('## Playbooks', '')
  for (const { title, schema } of playbook) lines.push(`### ${title}`, '', ...table(fieldsOf(schema)))
  return page(lines)
}

const shortForms = (schema: JsonSchema): string[] => {
  const forms = (schema.anyOf ?? schema.oneOf ?? []).filter(
    branch => branch.type !== 'object' && branch.type !== undefined,
  )
  const words = [...new Set(forms.map(typeOf))].join(' or ')
  return words === '' ? [] : [`Short form: ${words} instead of the map.`, '']
}

/** The page of the kinds of tasks, in Markdown: what each is for, its fields, and an example that works as it stands. */
export function kindsPage(kinds: readonly KindPage[]): string {
  const lines = [
    '# Kinds of tasks',
    '',
    'What a task of a playbook can say. Made by `longshore docs --markdown`; the schemas that check the tasks are its source.',
    'Every example works as it stands on a fresh Debian host, and is applied twice by a test.',
    '',
    '| kind | what it is for |',
    '|---|---|',
    ...kinds.map(({ kind, summary }) => `| [\`${kind}\`](#${kind}) | ${cell(summary ?? '')} |`),
    '',
  ]
  for (const { kind, summary, example, schema } of kinds)
    lines.push(
      ...[`## ${kind}`, '', summary ?? '', ''],
      ...shortForms(schema as JsonSchema),
      ...table(fieldsOf(schema as JsonSchema)),
      ...(example === undefined ? [] : ['```yaml', example.trim(), '```', '']),
    )
  return page(lines)
}
