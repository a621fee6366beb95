// The tables of all keys of the Compose specification, in the order in which people look for them.
import type { Keys } from './key.js'
import { configKeys, fileKeys, networkKeys, secretKeys, volumeKeys } from './others.js'
import { serviceKeys } from './service.js'

export type { Key, Keys } from './key.js'

/** What each key of a Compose file does here. */
export const composeKeys: readonly { title: string; keys: Keys }[] = [
  { title: 'The file', keys: fileKeys },
  { title: 'A service', keys: serviceKeys },
  { title: 'A network', keys: networkKeys },
  { title: 'A volume', keys: volumeKeys },
  { title: 'A config', keys: configKeys },
  { title: 'A secret', keys: secretKeys },
]
