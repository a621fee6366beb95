// The shape of a playbook as JSON Schema: for editors, and in parts for the reference.
import type { Schema } from '../../schema.js'
import { kindSchema } from '../schema.js'
import type { ResourceKind } from './kind.js'
import { blockSchema, includeSchema, playSchema, roleSchema, roleUseSchema, taskSchema } from './words.js'

interface Shape {
  properties?: Record<string, object>
  [word: string]: unknown
}

const shapeOf = (schema: Schema<unknown>): Shape => kindSchema(schema) as Shape
const listOf = (name: string, description?: unknown): object => ({
  type: 'array',
  items: { $ref: `#/$defs/${name}` },
  ...(description === undefined ? {} : { description }),
})

/** A shape whose lists of tasks say what a task is. */
function withTasks(shape: Shape, lists: Record<string, string>): Shape {
  const properties = { ...shape.properties }
  for (const [word, name] of Object.entries(lists))
    properties[word] = listOf(name, (properties[word] as { description?: string } | undefined)?.description)
  return { ...shape, properties }
}

const withoutOwnHead = ({ $schema: _schema, ...shape }: Shape): Shape => shape

/** The parts of a playbook with their words, in the order of the reference. */
export const playbookParts = (): { title: string; schema: object }[] => [
  { title: 'A play', schema: shapeOf(playSchema) },
  { title: 'An entry of `roles`', schema: shapeOf(roleUseSchema) },
  {
    title: 'A task',
    schema: shapeOf(taskSchema.extend({ include: includeSchema.optional(), role: roleSchema.optional() })),
  },
  { title: 'A block', schema: shapeOf(blockSchema) },
]

/** The JSON Schema of a playbook with these kinds of tasks. */
export function playbookSchema(kinds: readonly ResourceKind[]): object {
  const words = withoutOwnHead(shapeOf(taskSchema))
  const ofKinds = Object.fromEntries(kinds.map(({ kind, schema }) => [kind, withoutOwnHead(shapeOf(schema))]))
  const uses = {
    include: withoutOwnHead(shapeOf(includeSchema)),
    role: withoutOwnHead(shapeOf(roleSchema)),
  }
  const task: Shape = {
    ...words,
    properties: { ...words.properties, ...ofKinds, ...uses },
    additionalProperties: false,
  }
  const lists = { tasks: 'anyTask', handlers: 'task' }
  const play = withTasks(withoutOwnHead(shapeOf(playSchema)), lists)
  const role = withoutOwnHead(shapeOf(roleUseSchema))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A Longshore playbook, or a file of tasks',
    anyOf: [
      { type: 'array', items: { $ref: '#/$defs/play' } },
      { type: 'array', items: { $ref: '#/$defs/anyTask' } },
    ],
    $defs: {
      play: {
        ...play,
        properties: {
          ...play.properties,
          roles: { ...play.properties?.roles, items: { anyOf: [{ type: 'string' }, role] } },
        },
      },
      task,
      block: withTasks(withoutOwnHead(shapeOf(blockSchema)), {
        block: 'anyTask',
        rescue: 'anyTask',
        always: 'anyTask',
      }),
      anyTask: { anyOf: [{ $ref: '#/$defs/task' }, { $ref: '#/$defs/block' }] },
    },
  }
}
