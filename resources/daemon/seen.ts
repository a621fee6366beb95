// Reads what the probe of an engine's configuration printed.
import { UserError } from '../../core/errors.js'
import { releaseOf } from './keys.js'

/** A file of ours, or one that we edit; without a sum it is not there. */
export interface SeenFile {
  sum: string
  mode: string
  text: string
}

/** What we wrote last time: the names of keys, never values. */
export interface Memory {
  daemon: string[]
  /** Of these, the ones whose value is a secret. */
  secret: string[]
  /** The project that wrote it. */
  project: string
}

/** How a host's engine is set up. */
export interface EngineSeen {
  /** `20.10.24+dfsg1`; of the package that would be installed where there is no engine; undefined where nothing is known. */
  version: string | undefined
  /** It is not installed: the version is assumed. */
  isAssumed: boolean
  dockerd: string | undefined
  init: 'systemd' | 'none'
  /** What `systemctl cat docker.service` says. */
  unit: string
  running: boolean
  /** The command line of the engine that runs. */
  argv: string[]
  files: Record<'daemon' | 'dropin' | 'proxy' | 'memory' | 'ca' | 'cert' | 'key', SeenFile>
  memory: Memory
  /** The engine's own account of itself, as JSON text; empty when it does not run or nobody can ask it. */
  info: string
  containers: string[]
  /** Its own name, and the address of its default route. */
  names: string[]
  volumes: number
  /** Plugins that were installed into it, by name and tag. */
  plugins: string[]
  /** It does not run, and its folder holds something. */
  held: boolean
  /**
   * `cut`: a change was cut off and has to go back. `leftover`: it was cut off before it touched anything. `moved`: the data was moved, and
   * the engine is to go by that.
   */
  pending: 'none' | 'leftover' | 'cut' | 'moved'
}

const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString('utf8')

function readMemory(text: string): Memory {
  const names = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter(name => typeof name === 'string') : []
  try {
    const { daemon, secret, project } = JSON.parse(text) as { daemon?: unknown; secret?: unknown; project?: unknown }
    return { daemon: names(daemon), secret: names(secret), project: typeof project === 'string' ? project : '' }
  } catch {
    return { daemon: [], secret: [], project: '' }
  }
}

/** One entry of the engine's account of itself; undefined where it is not told. */
export function infoOf(seen: Pick<EngineSeen, 'info'>, name: string): unknown {
  if (seen.info === '') return undefined
  try {
    return (JSON.parse(seen.info) as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}

/** Whether the engine is part of a swarm. */
export const isInSwarm = (seen: EngineSeen): boolean =>
  (infoOf(seen, 'Swarm') as { LocalNodeState?: string } | undefined)?.LocalNodeState === 'active'

/** Reads the answer. Throws a UserError when it is cut short, or when a change still runs. */
export function readEngine(out: string): EngineSeen {
  const told = new Map<string, string>()
  const lines = out.split('\n')
  for (const line of lines) {
    const at = line.indexOf('=')
    if (at > 0) told.set(line.slice(0, at), line.slice(at + 1))
  }
  if (!lines.includes('end'))
    throw new UserError('the host did not say how its engine is set up', { output: out.slice(-2000) })
  if (told.get('pending') === 'running')
    throw new UserError('a change of the engine’s configuration still runs on the host', {
      hint: 'Try again when it has ended; /var/lib/longshore/engine/last.log tells how.',
    })
  const file = (name: string): SeenFile => ({
    sum: told.get(`${name}_sum`) ?? '',
    mode: (told.get(`${name}_mode`) ?? '').padStart(4, '0'),
    text: decode(told.get(name)),
  })
  const version = /(\d+\.\d+[^\s,]*)/.exec(told.get('version') ?? '')?.[1]
  const candidate = (told.get('candidate') ?? '').replace(/^\d+:/, '')
  const assumed = told.has('dockerd') || releaseOf(candidate) === undefined ? undefined : candidate
  const pending = told.get('pending')
  const names = ['daemon', 'dropin', 'proxy', 'memory', 'ca', 'cert', 'key'] as const
  const files = Object.fromEntries(names.map(name => [name, file(name)])) as EngineSeen['files']
  return {
    version: version ?? assumed,
    isAssumed: !told.has('dockerd'),
    dockerd: told.get('dockerd'),
    init: told.get('init') === 'systemd' ? 'systemd' : 'none',
    unit: decode(told.get('unit')),
    running: told.get('running') === 'yes',
    argv: decode(told.get('argv')).split('\0').slice(0, -1),
    files,
    memory: readMemory(files.memory.text),
    info: decode(told.get('info')).trim(),
    containers: (told.get('containers') ?? '').split(' ').filter(Boolean),
    names: (told.get('names') ?? '').split(' ').filter(Boolean),
    plugins: (told.get('plugins') ?? '').split(' ').filter(Boolean),
    volumes: Number(told.get('volumes')) || 0,
    held: told.get('held') === 'yes',
    pending: pending === 'cut' || pending === 'leftover' || pending === 'moved' ? pending : 'none',
  }
}
