// What a service shares with its host and with others: namespaces, groups, logs, the runtime, and files of `configs:` and `secrets:`.
import { usageError } from '../../errors.js'
import { z } from '../../schema.js'
import type { OnChange } from '../mounts/shipped-want.js'
import { integer } from './limits.js'
import { onChangeSchema, withOwn } from './on-change.js'
import { keyed, scalar, textMap, textOrList, texts, written } from './shapes.js'

const shared = (words: readonly string[]) =>
  written(text => {
    if (words.includes(text) || /^(service|container):.+$/.test(text)) return text
    throw usageError(`"${text}" is none of ${words.join(', ')}, service:NAME and container:NAME`)
  })

/** "80" or "80/udp", also a range. */
const exposed = scalar.transform((text, context): string[] => {
  const [, first, last, protocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(text) ?? []
  if (first === undefined) {
    context.issues.push({ code: 'custom', input: text, message: `"${text}" is no port: write it as 80 or 80/udp` })
    return z.NEVER
  }
  const length = Math.max(0, Number(last ?? first) - Number(first)) + 1
  return Array.from({ length }, (_, index) => `${Number(first) + index}/${protocol}`)
})

/** A container that is not of the project: NAME or NAME:ALIAS. */
const externalLink = written(text => {
  const [container = '', alias = container, ...more] = text.split(':')
  if (container === '' || alias === '' || more.length > 0)
    throw usageError(`"${text}" is no link: write it as CONTAINER or CONTAINER:ALIAS`)
  return { container, alias }
})

/** SERVICE, SERVICE:ro, container:NAME or container:NAME:ro. */
const volumesFrom = written(text => {
  const [, outside, name = '', mode = 'rw'] = /^(container:)?([^:]+)(?::(ro|rw))?$/.exec(text) ?? []
  if (name === '')
    throw usageError(`"${text}" is no source of volumes: write it as SERVICE, SERVICE:ro or container:NAME`)
  return { name, isService: outside === undefined, readOnly: mode === 'ro' }
})

/** Entries of a service's `configs:` or `secrets:`. */
const fileUses = z.array(
  z.union(
    [
      z.string().transform(source => ({ source })),
      z.preprocess(
        withOwn,
        keyed({
          source: z.string().describe('The entry it comes from.'),
          target: z.string().optional().describe('Where it stands in the container.'),
          uid: integer.optional().describe('Its owner; 0 if left out.'),
          gid: integer.optional().describe('Its group; 0 if left out.'),
          mode: z
            .union(
              [
                z.number().int(),
                z
                  .string()
                  .regex(/^0?o?[0-7]+$/)
                  .transform(text => Number.parseInt(text.replace('o', ''), 8)),
              ],
              {
                error: 'must be a mode such as "0440"',
              },
            )
            .optional()
            .describe('Its permission bits.'),
          on_change: onChangeSchema.optional(),
        }),
      ),
    ],
    { error: 'must be a name, or a map with source' },
  ),
)

/** One file that a service asks for. */
export type FileUse = z.output<typeof fileUses>[number] & {
  target?: string
  uid?: number
  gid?: number
  mode?: number
  on_change?: OnChange
}

/** Keys of a service. */
export const surroundingShapes = {
  annotations: textMap.optional().describe('Annotations for the runtime.'),
  attach: z.unknown().optional().describe('Has no effect: nothing is attached to.'),
  cgroup: z.enum(['host', 'private']).optional().describe('Its control group namespace.'),
  cgroup_parent: z.string().optional().describe('Its parent control group.'),
  configs: fileUses.optional().describe('Files of `configs:` of a Compose file.'),
  secrets: fileUses.optional().describe('Files below /run/secrets: of `secrets:`.'),
  dns_search: textOrList.optional().describe('Search domains.'),
  dns_opt: texts.optional().describe('Options for the resolver.'),
  domainname: z.string().optional().describe('Domain inside the container.'),
  expose: z.array(exposed).optional().describe('Ports for other containers.'),
  external_links: z
    .array(externalLink)
    .optional()
    .describe('Containers that are not of the project: NAME or NAME:ALIAS.'),
  group_add: z.array(scalar).optional().describe('More groups of the user.'),
  ipc: shared(['none', 'private', 'shareable', 'host']).optional().describe('Its IPC namespace.'),
  isolation: z.string().optional().describe('Means something only on Windows.'),
  label_file: textOrList.optional().describe('Files with labels; labels win over them.'),
  logging: keyed({
    driver: z.string().optional().describe("The driver; the engine's own if left out."),
    options: textMap.optional().describe('Its options.'),
  })
    .optional()
    .describe('Where its output goes.'),
  mac_address: z.string().optional().describe('MAC address on its main network.'),
  pid: shared(['host', 'private']).optional().describe('Its process namespace.'),
  platform: z.string().optional().describe('Platform of the image ("linux/arm64").'),
  profiles: texts.optional().describe('It is left out unless one of them is active (COMPOSE_PROFILES).'),
  runtime: z.string().optional().describe('The runtime.'),
  storage_opt: textMap.optional().describe('Options of the storage driver.'),
  userns_mode: z.string().optional().describe('Its user namespace: host.'),
  uts: z.string().optional().describe('Its UTS namespace: host.'),
  volumes_from: z.array(volumesFrom).optional().describe('Mounts of another service, or of container:NAME.'),
}
