// The commands for images on the hosts.
import type { CommandEntry } from '../../command.js'

const group = 'Images'

export const imageCommands: readonly CommandEntry[] = [
  {
    name: 'build',
    summary: "build the project's images where something has changed",
    group,
    load: async () => (await import('./build.js')).build,
  },
  {
    name: 'push',
    summary: 'build what has changed, and push it to its registry',
    group,
    load: async () => (await import('./push.js')).push,
  },
  {
    name: 'pull',
    summary: 'pull images that are missing, or whose tags have moved',
    group,
    load: async () => (await import('./pull.js')).pull,
  },
  {
    name: 'images',
    summary: 'list the images on the hosts; history, save, load, tag, commit, search',
    group,
    load: async () => (await import('./images.js')).images,
  },
  {
    name: 'prune',
    summary: 'remove images that nothing needs any more',
    group,
    load: async () => (await import('./prune.js')).prune,
  },
]
