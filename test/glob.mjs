// Finds compiled tests: Node 20 has no glob of its own.
import { readdirSync } from 'node:fs'

/** Every file below a folder that ends so, sorted. */
export const globSync = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .map(name => `${folder}/${name}`)
    .filter(name => name.endsWith(ending))
    .sort()
