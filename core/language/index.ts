// The languages in the user's files: templates, conditions, Compose's interpolation, and the scope they all read.
export { checkExpression, evaluate, evaluateCondition } from './condition.js'
export { type Environment, interpolate, interpolateValue, type OnUnset } from './interpolate.js'
export { insideText, rememberText } from './position.js'
export { expressionReferences, references } from './references.js'
export { lazyMap, type Scope } from './scope.js'
export { nearest, suggestion } from './suggest.js'
export {
  checkTemplate,
  type RenderOptions,
  renderString,
  renderText,
  renderValue,
  type TextOptions,
} from './template.js'
export { createScope, type ScopeParts } from './variables.js'
