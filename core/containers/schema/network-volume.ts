// The entries of `networks:` and `volumes:`.
import { z } from '../../schema.js'
import { flag, keyed, textMap } from './shapes.js'

const external = z
  .union([flag, keyed({ name: z.string().describe('Its name on the engine.') })], { error: 'must be true or false' })
  .optional()
  .describe('It exists already and is not ours: never made, changed or removed.')

const shared = {
  driver: z.string().optional().describe("The driver; the engine's default if left out."),
  driver_opts: textMap.optional().describe('Options of the driver.'),
  external,
  name: z.string().min(1).optional().describe('Its name on the engine; PROJECT_KEY if left out.'),
  labels: textMap.optional().describe('Labels, as a map or a list of name=text.'),
}

const onlyName = (entry: Record<string, unknown>): boolean =>
  entry.external === undefined ||
  entry.external === false ||
  Object.entries(entry).every(([key, value]) => value === undefined || key === 'external' || key === 'name')

const conflict = { error: 'an external one can only have a name: the rest is up to its owner' }

/** One entry of `networks:`; nothing at all means all defaults. */
export const networkSchema = keyed({
  ...shared,
  internal: flag.optional().describe('No way out of the host.'),
  ipam: keyed({
    config: z
      .array(
        keyed({
          subnet: z.string().optional().describe('Subnet in CIDR form.'),
          gateway: z.string().optional().describe("The host's own address in it."),
          ip_range: z.string().optional().describe('Part of it that containers get addresses from.'),
          aux_addresses: textMap.optional().describe('Addresses that are taken, by name.'),
        }),
      )
      .optional()
      .describe('Address ranges.'),
    driver: z.string().optional().describe('Who hands them out.'),
    options: textMap.optional().describe("That driver's options."),
  })
    .optional()
    .describe('Which addresses it hands out.'),
  attachable: flag.optional().describe('Other containers may join it.'),
  enable_ipv6: flag.optional().describe('Addresses of IPv6 too.'),
})
  .refine(onlyName, conflict)
  .nullable()

/** One entry of `volumes:`; nothing at all means all defaults. */
export const volumeSchema = keyed(shared).refine(onlyName, conflict).nullable()

export type Network = NonNullable<z.output<typeof networkSchema>>
export type Volume = NonNullable<z.output<typeof volumeSchema>>
