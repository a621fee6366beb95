// Recorded answers of real hosts, for tables that need no host.
import { readFileSync } from 'node:fs'

const folder = new URL('../../../test/resources/fixtures/', import.meta.url)

/** A recorded answer; its first line says of what, and is left out. */
export const recorded = (name: string): string =>
  readFileSync(new URL(`${name}.txt`, folder), 'utf8').replace(/^#.*\n/, '')
