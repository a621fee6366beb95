// What users and groups share: their names, and the tools that make them.
import { z } from '../core/schema.js'
import { type Sh, sh } from '../core/sh.js'

/** A name that useradd and groupadd accept. */
export const accountName = z
  .string()
  .regex(/^[A-Za-z_][\w.-]{0,30}\$?$/, 'must be a name of at most 32 letters, digits, dots, dashes or underscores')

/** Ends the shell with a clear message where a tool of the `passwd` package is missing. */
export const needsTool = (tool: string): Sh =>
  sh`command -v ${tool} >/dev/null || { echo ${`${tool} is not on this host: install the package passwd`} >&2; exit 1; }`
