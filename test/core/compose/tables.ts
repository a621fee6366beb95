// The tables of keys beside the schemas that take them, and beside the keys that Compose's own schema has.
import type { Test } from 'tap'
import type { Keys } from '../../../core/compose/keys/key.js'
import { configKeys, fileKeys, networkKeys, secretKeys, volumeKeys } from '../../../core/compose/keys/others.js'
import { allServiceKeys, serviceKeys } from '../../../core/compose/keys/service.js'
import { networkSchema, serviceSchema, volumeSchema } from '../../../core/containers/index.js'
import { z } from '../../../core/schema.js'
import { schemaKeys } from './schema-keys.js'

interface Shape {
  properties?: Record<string, Shape>
  additionalProperties?: Shape | boolean
  items?: Shape
  anyOf?: Shape[]
}

/** Keys of a schema and of its tables, one below the other. */
function compare(keys: Keys, shape: Shape, path: string, faults: string[]): void {
  const shapes = (each: Shape): Shape[] => [each, ...(each.anyOf ?? []).flatMap(shapes)]
  const deeper = (each: Shape): Shape[] =>
    shapes(each).flatMap(one => [
      one,
      ...(one.items ? shapes(one.items) : []),
      ...(typeof one.additionalProperties === 'object' ? shapes(one.additionalProperties) : []),
    ])
  const known = Object.assign({}, ...deeper(shape).map(one => one.properties ?? {})) as Record<string, Shape>
  for (const [name, { does, inside, named }] of Object.entries(keys)) {
    const honoured = does === 'yes' || does === 'same'
    if (honoured !== name in known) faults.push(`${path}.${name}: table ${does}, schema ${name in known}`)
    const below = inside ?? named
    if (honoured && below !== undefined && name in known) compare(below, known[name] ?? {}, `${path}.${name}`, faults)
  }
  for (const name of Object.keys(known)) if (!(name in keys)) faults.push(`${path}.${name}: not in the table`)
}

/** The table of keys, the schemas that read what it honours, and the recorded schema of Compose must agree. */
export function testTables(t: Test): void {
  const shapeOf = (schema: z.ZodType): Shape => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape
  const faults: string[] = []
  compare(allServiceKeys, shapeOf(serviceSchema), 'service', faults)
  compare(networkKeys, shapeOf(networkSchema), 'network', faults)
  compare(volumeKeys, shapeOf(volumeSchema), 'volume', faults)
  t.same(faults, [])
  const roots: Record<string, Keys> = {
    file: fileKeys,
    service: serviceKeys,
    network: networkKeys,
    volume: volumeKeys,
    secret: secretKeys,
    config: configKeys,
  }
  for (const [path, names] of Object.entries(schemaKeys)) {
    const [root = '', ...steps] = path.split('.')
    let keys: Keys | undefined = roots[root]
    for (const step of steps) keys = keys?.[step]?.inside ?? keys?.[step]?.named
    t.same(Object.keys(keys ?? {}).sort(), names.split(/\s+/).sort(), path)
  }
}
