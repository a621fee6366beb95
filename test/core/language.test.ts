// Templates, conditions and interpolation: results, types, secrets, and every mistake with its place.
import { test } from 'tap'
import { nearest } from '../../core/language/index.js'
import { testConditions } from './language/conditions.js'
import { testDamage } from './language/damage.js'
import {
  testHelperMistakes,
  testHelpers,
  testHelpersInConditions,
  testLookups,
  testSecretHelpers,
  testSecretsInExpressions,
} from './language/helpers.js'
import { testInterpolatedValues, testInterpolation } from './language/interpolation.js'
import { testEngineTemplates, testTemplateMistakes, testTemplates } from './language/templates.js'
import { testPrecedence, testReferences, testValues } from './language/values.js'

test('templates give text', t => {
  testTemplates(t)
  t.end()
})

test('helpers', t => {
  testHelpers(t)
  testHelperMistakes(t)
  testSecretHelpers(t)
  testLookups(t)
  testHelpersInConditions(t)
  testSecretsInExpressions(t)
  t.end()
})

test('templates: mistakes and their places', t => {
  testTemplateMistakes(t)
  t.end()
})

test("the engine's own templates pass through", t => {
  testEngineTemplates(t)
  t.end()
})

test('values keep their types, secrets stay secrets', t => {
  testValues(t)
  t.end()
})

test('variables: precedence from the host to the command line', t => {
  testPrecedence(t)
  t.end()
})

test('conditions', t => {
  testConditions(t)
  t.end()
})

test('what a value or a condition would read', t => {
  testReferences(t)
  t.end()
})

test("Compose's interpolation", t => {
  testInterpolation(t)
  t.end()
})

test('interpolation of whole values', t => {
  testInterpolatedValues(t)
  t.end()
})

test('the nearest name', t => {
  const rows: [string, string[], string | undefined][] = [
    ['prot', ['port', 'user'], 'port'],
    ['Adress', ['address', 'user'], 'address'],
    ['x', ['a', 'b'], undefined],
    ['', ['a'], undefined],
    ['envronment', ['environment', 'engine'], 'environment'],
  ]
  for (const [name, known, expected] of rows) t.equal(nearest(name, known), expected, name)
  t.end()
})

test('600 damaged templates and conditions give errors for users and nothing else', t => {
  testDamage(t)
  t.end()
})
