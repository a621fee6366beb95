// The list of commands: what the help needs of each, and where the rest is. A command is loaded only when it is called.
import type { CommandEntry } from '../command.js'
import { hostCommands } from './hosts/index.js'
import { imageCommands } from './images/index.js'
import { runCommands } from './run/index.js'
import { serviceCommands } from './services/index.js'
import { startCommands } from './start/index.js'

export const commands: readonly CommandEntry[] = [
  ...startCommands,
  ...runCommands,
  ...serviceCommands,
  ...imageCommands,
  ...hostCommands,
]
