// The reader of the user's files: positions and words of every kind of mistake, merging, selectors, secrets, playbooks, and random damage.
import { test } from 'tap'
import { jsonSchema, playbookSchema } from '../../core/config/index.js'
import { z } from '../../core/schema.js'
import { testDamage } from './config/damage.js'
import { testEngines } from './config/engines.js'
import { testHandedOn, testHosts, testSecrets } from './config/hosts.js'
import { testPeerWords } from './config/peer-words.js'
import { testPlaybook, testPlaybookMistakes } from './config/playbooks.js'
import { testShape } from './config/shape.js'
import { testStructureMistakes } from './config/structure-mistakes.js'
import { testBlocks, testRoles } from './config/structures.js'
import { testPlaces, testYamlMistakes } from './config/yaml-texts.js'

test('YAML itself: every mistake with its place', async t => testYamlMistakes(t))

test('values, aliases and merge keys keep their places', async t => testPlaces(t))

test('the shape of the file: all mistakes at once, in file order', async t => testShape(t))

test('hosts: defaults, merging, and no hosts at all', async t => testHosts(t))

test('engines: defaults, layers, secrets, places', async t => testEngines(t))

test('services, images, networks, volumes and the environment are handed on', async t => testHandedOn(t))

test('secrets are fetched once, and fail where they are used', async t => testSecrets(t))

test('a playbook: all its words', async t => testPlaybook(t))

test('words that come from Ansible', async t => testPeerWords(t))

test('a playbook: mistakes', async t => testPlaybookMistakes(t))

test('blocks are flattened, with what is around them', async t => testBlocks(t))

test('roles and includes are read with their playbook', async t => testRoles(t))

test('blocks, loops, roles and includes: mistakes', async t => testStructureMistakes(t))

test('every key of the JSON Schema explains itself', t => {
  const part = z.strictObject({ image: z.string().describe('The image.') })
  const schema = jsonSchema({ service: part, image: part, network: part, volume: part })
  const silent: string[] = []
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, inner] of Object.entries(node)) {
      if (key === 'properties')
        for (const [name, property] of Object.entries(inner as Record<string, object>))
          if (!('description' in property)) silent.push(`${path}/${name}`)
      walk(inner, `${path}/${key}`)
    }
  }
  walk(schema, '')
  const playbook = playbookSchema([{ kind: 'package', schema: part.describe('A package.') }])
  walk(playbook, 'playbook')
  t.same(silent, [])
  t.match(schema, { required: ['project'], patternProperties: { '^x-': {} }, properties: { hosts: {}, engine: {} } })
  t.match(playbook, {
    $defs: {
      play: { properties: { serial: {}, tasks: { items: { $ref: '#/$defs/anyTask' } } } },
      task: {
        properties: { package: { type: 'object' }, include: {}, role: {}, until: {} },
        additionalProperties: false,
      },
      block: { required: ['block'], properties: { rescue: { type: 'array' } } },
    },
  })
  t.end()
})

test('300 damaged files give errors for users and nothing else', async t => testDamage(t))
