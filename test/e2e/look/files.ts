// What needs no host: validate, schema and init.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { readYaml } from '../../../core/config/index.js'
import { z } from '../../../core/schema.js'
import { packageRoot, testProject, told } from '../command.js'

type Node = Record<string, unknown>
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A schema and all that it is any of. */
const readings = (schema: Node): Node[] =>
  [schema, ...['anyOf', 'oneOf', 'allOf'].flatMap(word => (schema[word] as Node[] | undefined) ?? [])].flatMap(one =>
    one === schema ? [one] : readings(one),
  )

/** The keys of a value that its schema does not know, by an own reading of JSON Schema. */
function unknownKeys(schema: Node, value: unknown, path = ''): string[] {
  const all = readings(schema)
  if (Array.isArray(value)) {
    const items = all.flatMap(one => (isNode(one.items) ? one.items : []))
    return value.flatMap((item, index) => unknownKeys({ anyOf: items }, item, `${path}[${index}]`))
  }
  // A part that says nothing of what is in it takes anything.
  if (!isNode(value) || all.some(one => Object.keys(one).length === 0)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const found = all.flatMap(one => {
      const named = isNode(one.properties) ? one.properties[key] : undefined
      const patterns = Object.entries(isNode(one.patternProperties) ? one.patternProperties : {})
      const fitting = patterns.filter(([pattern]) => new RegExp(pattern).test(key)).map(([, fit]) => fit)
      return [named ?? fitting[0] ?? one.additionalProperties].filter(isNode)
    })
    return found.length === 0 ? [`${path}.${key}`] : unknownKeys({ anyOf: found }, inner, `${path}.${key}`)
  })
}

/** `validate` says what is there, or all that is wrong, and touches no host. */
export async function testValidate(t: Test): Promise<void> {
  const good =
    'project: shop\nhosts: { far: { address: 192.0.2.1 } }\ncontainers: { app: { image: "x:$TAG", user: "{{ host.name }}" } }\n'
  const project = testProject({ 'longshore.yaml': good })
  t.teardown(() => project.remove())
  const fine = await project.run(['validate'])
  t.equal(fine.code, 0, told(fine))
  t.equal(fine.stdout, 'shop: ok, 1 host, 1 service\n')
  t.match(fine.stderr, /the variable TAG is not set/)
  project.write('longshore.yaml', `${good}volums: {}\ngroups: { front: { hosts: far, wars: {} } }\n`)
  const bad = await project.run(['validate'])
  t.equal(bad.code, 3, told(bad))
  t.equal(bad.stdout, '')
  t.match(bad.stderr, /longshore\.yaml:4:1: unknown key "volums"; did you mean "volumes"\?\n/)
  t.match(bad.stderr, /longshore\.yaml:5:32: unknown key "wars" in groups\.front; did you mean "vars"\?\n/)
  project.write('longshore.yaml', good.replace('host.name }}', 'host.name'))
  const broken = await project.run(['validate', '-f', '.'])
  t.equal(broken.code, 3, told(broken))
  t.match(broken.stderr, /at longshore\.yaml:3:\d+\n/)
}

/** `schema` prints a JSON Schema that knows the examples' keys, and refuses others. */
export async function testSchema(t: Test): Promise<void> {
  const project = testProject({})
  t.teardown(() => project.remove())
  const printed = await project.run(['schema'])
  t.equal(printed.code, 0, told(printed))
  const schema = JSON.parse(printed.stdout) as Node
  t.match(schema, { $schema: /json-schema\.org/, properties: { hosts: {}, containers: {} }, required: ['project'] })
  const check = z.fromJSONSchema(schema)
  const examples = readdirSync(join(packageRoot, 'examples'))
  t.ok(examples.length > 1, 'the examples were found')
  for (const name of examples) {
    const file = join(packageRoot, 'examples', name, 'longshore.yaml')
    const { value } = readYaml(readFileSync(file, 'utf8'), file)
    t.same(unknownKeys(schema, value), [], `${name}: every key is known`)
    t.same(check.safeParse(value).error?.issues, undefined, `${name} is valid`)
  }
  const wrong = { project: 'a', hosts: { w: { prot: 1 } }, containers: { c: { imag: 'x', build: { contxt: 'y' } } } }
  t.same(unknownKeys(schema, wrong), ['.hosts.w.prot', '.containers.c.imag', '.containers.c.build.contxt'])
  t.notOk(check.safeParse(wrong).success)
}

/** `init` writes a file that is valid as it stands, and never writes over one. */
export async function testInit(t: Test): Promise<void> {
  const project = testProject({})
  t.teardown(() => project.remove())
  const first = await project.run(['init', 'shop'])
  t.equal(first.code, 0, told(first))
  const text = (): string => readFileSync(join(project.folder, 'longshore.yaml'), 'utf8')
  t.match(text(), /^project: shop$/m)
  const valid = await project.run(['validate'])
  t.same([valid.code, valid.stderr], [0, ''], told(valid))
  const before = text()
  const again = await project.run(['init', 'other'])
  t.equal(again.code, 3, told(again))
  t.match(again.stderr, /there is a longshore\.yaml here already/)
  t.equal(text(), before)
}
