// The `engine_package` kind: the packages of a container engine, at a version, in exchange for another engine; it says which containers stop.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { bring, hold, letGo, probeEngine, restartEngine } from './_engine_apt.js'
import type { Seen as Packages } from './_seen.js'
import { packages } from './package.js'

const name = z.string().regex(/^[A-Za-z0-9][\w+.-]*$/, 'must be the name of a package')
const names = z.array(name).default([])

const schema = z.strictObject({
  name: z
    .union([name.transform(one => [one]), z.array(name).min(1)])
    .describe('The packages; the first one is the engine itself'),
  optional: names.describe('More that come where the package lists have them (apt)'),
  version: z
    .string()
    .regex(/^([\w.+:~*-]+)?$/, 'must be a version such as 20.10.*')
    .transform(version => (version === '' ? undefined : version))
    .optional()
    .describe('In which * stands for anything; with or without epoch and revision. They are kept on hold at it (apt)'),
  own_version: names.describe('Of all these, the ones that count their versions otherwise'),
  replaces: names.describe('Packages of another engine, which this one cannot be beside'),
  replace: z
    .boolean()
    .default(false)
    .describe('Whether those are removed, in the same transaction; the data of the old engine stays (apt)'),
})

type Want = z.infer<typeof schema>

interface Seen {
  packages: Packages
  /** Of packages whose installed version is the wanted one. */
  fitting: Set<string>
  /** The newest versions that are as wanted. */
  best: Map<string, string>
  newer: Set<string>
  /** Those that we have put on hold. */
  ours: string[]
  /** Version of the engine that runs, as it says itself; undefined where none answers. */
  runs?: string
  /** Another version runs than is installed. */
  outdated: boolean
  liveRestore: boolean
  containers: string[]
}

const isApt = (seen: Seen): boolean => seen.packages.manager === 'apt'
const versioned = (want: Want): string[] =>
  [...want.name, ...want.optional].filter(one => !want.own_version.includes(one))

/** What another kind of packages is asked: all of them at once; only apt looks for the version itself. */
const asked = (want: Want, extra: readonly string[]) => {
  const pin = (one: string): string =>
    want.version === undefined || want.own_version.includes(one) ? one : `${one}=${want.version}`
  return packages.schema.parse({ name: [...want.name.map(pin), ...extra], allow_downgrade: true })
}
const aptAsked = (want: Want) => asked({ ...want, version: undefined }, [...want.optional, ...want.replaces])

const installedVersion = (seen: Seen, one: string): string | undefined => seen.packages.installed.get(one)?.join(', ')

/** The packages that must come or change. */
function due(want: Want, seen: Seen): string[] {
  return [...want.name, ...want.optional].filter(one => {
    const isVersioned = want.version !== undefined && !want.own_version.includes(one)
    if (installedVersion(seen, one) !== undefined) return isVersioned && !seen.fitting.has(one)
    if (!want.optional.includes(one)) return true
    return isVersioned ? seen.best.has(one) : seen.packages.candidates.has(one)
  })
}

const replaced = (want: Want, seen: Seen): string[] =>
  (want.replace ? want.replaces : []).filter(one => installedVersion(seen, one) !== undefined)

const targetOf = (one: string, seen: Seen): string | undefined =>
  seen.best.get(one) ?? seen.packages.candidates.get(one) ?? installedVersion(seen, one)

/** `20.10` of `5:20.10.24-1`. */
const releaseOf = (version = ''): string | undefined => /^(?:\d+:)?(\d+\.\d+)/.exec(version)?.[1]

/** Live-restore keeps containers over another engine of the same release (Docker promises no more), and over no exchange. */
function outlives(want: Want, seen: Seen): boolean {
  const release = releaseOf(targetOf(want.name[0] ?? '', seen))
  return (
    seen.liveRestore && replaced(want, seen).length === 0 && release !== undefined && release === releaseOf(seen.runs)
  )
}

/** What stops; undefined when nothing does. */
function stops(want: Want, seen: Seen): string | undefined {
  const { length } = seen.containers
  if (length === 0 || outlives(want, seen)) return undefined
  return `${length} container${length === 1 ? ' stops' : 's stop'}: ${seen.containers.join(', ')}`
}

const restartChanges = (seen: Seen): Change[] =>
  seen.outdated ? [{ what: 'engine', from: 'another version runs', to: 'restarted' }] : []

function aptChanges(want: Want, seen: Seen): Change[] {
  const laterOf = (one: string): string =>
    (want.own_version.includes(one) ? undefined : want.version) ?? 'the version that the package lists will name'
  const gone = replaced(want, seen).map((one): Change => {
    return { what: one, from: installedVersion(seen, one) ?? '', to: 'absent' }
  })
  const come = due(want, seen).map((one): Change => {
    const to = seen.best.get(one) ?? seen.packages.candidates.get(one) ?? laterOf(one)
    return { what: one, from: installedVersion(seen, one) ?? 'absent', to }
  })
  const isTouched = gone.length > 0 || seen.outdated || come.some(change => change.what === want.name[0])
  const [first, ...rest] = [...gone, ...come, ...restartChanges(seen)]
  const loses = isTouched ? stops(want, seen) : undefined
  const changes = first === undefined ? [] : [loses === undefined ? first : { ...first, loses }, ...rest]
  return [...changes, ...holdChanges(want, seen)]
}

function holdChanges(want: Want, seen: Seen): Change[] {
  if (want.version === undefined)
    return seen.ours.length === 0 ? [] : [{ what: 'hold', from: seen.ours.join(', '), to: 'let go' }]
  const isThere = (one: string): boolean => installedVersion(seen, one) !== undefined || due(want, seen).includes(one)
  const free = versioned(want).filter(one => isThere(one) && !seen.packages.held.has(one))
  return free.length === 0 ? [] : [{ what: 'hold', from: 'free', to: free.join(', ') }]
}

function changesOf(want: Want, seen: Seen): Change[] {
  if (isApt(seen)) return aptChanges(want, seen)
  const changes = [...packages.diff(asked(want, []), seen.packages), ...restartChanges(seen)]
  const loses = changes.some(change => change.from !== 'absent') ? stops(want, seen) : undefined
  return changes.map((change, index) => (index === 0 && loses !== undefined ? { ...change, loses } : change))
}

/** Packages of a container engine; a plan says which containers stop. */
export const enginePackage = resource<Want, Seen>({
  kind: 'engine_package',
  summary:
    "A container engine's packages, at a version if one is given, or instead of another engine's. The plan says which containers stop.",
  example: `- engine_package: { name: docker.io, optional: [docker-cli] }
`,
  schema,
  name: want => `package ${want.name.join(', ')}`,
  probe: want => sh`${packages.probe(aptAsked(want))}
${probeEngine(versioned(want), want.version)}`,
  read(out, want) {
    const end = out.search(/^end$/m)
    const seen: Seen = {
      packages: packages.read(end < 0 ? out : out.slice(0, end + 4), aptAsked(want)),
      fitting: new Set(),
      best: new Map(),
      newer: new Set(),
      ours: [],
      outdated: false,
      liveRestore: false,
      containers: [],
    }
    if (!out.endsWith('done\n'))
      throw new UserError('the host did not say how its engine runs', { output: out.slice(-2000) })
    for (const line of out.slice(end + 4).split('\n')) {
      const [word, one = '', version = ''] = line.split(' ')
      if (word === 'fits') seen.fitting.add(one)
      if (word === 'best') seen.best.set(one, version)
      if (word === 'newer') seen.newer.add(one)
      if (word === 'ours') seen.ours.push(one)
      if (word === 'container') seen.containers.push(one)
      if (word === 'runs') seen.runs = one
      if (word === 'outdated') seen.outdated = true
      if (word === 'live-restore') seen.liveRestore = true
    }
    const { manager } = seen.packages
    const old = replaced(want, seen).join(', ')
    if (manager !== 'apt' && old !== '')
      throw new UserError(`there is another engine, and by ${manager} we do not exchange it: ${old}`, {
        hint: `Remove ${old} first; /var/lib/docker stays.`,
      })
    return seen
  },
  diff: changesOf,
  stops: (want, seen) => (changesOf(want, seen).some(({ loses }) => loses !== undefined) ? seen.containers : []),
  verb(want, seen) {
    if (!isApt(seen))
      return packages.diff(asked(want, []), seen.packages).length === 0
        ? 'restart'
        : packages.verb(asked(want, []), seen.packages)
    if (replaced(want, seen).length > 0) return 'replace'
    const changed = due(want, seen)
    if (changed.length === 0) return seen.outdated ? 'restart' : want.version === undefined ? 'let go' : 'hold'
    if (changed.some(one => installedVersion(seen, one) === undefined)) return 'install'
    return changed.some(one => seen.newer.has(one)) ? 'downgrade' : 'upgrade'
  },
  apply(want, seen) {
    if (!isApt(seen)) return [...packages.apply(asked(want, []), seen.packages), restartEngine]
    const wanted = due(want, seen)
    const gone = replaced(want, seen)
    const known = wanted.every(one => seen.best.has(one) || seen.packages.candidates.has(one))
    // Fresh lists may name more of what is optional.
    const more = known ? [] : want.optional.filter(one => installedVersion(seen, one) === undefined)
    const isFree = holdChanges(want, seen).length > 0
    return [
      ...(wanted.length + gone.length === 0
        ? []
        : [
            bring({
              names: [...new Set([...wanted, ...more])],
              own: want.version === undefined ? [...want.name, ...want.optional] : want.own_version,
              optional: want.optional,
              replaced: gone,
              version: want.version,
              isKnown: known,
            }),
          ]),
      // apt takes the hold off what it changes.
      ...(want.version !== undefined && (wanted.length > 0 || isFree) ? [hold(versioned(want))] : []),
      ...(want.version === undefined && isFree ? [letGo(seen.ours)] : []),
      restartEngine,
    ]
  },
  touches: want => [...want.name.map(one => `package:${one}`), 'service:docker'],
})
