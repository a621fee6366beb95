// The `docker_image` kind: an image in the host's engine, pulled, loaded from an archive, or under another name.
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh, withStdin } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { hostPath } from '../_attributes.js'
import { type Answer, asking, imageName, missing, named, readAnswers, ready, removal } from './_engine.js'

const fields = z.strictObject({
  name: imageName.describe('Name with a tag or a digest, such as redis:7; without, its tag is latest'),
  state: z
    .enum(['present', 'absent', 'latest'])
    .default('present')
    .describe('present: brought only where it is missing; latest: brought again in each run; absent'),
  source: z
    .enum(['pull', 'load', 'local'])
    .optional()
    .describe(
      'Where it comes from: pull, load (from src or path), local (it must be there). Left out: load with src or path, else pull',
    ),
  src: z.string().min(1).optional().describe('Archive on this machine, as docker save writes it; it is sent'),
  path: hostPath.optional().describe('Archive that is on the host already'),
  platform: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+){0,2}$/, 'must be a platform such as linux/arm64')
    .optional()
    .describe('Platform to pull, such as linux/arm64'),
  tag: imageName.optional().describe('Another name that it shall have as well; one that it has taken elsewhere moves'),
  force: z.boolean().default(false).describe('With state: absent, also where containers were made from it'),
})

const schema = z.preprocess(
  named,
  fields.superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    const archive = want.src ?? want.path
    if (want.src !== undefined && want.path !== undefined) refuse('path', 'give either src or path')
    if (want.source === 'load' && archive === undefined) refuse('source', 'needs src or path: the archive')
    if (want.source !== undefined && want.source !== 'load' && archive !== undefined)
      refuse('source', `must be load where ${want.src === undefined ? 'path' : 'src'} is given`)
    if (want.source === 'local' && want.state === 'latest') refuse('state', 'latest needs a source that brings it')
    if (want.force && want.state !== 'absent') refuse('force', 'goes with state: absent')
    if (want.state === 'absent' && want.tag !== undefined) refuse('tag', 'cannot be given with state: absent')
    if (want.platform !== undefined && sourceOf(want) !== 'pull') refuse('platform', 'goes with source: pull')
  }),
)

type Want = z.infer<typeof fields> & {
  /** Absolute path of the archive on this machine. */
  file?: string
}

interface Seen {
  image: Answer
  /** The image that has the other name. */
  tag: Answer
}

const sourceOf = ({ source, src, path }: Pick<Want, 'source' | 'src' | 'path'>): 'pull' | 'load' | 'local' =>
  source ?? (src === undefined && path === undefined ? 'pull' : 'load')

/** The short form of an image's id. */
export const shortId = (id: string): string => id.replace('sha256:', '').slice(0, 12)

const asSource = (want: Want): string =>
  ({
    pull: 'pulled',
    load: `loaded from ${want.src ?? want.path}`,
    local: 'present, as source: local asks',
  })[sourceOf(want)]

const isThere = (name: string): Sh => sh`"$engine" image inspect ${name} >/dev/null 2>&1 </dev/null`

function bring(want: Want): Sh {
  const { name, platform } = want
  const source = sourceOf(want)
  if (source === 'local') return sh`fail ${`there is no image ${name} on this host, and source: local brings none`}`
  if (source === 'pull')
    return sh`"$engine" pull ${platform === undefined ? [] : ['--platform', platform]} ${name} </dev/null ||
  fail ${`${name} cannot be pulled: see above. A host without a registry takes an archive: docker_image with src`}`
  const load = want.path === undefined ? sh`"$engine" load` : sh`"$engine" load <${want.path}`
  return sh`said=$(${load} 2>&1) || fail "the archive cannot be loaded: $said"
printf '%s\n' "$said"
${isThere(name)} || fail ${`${name} was not in the archive: it is to be written with docker save NAME:TAG`}`
}

function tagged({ name, tag }: Want): Sh {
  return tag === undefined ? sh`:` : sh`"$engine" tag ${name} ${tag}`
}

/** An image. One that is there under this name is kept, whatever it holds, unless `state: latest` is said. */
export const dockerImage = resource<Want, Seen>({
  kind: 'docker_image',
  summary:
    'An image in the engine of the host, for one-offs in plays; services of `containers:` bring their images themselves.',
  example: `- package: { name: [docker.io, iptables, busybox-static] }
- name: an image made on the host, for this example only
  command:
    sh: tar -C / -c bin/busybox | docker import --change 'ENTRYPOINT ["/bin/busybox"]' - tool:1
    check: docker image inspect tool:1
- docker_image: { name: "tool:1", source: local, tag: "tool:stable" }
- docker_image: { name: "tool:0", state: absent }
`,
  schema,
  name: want => `image ${want.name}`,
  async load(want, context) {
    return want.src === undefined ? want : { ...want, file: await context.find(want.src, 'files') }
  },
  probe: want => sh`${asking}
ask image image inspect --format '{{.Id}}' ${want.name}
${want.tag === undefined ? sh`` : sh`ask tag image inspect --format '{{.Id}}' ${want.tag}`}`,
  read(out, want) {
    if (want.tag !== undefined) return readAnswers(out, ['image', 'tag'])
    return { ...readAnswers(out, ['image']), tag: { state: 'absent', text: '' } }
  },
  diff(want, { image, tag }) {
    const what = 'image'
    if (want.state === 'absent') return removal(what, image)
    const from = image.state === 'found' ? shortId(image.text) : missing(image)
    const changes: Change[] = []
    if (want.state === 'latest') changes.push({ what, from, to: `${asSource(want)} again` })
    else if (image.state !== 'found') changes.push({ what, from, to: asSource(want) })
    if (want.tag !== undefined && (image.state !== 'found' || image.text !== tag.text))
      changes.push({
        what: `tag ${want.tag}`,
        from: tag.state === 'found' ? shortId(tag.text) : missing(tag),
        to: image.state === 'found' && want.state === 'present' ? shortId(image.text) : want.name,
      })
    return changes
  },
  verb(want, { image }) {
    if (want.state === 'absent') return 'remove'
    if (want.state === 'latest') return 'reload'
    return image.state === 'found' ? 'tag' : sourceOf(want) === 'local' ? 'look for' : sourceOf(want)
  },
  apply(want, { image }) {
    const { name } = want
    if (want.state === 'absent')
      return [
        sh`(${ready}
! ${isThere(name)} || "$engine" rmi ${want.force ? ['-f'] : []} ${name})`,
      ]
    const script = sh`(${ready}
${want.state === 'present' ? sh`${isThere(name)} ||` : sh``} {
${bring(want)}
} || exit 1
${tagged(want)})`
    const isBrought = want.state === 'latest' || image.state !== 'found'
    return [want.file !== undefined && isBrought ? withStdin(script, { file: want.file }) : script]
  },
  unknown: want => want.state === 'latest',
  touches: want => [want.name, ...(want.tag === undefined ? [] : [want.tag])].map(name => `image:${name}`),
})
