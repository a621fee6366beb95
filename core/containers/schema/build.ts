// `build:` of a service or of an entry of `images:`.
import { usageError } from '../../errors.js'
import { z } from '../../schema.js'
import { ulimitsSchema } from './limits.js'
import { platformSchema } from './pull-policy.js'
import { extraHostsSchema } from './service-parts.js'
import { flag, keyed, size, textMap, texts, valueMap, written } from './shapes.js'

/** Where a further context comes from, as it is written. */
export type WrittenContext = { folder: string } | { image: string } | { service: string }

/** A stage's name, which a further context becomes. Source: the Dockerfile reference, `FROM … AS`. */
const stageName = /^[a-z][a-z0-9_.-]*$/

function readContext(text: string): WrittenContext {
  const [, scheme, rest = ''] = /^([a-z-]+):(?:\/\/)?(.*)$/.exec(text) ?? []
  if (scheme === 'docker-image') return { image: rest }
  if (scheme === 'service') return { service: rest }
  if (scheme !== undefined || text.startsWith('git@'))
    throw usageError(`"${text}" cannot be a context: give a folder, docker-image://REFERENCE or service:NAME`)
  return { folder: text }
}

const contexts = textMap.pipe(
  z.record(
    z.string().regex(stageName, { error: 'must be a name of small letters, digits, `.`, `_` and `-`' }),
    written(readContext),
  ),
)

/** Kept out of the classic builder's words, and of BuildKit's without a client beside it. */
const onePlatform = z
  .array(platformSchema)
  .max(1, { error: 'an image is built for one platform; several are not supported by this version' })

const shape = {
  context: z
    .string()
    .min(1)
    .optional()
    .describe('Folder of the build; relative to the file. Its own folder if left out.'),
  dockerfile: z.string().min(1).optional().describe('Relative to the context; Dockerfile if left out.'),
  dockerfile_inline: z.string().min(1).optional().describe("The Dockerfile's text, in place of a file."),
  args: valueMap.optional().describe('Build arguments; one without a value comes from the environment.'),
  target: z.string().optional().describe('The stage to build.'),
  labels: textMap.optional().describe('Labels of the image.'),
  tags: texts.optional().describe('More references for the image.'),
  cache_from: texts.optional().describe('Images whose layers are taken over where nothing has changed.'),
  additional_contexts: contexts
    .optional()
    .describe('Folders, images (docker-image://REFERENCE) or service:NAME that FROM and COPY --from call by a name.'),
  extra_hosts: extraHostsSchema.optional().describe('More lines for /etc/hosts of RUN instructions.'),
  network: z.string().optional().describe('Network of RUN instructions: host, none, or its name.'),
  isolation: z.string().optional().describe('Means something only on Windows.'),
  shm_size: size.optional().describe('Size of /dev/shm.'),
  ulimits: ulimitsSchema.optional().describe('Limits of the processes of RUN instructions.'),
  platforms: onePlatform.optional().describe('The platform that it is built for; one.'),
  pull: flag.optional().describe('Pull base images again when their tags have moved.'),
  no_cache: flag.optional().describe('Make every layer anew when it is built.'),
  at: z
    .enum(['host', 'once', 'here'])
    .optional()
    .describe(
      'Where it is built: on each host that needs it (host, the default), on the first of them (once), or on the host of this machine (here). The others then receive it.',
    ),
  push: flag.optional().describe('Its registry shall have it, too.'),
}

/** Compose's keys that come in a later version. */
const later = ['cache_to', 'entitlements', 'privileged', 'provenance', 'sbom', 'secrets', 'ssh']

const keyedBuild = keyed(shape, later).refine(
  build => build.dockerfile === undefined || build.dockerfile_inline === undefined,
  { error: 'dockerfile and dockerfile_inline exclude each other', path: ['dockerfile_inline'] },
)

type Keyed = z.output<typeof keyedBuild>

/** `build:` as a folder, or as a map. */
export const buildSchema = z
  .union(
    [
      z
        .string()
        .min(1)
        .transform(context => ({ context })),
      keyedBuild,
    ],
    { error: 'must be a folder, or a map with context, dockerfile, args and target' },
  )
  .transform(build => {
    const { context = '.', args = {}, at = 'host', ...rest }: Partial<Keyed> = build
    return { context, args, at, ...rest }
  })

/** A build as it was written: paths are not resolved yet. */
export type Build = z.output<typeof buildSchema>
