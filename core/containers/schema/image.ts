// What an image is built from, and the entries of `images:`.
import { z } from '../../schema.js'
import { keyed, valueMap } from './shapes.js'

const laterBuildKeys = [
  ...['additional_contexts', 'cache_from', 'cache_to', 'dockerfile_inline', 'entitlements', 'extra_hosts', 'isolation'],
  ...['labels', 'network', 'no_cache', 'platforms', 'privileged', 'provenance', 'pull', 'sbom', 'secrets', 'shm_size'],
  ...['ssh', 'tags', 'ulimits'],
]

/** `build:` as a folder, or as a map. */
export const buildSchema = z
  .union(
    [
      z.string().min(1),
      keyed(
        {
          context: z
            .string()
            .min(1)
            .optional()
            .describe('Folder of the build; relative to the file. Its own folder if left out.'),
          dockerfile: z.string().min(1).optional().describe('Relative to the context; Dockerfile if left out.'),
          args: valueMap.optional().describe('Build arguments; one without a value comes from the environment.'),
          target: z.string().optional().describe('The stage to build.'),
          at: z
            .enum(['host', 'once', 'here'])
            .optional()
            .describe(
              'Where it is built: on each host that needs it (host, the default), on the first of them (once), or on the host of this machine (here). The others then receive it.',
            ),
        },
        laterBuildKeys,
      ),
    ],
    { error: 'must be a folder, or a map with context, dockerfile, args and target' },
  )
  .transform(build => {
    const {
      context = '.',
      dockerfile = 'Dockerfile',
      args = {},
      target,
      at = 'host',
    } = typeof build === 'string' ? { context: build } : build
    return { context, dockerfile, args, at, ...(target === undefined ? {} : { target }) }
  })

/** A build as it was written: paths are not resolved yet. */
export type Build = z.output<typeof buildSchema>

/** One entry of `images:`: where the image of that name comes from. */
export const imageSchema = keyed(
  {
    import: keyed(
      {
        dir: z.string().min(1).describe('Folder with a root file system.'),
        at: z
          .enum(['host', 'here'])
          .optional()
          .describe('Whether the folder is on the host or on this machine; here if left out.'),
      },
      [],
      ['tar'],
    )
      .optional()
      .describe('Makes the image from a root file system.'),
    build: buildSchema.optional().describe('Builds the image.'),
    pull: z.string().min(1).optional().describe('Takes the image of this reference from a registry.'),
  },
  [],
  ['load'],
).refine(image => Object.values(image).filter(source => source !== undefined).length === 1, {
  error: 'an image has exactly one of import, build and pull',
})

export type Image = z.output<typeof imageSchema>
