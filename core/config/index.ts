// The user's files, read and checked: projects, playbooks, selectors, secrets, and the file's JSON Schema.
export { checkValue } from './check.js'
export { mergeMaps } from './merge.js'
export { loadPlaybook } from './playbook.js'
export { type ConfigContext, loadProject } from './project.js'
export { jsonSchema, kindSchema } from './schema.js'
export { resolveSecrets } from './secrets.js'
export { parseSelector, selectHosts } from './selector.js'
export { readYaml, toYaml } from './yaml.js'
