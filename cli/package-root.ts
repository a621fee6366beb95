// Where this package's own files are: its package.json, playbooks and templates.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the package's folder; this file is compiled to `dist/cli/` in it. */
export const packageRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
