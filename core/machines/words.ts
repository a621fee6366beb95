// `hosts.NAME.machine` in the file: the words for hosts that `up` makes.
import { z } from '../schema.js'

/** Words of `hosts.NAME` for a host that `up` makes. */
export const machineHostWords = {
  machine: z
    .strictObject({
      image: z
        .string()
        .min(1)
        .describe(
          'debian-11, debian-12 (default) or debian-13 (or bullseye, bookworm, trixie), the name of an image with systemd and sshd, or the path of an archive that `longshore package` made.',
        )
        .optional(),
      engine: z
        .string()
        .min(1)
        .describe('Whose container it is: local (default), unix:///PATH of this machine, or a host of this file.')
        .optional(),
      cpus: z.number().positive().describe('Processors, such as 2 or 0.5. Default: all.').optional(),
      memory: z
        .union([z.string().min(1), z.int().positive()])
        .describe('Memory, such as 2g. Default: no bound.')
        .optional(),
      ports: z
        .array(z.union([z.string().min(1), z.int().min(1).max(65535)]))
        .describe(
          'Ports that lead to it: "8080:80", "80" for one that is chosen once, "53:53/udp"; on loopback if no address stands before.',
        )
        .optional(),
      synced_folders: z
        .array(
          z.strictObject({
            from: z.string().min(1).describe("A folder of this machine, relative to the project's."),
            to: z.string().startsWith('/').describe('Where the machine has it.'),
            read_only: z.boolean().describe('Whether the machine may only read it. Default false.').optional(),
          }),
        )
        .describe('Folders of this machine that the machine has, live.')
        .optional(),
    })
    .nullable()
    .describe('A host that `up` makes, as a container with systemd and sshd; gone with `destroy`.')
    .optional(),
}
