// What a `docker_container` task may say, as a schema.
import { commandLine } from '../../core/containers/schema/service-parts.js'
import { z } from '../../core/schema.js'
import { Secret } from '../../core/secret.js'
import { hostPath, textOrSecret, word } from '../_attributes.js'
import { engineName, imageName, labels, named } from './_engine.js'

const duration = z.string().regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/, 'must be a duration such as 30s or 1m30s')
const capability = z.string().regex(/^[A-Z_]+$/, 'must be a capability such as NET_ADMIN, or ALL')

const healthcheck = z
  .strictObject({
    test: z
      .union([z.string().min(1), z.array(word).min(1)])
      .describe('Shell text, or a list of words (after CMD or CMD-SHELL, if it starts so)'),
    interval: duration.optional().describe('Time between two checks'),
    timeout: duration.optional().describe('Time that a check may take'),
    start_period: duration.optional().describe('Time after the start in which failures do not count'),
    retries: z.int().min(1).optional().describe('Failures in a row that make it unhealthy'),
  })
  .describe('How the engine tells whether it is well; false switches off the one of the image')

const network = z
  .preprocess(
    named,
    z.strictObject({
      name: engineName.describe('Name of a network that is there'),
      aliases: z.array(engineName).default([]).describe('Further names of the container in this network'),
      ipv4_address: z.ipv4('must be an IPv4 address').optional().describe('Its address in it'),
    }),
  )
  .describe('A network, by name or with aliases and an address')

/** Variables that the engine's own command reads, or the script around it uses: a secret one would disturb them. */
const taken =
  /^(PATH|HOME|IFS|ENV|BASH_ENV|LD_.*|DOCKER_.*|CONTAINERS?_.*|all|each|engine|code|left|line|name|new|old|ran|run|trouble|variables)$/

const containerFields = z.strictObject({
  name: engineName.describe('Name'),
  image: imageName.optional().describe('Image; pulled where it is missing'),
  state: z
    .enum(['started', 'stopped', 'present', 'absent'])
    .default('started')
    .describe('started, stopped, present (running or not), or absent'),
  pull: z.enum(['missing', 'never']).default('missing').describe('Whether an image that is missing is pulled'),
  detach: z
    .boolean()
    .default(true)
    .describe(
      'false: waits for its end, which must be 0; it runs again when what is wanted of it, or its image, has changed',
    ),
  recreate: z.boolean().default(false).describe('Make it anew in each run; also how to start over a one-off'),
  keep_volumes: z.boolean().default(true).describe('false: its volumes without a name go with it, and their data'),
  command: commandLine.optional().describe('Command: a list, or text that is split as a shell would'),
  entrypoint: commandLine.optional().describe('Program before the command, instead of the one of the image'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][\w.]*$/, 'must be the name of a variable'), textOrSecret)
    .default({})
    .describe(
      'Variables. A secret one never shows on a command line or in a label; the engine keeps it, as any variable',
    ),
  ports: z
    .array(
      z
        .union([z.int().transform(String), z.string()])
        .pipe(
          z
            .string()
            .regex(
              /^(\[[0-9a-f:]+\]:|[\d.]+:)?([\d-]*:)?\d[\d-]*(\/(tcp|udp|sctp))?$/,
              'must be a port such as "8080:80" or "127.0.0.1:53:53/udp"',
            ),
        ),
    )
    .default([])
    .describe('Published ports: "HOST:CONTAINER", "ADDRESS:HOST:CONTAINER", with /udp where it is that'),
  volumes: z
    .array(
      z
        .string()
        .regex(
          /^(\/[^:\p{Cc}]*|[a-zA-Z0-9][\w.-]*):\/[^:\p{Cc}]*(:[\w,]+)?$|^\/[^:\p{Cc}]*$/u,
          'must be "VOLUME:/PATH" or "/HOST:/PATH", with :ro where it is read only',
        ),
    )
    .default([])
    .describe('Volumes and host folders: "data:/data", "/srv/x:/x:ro"'),
  tmpfs: z.array(hostPath).default([]).describe('Paths that are in memory only'),
  networks: z.array(network).default([]).describe('Networks that it joins; the default one of the engine if left out'),
  network_mode: z
    .string()
    .regex(/^(host|none|bridge|container:[\w.-]+)$/, 'must be host, none, bridge or container:NAME')
    .optional()
    .describe('host, none, bridge or container:NAME, instead of networks'),
  restart_policy: z
    .string()
    .regex(
      /^(no|always|unless-stopped|on-failure(:\d+)?)$/,
      'must be "no", always, unless-stopped or on-failure, as on-failure:5',
    )
    .optional()
    .describe('When the engine starts it again: "no", always, unless-stopped, on-failure or on-failure:5'),
  user: word.optional().describe('User, or user:group, by name or number'),
  working_dir: hostPath.optional().describe('Working directory'),
  hostname: z
    .string()
    .regex(/^[\w.-]+$/, 'must be a host name')
    .optional()
    .describe('Its host name'),
  labels: labels.describe('Labels'),
  memory: z
    .union([z.int().min(0).transform(String), z.string()])
    .pipe(z.string().regex(/^\d+[bkmg]?$/i, 'must be a size such as 512m'))
    .optional()
    .describe('Most memory, such as 512m'),
  cpus: z.number().positive().optional().describe('Most CPUs, such as 0.5'),
  read_only: z.boolean().default(false).describe('Its own files cannot be written'),
  init: z.boolean().default(false).describe('A small init as its first process'),
  privileged: z.boolean().default(false).describe('With all rights of the host'),
  cap_add: z.array(capability).default([]).describe('Capabilities on top, such as NET_ADMIN'),
  cap_drop: z.array(capability).default([]).describe('Capabilities taken away, or ALL'),
  devices: z
    .array(z.string().regex(/^\/[^\p{Cc}]+$/u, 'must be a device such as /dev/fuse'))
    .default([])
    .describe('Devices of the host'),
  extra_hosts: z
    .record(z.string().regex(/^[\w.-]+$/), z.string().regex(/^[\w.:-]+$/))
    .default({})
    .describe('Names for /etc/hosts, with their addresses'),
  stop_timeout: z.int().min(0).optional().describe('Seconds that it has to end before it is killed'),
  healthcheck: z
    .union([z.literal(false), healthcheck])
    .optional()
    .describe('How the engine tells whether it is well; false switches off the one of the image'),
})

export type ContainerWant = z.infer<typeof containerFields>

export const containerSchema = containerFields.superRefine((want, context) => {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
  if (want.state === 'absent') return
  if (want.image === undefined) refuse('image', 'is needed')
  if (want.network_mode !== undefined && want.networks.length > 0)
    refuse('network_mode', 'cannot be given with networks')
  if (!want.detach && want.state !== 'started') refuse('detach', 'false goes with state: started')
  if (!want.detach && (want.restart_policy ?? 'no') !== 'no')
    refuse('restart_policy', 'cannot be given with detach: false')
  if (want.recreate && want.state === 'stopped') refuse('recreate', 'cannot be given with state: stopped')
  for (const [name, value] of Object.entries(want.env))
    if (value instanceof Secret && (taken.test(name) || name.includes('.')))
      refuse(
        'env',
        `a secret cannot be the variable ${name}: the command that makes the container would read it itself`,
      )
})
