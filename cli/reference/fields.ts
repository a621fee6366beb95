// What a schema says of its keys: each with its path, type, default and meaning.

/** As much of JSON Schema as the pages need. */
export interface JsonSchema {
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
  default?: unknown
}

/** One key of a schema. */
export interface Field {
  /** Its whole path; a key of the user's own choice stands as NAME. */
  path: string
  /** As people say it: "text", "list of text"; values are in back quotes. */
  type: string
  required: boolean
  /** What holds when it is left out, as JSON; "" where nothing is said. */
  preset: string
  /** What it means. */
  text: string
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

/** The type of a value, as people say it. */
export function typeOf(schema: JsonSchema): string {
  const all = branches(schema).flatMap(branch => {
    if (branch !== schema && (branch.anyOf ?? branch.oneOf)) return [typeOf(branch)]
    if (branch.const !== undefined) return [`\`${String(branch.const)}\``]
    if (branch.enum) return branch.enum.map(value => `\`${String(value)}\``)
    const type = Array.isArray(branch.type) ? branch.type : [branch.type ?? 'any']
    return type.map(one => (one === 'array' && branch.items ? `list of ${typeOf(branch.items)}` : (names[one] ?? one)))
  })
  return [...new Set(all)].join(', ')
}

function everyField(schema: JsonSchema, path: string): Field[] {
  return branches(schema).flatMap(branch => {
    const own = Object.entries(branch.properties ?? {}).flatMap(([key, inner]) => {
      const here = path === '' ? key : `${path}.${key}`
      const field: Field = {
        path: here,
        type: typeOf(inner),
        required: branch.required?.includes(key) ?? false,
        preset: inner.default === undefined ? '' : JSON.stringify(inner.default),
        text: (inner.description ?? '').replaceAll('\n', ' '),
      }
      return [field, ...everyField(inner, here)]
    })
    const { additionalProperties: others } = branch
    const named = typeof others === 'object' ? everyField(others, path === '' ? 'NAME' : `${path}.NAME`) : []
    const items = branch.items ? everyField(branch.items, `${path}[]`) : []
    const deeper = branch !== schema && (branch.anyOf ?? branch.oneOf) ? everyField(branch, path) : []
    return [...own, ...named, ...items, ...deeper]
  })
}

/** The fields of a schema, deeper ones with their whole path, each once. */
export function fieldsOf(schema: JsonSchema, path = ''): Field[] {
  const fields = new Map<string, Field>()
  for (const field of everyField(schema, path)) {
    const key = JSON.stringify([field.path, field.type, field.text])
    if (!fields.has(key)) fields.set(key, field)
  }
  return [...fields.values()]
}
