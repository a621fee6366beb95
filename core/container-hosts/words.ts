// Containers as hosts: the words that the file has for them below `hosts`.
import { z } from '../schema.js'

/** Words of `hosts.NAME` for `connection: container`. */
export const containerHostWords = {
  container: z
    .string()
    .min(1)
    .describe('With `connection: container`: name or id of the running container that tasks are done in.')
    .optional(),
  on: z
    .string()
    .min(1)
    .describe('With `connection: container`: the host whose engine the container is on. Default: this machine.')
    .optional(),
}
