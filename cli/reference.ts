// The reference page, made from the schemas: every key with its type and its meaning.

/** As much of JSON Schema as the page needs. */
interface JsonSchema {
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
  description?: string
}

const branches = (schema: JsonSchema): JsonSchema[] => schema.anyOf ?? schema.oneOf ?? [schema]

const names: Record<string, string> = {
  string: 'text',
  integer: 'whole number',
  boolean: 'true or false',
  object: 'map',
  array: 'list',
  null: 'nothing',
}

function typeOf(schema: JsonSchema): string {
  const all = branches(schema).flatMap(branch => {
    if (branch !== schema && (branch.anyOf ?? branch.oneOf)) return [typeOf(branch)]
    if (branch.const !== undefined) return [`\`${String(branch.const)}\``]
    if (branch.enum) return branch.enum.map(value => `\`${String(value)}\``)
    const type = Array.isArray(branch.type) ? branch.type : [branch.type ?? 'any']
    return type.map(one => (one === 'array' && branch.items ? `list of ${typeOf(branch.items)}` : (names[one] ?? one)))
  })
  return [...new Set(all)].join(', ')
}

/** Rows for a schema's keys, deeper ones with their whole path; a key of the user's own choice stands as NAME. */
function rows(schema: JsonSchema, path: string): string[] {
  return branches(schema).flatMap(branch => {
    const own = Object.entries(branch.properties ?? {}).flatMap(([key, inner]) => {
      const here = path === '' ? key : `${path}.${key}`
      const must = branch.required?.includes(key) ? ' (required)' : ''
      return [
        `| \`${here}\` | ${typeOf(inner)}${must} | ${(inner.description ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')} |`,
        ...rows(inner, here),
      ]
    })
    const named =
      typeof branch.additionalProperties === 'object' ? rows(branch.additionalProperties, `${path}.NAME`) : []
    const items = branch.items ? rows(branch.items, `${path}[]`) : []
    return [
      ...own,
      ...named,
      ...items,
      ...(branch !== schema && (branch.anyOf ?? branch.oneOf) ? rows(branch, path) : []),
    ]
  })
}

const table = (lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['| key | type | what it says |', '|---|---|---|', ...new Set(lines), '']

/** The page in Markdown. `kinds` are the kinds of tasks with their schemas. */
export function referenceText(file: object, kinds: readonly { kind: string; schema: object }[]): string {
  const { properties = {} } = file as JsonSchema
  const lines = [
    '# Reference',
    '',
    'Made by `longshore schema --markdown`; the schemas that check the file are its source.',
    '',
    '## longshore.yaml',
    '',
  ]
  for (const [key, schema] of Object.entries(properties))
    lines.push(`### ${key}`, '', `${schema.description ?? typeOf(schema)}`, '', ...table(rows(schema, key)))
  lines.push('## Kinds of tasks', '')
  for (const { kind, schema } of kinds)
    lines.push(
      `### ${kind}`,
      '',
      (schema as JsonSchema).description ?? '',
      '',
      ...table(rows(schema as JsonSchema, '')),
    )
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`
}
