// The commands for images on the hosts.
import type { CommandEntry } from '../../command.js'

const group = 'Images'

export const imageCommands: readonly CommandEntry[] = [
  {
    name: 'images',
    summary: 'list the images on the hosts',
    group,
    load: async () => (await import('./images.js')).images,
  },
]
