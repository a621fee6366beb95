// The languages in the user's files: templates, conditions, Compose's interpolation, and the scope they all read.
export { evaluate, evaluateCondition } from './condition.js'
export { lookupsOver, noLookups } from './helpers/lookups.js'
export { interpolate, interpolateValue } from './interpolate.js'
export { expressionReferences, references } from './references.js'
export type { Scope } from './scope.js'
export { nearest, suggestion } from './suggest.js'
export { checkTemplate, renderText, renderValue } from './template.js'
export { createScope, knownValue, type ScopeParts } from './variables.js'
