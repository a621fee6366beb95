// The reader of the user's files: positions and words of every kind of mistake, merging, selectors, secrets, playbooks, and random damage.
import { test } from 'tap'
import { jsonSchema } from '../../core/config/index.js'
import { z } from '../../core/schema.js'
import { testDamage } from './config/damage.js'
import { testHandedOn, testHosts, testSecrets } from './config/hosts.js'
import { testPlaybook, testPlaybookMistakes } from './config/playbooks.js'
import { testShape } from './config/shape.js'
import { testPlaces, testYamlMistakes } from './config/yaml-texts.js'

test('YAML itself: every mistake with its place', async t => testYamlMistakes(t))

test('values, aliases and merge keys keep their places', async t => testPlaces(t))

test('the shape of the file: all mistakes at once, in file order', async t => testShape(t))

test('hosts: defaults, merging, and no hosts at all', async t => testHosts(t))

test('services, images, networks, volumes and the environment are handed on', async t => testHandedOn(t))

test('secrets are fetched once, and fail where they are used', async t => testSecrets(t))

test('a playbook: all its words', async t => testPlaybook(t))

test('a playbook: mistakes', async t => testPlaybookMistakes(t))

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
  t.same(silent, [])
  t.match(schema, { required: ['project'], patternProperties: { '^x-': {} }, properties: { hosts: {}, engine: {} } })
  t.end()
})

test('300 damaged files give errors for users and nothing else', async t => testDamage(t))
