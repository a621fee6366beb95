// Which images must be pulled, built or imported, and why.
import type { EngineStep } from '../../../core/provider.js'
import { Secret } from '../../../core/secret.js'
import type { Change } from '../../../core/step.js'
import type { ImageWant } from '../../../core/wanted.js'
import { causeOf, changesBetween, type JsonObject, parseSpec } from '../canonical.js'
import type { BuildWant } from '../images/context.js'
import { type ImportWant, importLabel } from '../images/definition.js'
import { familiarReference, findImage, type SeenImage } from '../images/reference.js'
import { labels } from '../labels.js'
import type { ImageDefinition } from '../observe/seen.js'
import { credentialsFor, registryWant } from '../registries/credentials.js'
import { makeStep } from '../work.js'
import type { DiffContext } from './parts.js'
import { receiveCause } from './received.js'

const made = { build: 'built', import: 'imported', pull: 'pulled', host: 'received' } as const

/** How an image that another one or a container is made from will come about in this run: "built", "imported", "pulled". */
export function makingOf(context: DiffContext, ref: string): { step: EngineStep; made: string } | undefined {
  const want = wantOf(context, ref)
  const step = want && context.steps.get(`image ${want.ref}`)
  return want && step && { step, made: made[want.from] }
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
): { cause: string; changes?: Change[] } | undefined {
  for (const base of bases) {
    const making = makingOf(context, base)
    if (found && making && making.made !== 'pulled') return { cause: `base image ${base} is ${making.made} anew` }
  }
  if (!found) return { cause: 'not there' }
  if (found.labels[labels.image] !== familiarReference(want.ref) || found.labels[labels.build] === undefined)
    return { cause: 'there, but not built from here' }
  const { bases: recorded, ...before } = parseSpec(found.labels[labels.buildSpec])
  const { changes, cause } = buildChanges(before, spec)
  if (changes.length > 0) return { cause, changes }
  for (const [base, id] of Object.entries((recorded ?? {}) as Record<string, string>)) {
    const now = findImage(context.seen.images, base)
    // A base image that was cleaned away changes nothing about what was built upon it.
    if (now && now.id !== id) return { cause: `base image ${base} is another one now` }
  }
  return undefined
}

function importCause(want: ImportWant, spec: JsonObject, found: SeenImage | undefined): string | undefined {
  if (!found) return 'not there'
  const before = found.labels[labels.image] === familiarReference(want.ref) ? found.labels[labels.import] : undefined
  // Without our label somebody else put it there under this name: it is taken as it is.
  const now = importLabel(spec)
  if (before === undefined || before === now) return undefined
  const [folder, content] = now.split(' ')
  if (before.split(' ')[0] !== folder) return `its folder is ${want.dir} now`
  // The folder is not there (yet): what was imported from it stands.
  return content === undefined ? undefined : `its folder ${want.dir} changed`
}

/** A login that cannot be had is told before anything is done; so is one that anybody on the way could read. */
function checkLogin({ scope, warnings }: DiffContext, ref: string): void {
  const login = credentialsFor(scope.registries, ref)
  if (login === undefined || !registryWant(scope.registries, login.registry)?.insecure) return
  const text = `${login.registry} is insecure: whoever stands between can read the password of ${login.username}`
  if (!warnings.includes(text)) warnings.push(text)
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
    const told =
      want.from === 'build'
        ? buildCause(context, want, definition, found)
        : want.from === 'import'
          ? { cause: importCause(want, definition.spec, found) }
          : want.from === 'host'
            ? { cause: receiveCause(context, want, found) }
            : { cause: found ? undefined : 'not there' }
    if (told?.cause === undefined) {
      context.unchanged++
      return
    }
    for (const ref of want.from === 'pull' ? [want.ref] : definition.bases) checkLogin(context, ref)
    steps.set(
      thing,
      makeStep(
        scope,
        thing,
        { ...told, cause: told.cause, verb: want.from === 'host' ? 'receive' : want.from, after },
        { ...origin, kind: 'image', want },
      ),
    )
    if (want.from === 'build')
      for (const [name, value] of Object.entries(want.args))
        if (value instanceof Secret)
          context.warnings.push(`image ${want.ref}: build argument ${name} is a secret, and its history will show it`)
  }
  for (const want of wanted.images) visit(want)
}
