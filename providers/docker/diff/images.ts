// Which images must be pulled, built or imported, and why.
import type { EngineStep } from '../../../core/provider.js'
import { Secret } from '../../../core/secret.js'
import type { Change } from '../../../core/step.js'
import type { ImageWant } from '../../../core/wanted.js'
import { causeOf, changesBetween, type JsonObject, parseSpec } from '../canonical.js'
import { containerName } from '../images/by-playbook/layers.js'
import type { BuildWant } from '../images/context.js'
import { type ImportWant, importLabel } from '../images/definition.js'
import { familiarReference, findImage, lackingTags, type SeenImage } from '../images/reference.js'
import { labels } from '../labels.js'
import type { ImageDefinition } from '../observe/seen.js'
import { credentialsFor, registryWant } from '../registries/credentials.js'
import { makeStep } from '../work.js'
import type { DiffContext } from './parts.js'
import { receiveCause } from './received.js'
import { diffPush, movedCause, pullCause, type Told } from './registry.js'

const made = {
  build: 'built',
  playbook: 'built',
  import: 'imported',
  pull: 'pulled',
  host: 'received',
  load: 'loaded',
} as const

/** How an image that another one or a container is made from will come about in this run: "built", "imported", "pulled". */
export function makingOf(context: DiffContext, ref: string): { step: EngineStep; made: string } | undefined {
  const want = wantOf(context, ref)
  const step = want && context.steps.get(`image ${want.ref}`)
  // More names for an image leave it as it is.
  return want && step && step.verb !== 'tag' ? { step, made: made[want.from] } : undefined
}

const wantOf = ({ wanted }: DiffContext, ref: string): ImageWant | undefined =>
  wanted.images.find(image => familiarReference(image.ref) === familiarReference(ref))

const short = (change: Change): Change => ({ ...change, from: change.from.slice(0, 12), to: change.to.slice(0, 12) })

/** The differences between what an image was built from and what is there now. */
function buildChanges(from: JsonObject, to: JsonObject): { changes: Change[]; cause: string } {
  const changes = changesBetween(from, to)
  const words = changes.map(change =>
    change.what === 'context'
      ? 'files changed'
      : change.what === 'dockerfile'
        ? 'Dockerfile changed'
        : causeOf([change]),
  )
  const isHash = ({ what }: Change): boolean => what === 'context' || what === 'dockerfile'
  return { changes: changes.map(change => (isHash(change) ? short(change) : change)), cause: words.join(', ') }
}

function buildCause(
  context: DiffContext,
  want: BuildWant,
  { spec, bases }: ImageDefinition,
  found: SeenImage | undefined,
): Told | undefined {
  for (const base of bases) {
    const making = makingOf(context, base)
    if (found && making && making.made !== 'pulled') return { cause: `base image ${base} is ${making.made} anew` }
  }
  if (!found) return { cause: 'not there' }
  if (found.labels[labels.image] !== familiarReference(want.ref) || found.labels[labels.build] === undefined)
    return { cause: 'there, but not built from here' }
  if (want.settings?.anew) return { cause: 'asked for' }
  const { bases: recorded, ...before } = parseSpec(found.labels[labels.buildSpec])
  const { changes, cause } = buildChanges(before, spec)
  if (changes.length > 0) return { cause, changes }
  for (const [base, id] of Object.entries((recorded ?? {}) as Record<string, string>)) {
    const now = findImage(context.seen.images, base)
    // A base image that was cleaned away changes nothing about what was built upon it.
    if (now && now.id !== id) return { cause: `base image ${base} is another one now` }
    const moved = want.settings?.pull ? movedCause(context, base, now) : undefined
    if (moved) return { cause: `base image ${base}: ${moved.cause}` }
  }
  return undefined
}

/** Why an image is made by its playbook; an image that is there is taken under the name that it shall have. */
function playbookCause(
  context: DiffContext,
  { spec, bases }: ImageDefinition,
  found: SeenImage | undefined,
): string | undefined {
  for (const base of bases) {
    const making = makingOf(context, base)
    if (found && making && making.made !== 'pulled') return `base image ${base} is ${making.made} anew`
  }
  if (!found) return 'not there'
  if (typeof spec.cause === 'string') return spec.cause
  return spec.id === found.id ? undefined : 'another one has its name'
}

/** An archive is loaded where another image, or none, is there; the ids that engines know it by are in it. */
function loadCause(
  { file }: Extract<ImageWant, { from: 'load' }>,
  spec: JsonObject,
  found: SeenImage | undefined,
): string | undefined {
  if (!found) return 'not there'
  const digests = Array.isArray(spec.digests) ? spec.digests : []
  if (found.id === spec.id || digests.includes(found.id)) return undefined
  // A containerd store makes a manifest of its own for archives of older engines: by that it cannot be told apart.
  if (digests.length === 0 && found.digests.some(digest => digest.endsWith(`@${found.id}`))) return undefined
  return `another one is there than in ${file}`
}

function importCause(want: ImportWant, spec: JsonObject, found: SeenImage | undefined): string | undefined {
  if (!found) return 'not there'
  const before = found.labels[labels.image] === familiarReference(want.ref) ? found.labels[labels.import] : undefined
  // Without our label somebody else put it there under this name: it is taken as it is.
  const now = importLabel(spec)
  if (before === undefined || before === now) return undefined
  const [folder, content] = now.split(' ')
  if (before.split(' ')[0] !== folder) return `its ${want.archive ? 'archive' : 'folder'} is ${want.dir} now`
  // The folder is not there (yet): what was imported from it stands.
  return content === undefined ? undefined : `its ${want.archive ? 'archive' : 'folder'} ${want.dir} changed`
}

/** A login that cannot be had is told before anything is done; so is one that anybody on the way could read. */
function checkLogin({ scope, warnings }: DiffContext, ref: string): void {
  const login = credentialsFor(scope.registries, ref)
  if (login === undefined || !registryWant(scope.registries, login.registry)?.insecure) return
  const text = `${login.registry} is insecure: whoever stands between can read the password of ${login.username}`
  if (!warnings.includes(text)) warnings.push(text)
}

/** Why an image must be made or brought; undefined where it is as wanted. */
function causeFor(
  context: DiffContext,
  want: ImageWant,
  definition: ImageDefinition,
  found: SeenImage | undefined,
): Told | undefined {
  const plain = (cause: string | undefined): Told | undefined => (cause === undefined ? undefined : { cause })
  switch (want.from) {
    case 'build':
      return buildCause(context, want, definition, found)
    case 'playbook':
      return plain(playbookCause(context, definition, found))
    case 'import':
      return plain(importCause(want, definition.spec, found))
    case 'load':
      return plain(loadCause(want, definition.spec, found))
    case 'host':
      return plain(receiveCause(context, want, found))
    case 'pull':
      return pullCause(context, want, found)
  }
}

/** The step that gives an image more names. */
function diffTags(context: DiffContext, want: BuildWant, found: SeenImage | undefined): void {
  const lacking = lackingTags(want.settings?.tags, found)
  const thing = `image ${want.ref}`
  if (lacking.length === 0) {
    context.unchanged++
    return
  }
  const { project, key } = context.wanted
  const told = { verb: 'tag', cause: `not named ${lacking.join(', ')} yet` }
  context.steps.set(thing, makeStep(context.scope, thing, told, { project, key, kind: 'image', want }))
}

/** The step that removes the container in which an interrupted run was making an image that is made by now. */
function diffMaking(context: DiffContext, { ref }: ImageWant): void {
  const { scope, wanted, seen, steps } = context
  const { project, key } = wanted
  const name = containerName(project, ref)
  const left = seen.containers.find(container => container.name === name)
  if (left === undefined) {
    context.unchanged++
    return
  }
  const told = { verb: 'remove', cause: `an interrupted run was making the image ${ref} in it` }
  const work = { project, key, kind: 'remove-container', id: left.id, volumes: left.anonymousVolumes } as const
  steps.set(`container ${name}`, makeStep(scope, `container ${name}`, told, work))
}

/** Adds the steps for images, base images before those built upon them. */
export function diffImages(context: DiffContext): void {
  const { scope, wanted, seen, steps } = context
  const origin = { project: wanted.project, key: wanted.key }
  const visited = new Set<string>()

  const visit = (want: ImageWant): void => {
    if (visited.has(want.ref)) return
    visited.add(want.ref)
    const definition = seen.definitions[want.ref] ?? { spec: {}, bases: [] }
    const after: string[] = []
    for (const base of definition.bases) {
      const baseWant = wantOf(context, base)
      if (!baseWant || baseWant === want) continue
      visit(baseWant)
      const making = makingOf(context, base)
      if (making) after.push(making.step.id)
    }
    const found = findImage(seen.images, want.ref)
    const thing = `image ${want.ref}`
    const told = causeFor(context, want, definition, found)
    if (told === undefined) {
      if (want.from === 'build') diffTags(context, want, found)
      else if (want.from === 'playbook') diffMaking(context, want)
      else context.unchanged++
      diffPush(context, want, found)
      return
    }
    for (const ref of want.from === 'pull' ? [want.ref] : definition.bases) checkLogin(context, ref)
    steps.set(
      thing,
      makeStep(
        scope,
        thing,
        { ...told, verb: want.from === 'host' ? 'receive' : want.from === 'playbook' ? 'build' : want.from, after },
        { ...origin, kind: 'image', want },
      ),
    )
    if (want.from === 'build')
      for (const [name, value] of Object.entries(want.args))
        if (value instanceof Secret)
          context.warnings.push(`image ${want.ref}: build argument ${name} is a secret, and its history will show it`)
    diffPush(context, want, found)
  }
  for (const want of wanted.images) visit(want)
}
