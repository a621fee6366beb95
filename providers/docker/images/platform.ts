// For which platform an image is, and whether that is the one that is wanted.
import type { ImageDetails } from '../api/shapes.js'

/** "linux/arm64/v8"; undefined where the engine does not tell. */
export const platformOf = ({ Os, Architecture, Variant }: ImageDetails): string | undefined =>
  Os && Architecture ? [Os, Architecture, ...(Variant ? [Variant] : [])].join('/') : undefined

/** Names of machines that people and the kernel use for what images call otherwise. Source: containerd's platforms.normalizeArch. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
}

/** True where an image of one platform serves the wish for another: a variant counts only where both name one. */
export function isForPlatform(found: string, wanted: string): boolean {
  const parts = (text: string): (string | undefined)[] => {
    const [os, machine = '', variant] = text.toLowerCase().split('/')
    return [os, architectures[machine] ?? machine, variant]
  }
  const [foundOs, foundMachine, foundVariant] = parts(found)
  const [os, machine, variant] = parts(wanted)
  return (
    foundOs === os &&
    foundMachine === machine &&
    (foundVariant === undefined || variant === undefined || foundVariant === variant)
  )
}
