// A service: every key of Compose's that this version honours, and ours.
import { looseningWords } from '../../hardening/loosen.js'
import { z } from '../../schema.js'
import { buildSchema } from './build.js'
import { domainsSchema } from './domains.js'
import { gateSchema } from './gate.js'
import { hooksSchema } from './hooks.js'
import { deploySchema, limitShapes } from './limits.js'
import { mountSchema, tmpfsSchema } from './mounts.js'
import { portSchema } from './ports.js'
import { pullPolicySchema, pullPolicyText, refreshAfter } from './pull-policy.js'
import {
  commandLine,
  dependsOnSchema,
  envFileSchema,
  extraHostsSchema,
  healthcheckSchema,
  linkSchema,
  networkModeSchema,
  networksSchema,
  restartSchema,
} from './service-parts.js'
import { duration, flag, keyed, scalar, size, textMap, textOrList, texts, valueMap, whole } from './shapes.js'
import { surroundingShapes } from './surroundings.js'

const replicas = whole(0, 10_000)

/** One entry of `containers:`, or of a Compose file's `services:`. */
export const serviceSchema = keyed(
  {
    image: z.string().min(1).optional().describe('Reference of the image; with build, the name it gets.'),
    build: buildSchema.optional().describe('Folder to build the image from, or a map.'),
    command: commandLine.optional().describe("Replaces the image's command."),
    entrypoint: commandLine.optional().describe("Replaces the image's entrypoint."),
    environment: valueMap.optional().describe('Variables, as a map or a list; a value may be { secret: NAME }.'),
    env_file: envFileSchema.optional().describe('Files with variables; environment wins over them.'),
    ports: z.array(portSchema).optional().describe('Ports to publish on the host.'),
    volumes: z.array(mountSchema).optional().describe('Volumes and paths to mount.'),
    networks: networksSchema.optional().describe("Networks to join; the project's default one if left out."),
    network_mode: networkModeSchema.optional().describe('host, none, bridge, service:NAME or container:NAME.'),
    links: z
      .array(linkSchema)
      .optional()
      .describe('Services it reaches, also on another host: SERVICE or SERVICE:ALIAS.'),
    depends_on: dependsOnSchema
      .optional()
      .describe('Services that must have started, be healthy or have completed first.'),
    restart: restartSchema.optional().describe('no, always, unless-stopped, on-failure or on-failure:N.'),
    healthcheck: healthcheckSchema.optional().describe('How the engine finds out whether it is healthy.'),
    labels: textMap.optional().describe('Labels, as a map or a list of name=text.'),
    hostname: z.string().optional().describe('Host name inside the container.'),
    container_name: z
      .string()
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, {
        error: 'must be a container name: two or more letters, digits, "_", "." and "-"',
      })
      .optional()
      .describe('Its name on the engine; PROJECT-SERVICE-N if left out.'),
    user: scalar.optional().describe('User (and group) to run as.'),
    working_dir: z.string().optional().describe('Folder to run in.'),
    stop_signal: scalar.optional().describe('Signal that stops it.'),
    stop_grace_period: duration.optional().describe('Time between that signal and the kill.'),
    extra_hosts: extraHostsSchema.optional().describe('More lines for /etc/hosts.'),
    dns: textOrList.optional().describe('Name servers.'),
    tty: flag.optional().describe('Give it a terminal.'),
    stdin_open: flag.optional().describe('Keep standard input open.'),
    init: flag.optional().describe('Run an init process that reaps zombies.'),
    privileged: flag.optional().describe('All rights on the host. Take care.'),
    read_only: flag.optional().describe('Root file system read-only.'),
    cap_add: texts.optional().describe('Capabilities to add.'),
    cap_drop: texts.optional().describe('Capabilities to drop.'),
    security_opt: texts.optional().describe('Security options.'),
    sysctls: textMap.optional().describe('Kernel parameters of the container.'),
    ...limitShapes,
    ...surroundingShapes,
    shm_size: size.optional().describe('Size of /dev/shm.'),
    tmpfs: z
      .union([tmpfsSchema.transform(mount => [mount]), z.array(tmpfsSchema)], {
        error: 'must be a path or a list of paths',
      })
      .optional()
      .describe('Folders in memory.'),
    post_start: hooksSchema.optional().describe('Commands that run in it once it has started.'),
    pre_stop: hooksSchema.optional().describe('Commands that run in it before it is stopped.'),
    gate: gateSchema.optional().describe('What a new container must answer before it counts as good.'),
    domains: domainsSchema.optional().describe('Domains under which the front door leads to it.'),
    scale: replicas.optional().describe('How many containers in all, dealt over the hosts.'),
    deploy: deploySchema.optional().describe('How many containers in all, and what each may use.'),
    pull_policy: pullPolicySchema.optional().describe(pullPolicyText),
    pull_refresh_after: refreshAfter.optional().describe('With pull_policy refresh: how old the image may become.'),
    loosen: z
      .array(z.enum(looseningWords))
      .optional()
      .describe('Of what `engine.harden` asks for: what does not hold for this service.'),
    on: z
      .union([z.string(), texts], { error: 'must be a selector' })
      .optional()
      .describe('Hosts it runs on: names, groups, label selectors, globs; `all`. Needed with more than one host.'),
  },
  [],
  [],
)
  .refine(service => service.image !== undefined || service.build !== undefined, { error: 'needs an image or a build' })
  .refine(({ scale, deploy }) => scale === undefined || deploy?.replicas === undefined || scale === deploy.replicas, {
    error: 'scale and deploy.replicas differ',
    path: ['scale'],
  })
  .superRefine(({ deploy, cpus, mem_limit, pids_limit, mem_reservation }, context) => {
    const { limits, reservations } = deploy?.resources ?? {}
    for (const [key, one, other] of [
      ['cpus', cpus, limits?.cpus],
      ['mem_limit', mem_limit, limits?.memory],
      ['pids_limit', pids_limit, limits?.pids],
      ['mem_reservation', mem_reservation, reservations?.memory],
    ] as const)
      if (one !== undefined && other !== undefined && one !== other)
        context.addIssue({ code: 'custom', path: [key], message: `${key} and deploy.resources differ` })
  })
  .refine(({ domains, network_mode: mode }) => mode === undefined || !domains?.length, {
    error: 'the front door cannot reach a service with a network_mode: leave it out',
    path: ['domains'],
  })
  .refine(({ networks, network_mode: mode }) => mode === undefined || networks === undefined, {
    error: 'network_mode and networks exclude each other',
    path: ['network_mode'],
  })

/** A service, read: short and long forms are one, durations are milliseconds, sizes bytes. */
export type Service = z.output<typeof serviceSchema>
