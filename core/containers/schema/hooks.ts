// The hooks of a service: commands that run in its container once it has started, and before it is stopped.
import type { HookWant } from '../../container-settings.js'
import { z } from '../../schema.js'
import { commandLine } from './service-parts.js'
import { flag, keyed, textMap } from './shapes.js'

const hook = keyed({
  command: commandLine.describe('What runs in the container.'),
  user: z.string().optional().describe('As whom; as the container itself if left out.'),
  privileged: flag.optional().describe('With all rights.'),
  working_dir: z.string().optional().describe('In which folder of the container.'),
  environment: textMap.optional().describe('More variables for it.'),
}).transform(
  ({ command, user, privileged, working_dir: workdir, environment }): HookWant => ({
    argv: command,
    ...(user === undefined ? {} : { user }),
    ...(privileged === undefined ? {} : { privileged }),
    ...(workdir === undefined ? {} : { workdir }),
    ...(environment === undefined ? {} : { environment }),
  }),
)

/** `post_start:` and `pre_stop:`. */
export const hooksSchema = z.array(hook)
