// The entries of `images:`: where the image of that name comes from.
import { z } from '../../schema.js'
import { buildSchema } from './build.js'
import { platformSchema, policyOf, pullPolicySchema, pullPolicyText } from './pull-policy.js'
import { flag, keyed } from './shapes.js'

const at = z
  .enum(['host', 'here'])
  .optional()
  .describe('Whether it is on the host or on this machine; here if left out.')

const importSchema = keyed({
  dir: z.string().min(1).optional().describe('Folder with a root file system.'),
  tar: z.string().min(1).optional().describe('Tar archive of a root file system, compressed or not.'),
  at,
}).refine(given => (given.dir === undefined) !== (given.tar === undefined), { error: 'needs dir or tar' })

const pullSchema = z
  .union(
    [
      z
        .string()
        .min(1)
        .transform(image => ({ image })),
      keyed({
        image: z.string().min(1).describe('Its reference, also with a digest: NAME:TAG@sha256:…'),
        policy: pullPolicySchema.optional().describe(pullPolicyText),
        platform: platformSchema.optional().describe('The platform that it must be for ("linux/arm64").'),
      }),
    ],
    { error: 'must be a reference, or a map with image, policy and platform' },
  )
  .transform(given => {
    const { image, policy, platform } = { policy: undefined, platform: undefined, ...given }
    const when = policyOf(policy, undefined)
    return {
      image,
      ...(when === undefined ? {} : { policy: when }),
      ...(platform === undefined ? {} : { platform }),
    }
  })

const sources = ['build', 'playbook', 'pull', 'import', 'load'] as const

/** Words that belong to `playbook`. */
const playbookWords = ['from', 'vars', 'at'] as const

/** One entry of `images:`: where the image of that name comes from. */
export const imageSchema = keyed({
  import: importSchema.optional().describe('Makes the image from a root file system.'),
  build: buildSchema.optional().describe('Builds the image.'),
  pull: pullSchema.optional().describe('Takes the image of this reference from a registry.'),
  playbook: z
    .string()
    .min(1)
    .optional()
    .describe('Makes the image by the plays of this playbook, a layer each, in a container of the image `from`.'),
  from: z.string().min(1).optional().describe('With `playbook`: the image that it starts from.'),
  vars: z.record(z.string(), z.unknown()).optional().describe("With `playbook`: variables, over the project's."),
  at: z
    .enum(['host', 'once', 'here'])
    .optional()
    .describe(
      'With `playbook`: whether each host that needs it makes it (`host`, the default), one makes it for all (`once`), or this machine does (`here`).',
    ),
  load: z.string().min(1).optional().describe('Archive on this machine that an engine has saved (docker save).'),
  push: flag.optional().describe('Its registry shall have it, too.'),
})
  .refine(image => sources.filter(source => image[source] !== undefined).length === 1, {
    error: 'an image has exactly one of import, build, playbook, pull and load',
  })
  .refine(image => image.playbook === undefined || image.from !== undefined, {
    error: 'an image made by a playbook needs `from`, the image that it starts from',
  })
  .refine(image => image.playbook !== undefined || playbookWords.every(word => image[word] === undefined), {
    error: '`from`, `vars` and `at` stand beside `playbook` only',
  })

export type Image = z.output<typeof imageSchema>
