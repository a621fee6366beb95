// The languages in the user's files: templates, conditions, Compose's interpolation, and the scope they all read.
export { checkExpression, evaluate, evaluateCondition } from './condition.js'
export { type Environment, interpolate, interpolateValue, type OnUnset } from './interpolate.js'
export { expressionReferences, references } from './references.js'
export type { Scope } from './scope.js'
export { nearest, suggestion } from './suggest.js'
export {
  checkTemplate,
  type RenderOptions,
  renderText,
  renderValue,
  type TextOptions,
} from './template.js'
export { createScope, type ScopeParts } from './variables.js'
