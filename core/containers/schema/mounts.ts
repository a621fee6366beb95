// Items of a service's `volumes:` and `tmpfs:`, short and long, read into one form.
import { usageError } from '../../errors.js'
import { z } from '../../schema.js'
import type { MountSettings } from '../../wanted.js'
import type { OnChange } from '../mounts/shipped-want.js'
import { onChangeSchema, withOwn } from './on-change.js'
import { flag, keyed, size, written } from './shapes.js'

/** What is mounted where; `relative` is a path of this machine that is still to be resolved. */
export type MountEntry = { target: string; readOnly: boolean; settings?: MountSettings } & (
  | { from: 'volume'; source: string }
  /** `writable`: that was asked for in so many words. */
  | { from: 'bind'; source: string; relative: boolean; writable?: true; onChange?: OnChange }
  | { from: 'anonymous' }
  | { from: 'tmpfs' }
)

/** Modes that Docker on Linux accepts without effect. */
const idle = new Set(['rw', 'cached', 'delegated', 'consistent'])
const isPath = (source: string): boolean => /^[./~]/.test(source)

function targetOf(target: string): string {
  if (!target.startsWith('/')) throw usageError(`"${target}" is no absolute path in the container`)
  return target.length > 1 ? target.replace(/\/+$/, '') : target
}

const withSettings = <Mount extends MountEntry>(mount: Mount, settings: MountSettings): Mount =>
  Object.keys(settings).length === 0 ? mount : { ...mount, settings }

const bind = (source: string, target: string, readOnly: boolean): MountEntry => ({
  from: 'bind',
  source,
  relative: !source.startsWith('/'),
  target: targetOf(target),
  readOnly,
})

const propagations = ['shared', 'slave', 'private', 'rshared', 'rslave', 'rprivate']

/** What a mode says besides ro and rw; undefined for one that nobody knows. */
function settingsOf(mode: string): MountSettings | undefined {
  if (mode === 'ro' || idle.has(mode)) return {}
  if (mode === 'z' || mode === 'Z') return { selinux: mode }
  if (mode === 'nocopy') return { nocopy: true }
  return propagations.includes(mode) ? { propagation: mode } : undefined
}

/** Reads "data:/data", "./here:/there:ro", "/anonymous". */
export function readMount(text: string): MountEntry {
  const [first = '', second, modes, ...more] = text.split(':')
  if (more.length > 0) throw usageError(`"${text}" is no volume: write it as SOURCE:TARGET or SOURCE:TARGET:ro`)
  if (second === undefined) return { from: 'anonymous', target: targetOf(first), readOnly: false }
  if (first === '') throw usageError(`"${text}" names no source`)
  const words = modes?.split(',') ?? []
  const settings: MountSettings = {}
  for (const word of words) {
    const more = settingsOf(word)
    if (more === undefined) throw usageError(`the volume mode "${word}" is not supported by this version: use ro or rw`)
    Object.assign(settings, more)
  }
  const readOnly = words.includes('ro')
  const mount: MountEntry = isPath(first)
    ? bind(first, second, readOnly)
    : { from: 'volume', source: first, target: targetOf(second), readOnly }
  return withSettings(words.includes('rw') && mount.from === 'bind' ? { ...mount, writable: true } : mount, settings)
}

const long = keyed(
  {
    type: z.enum(['volume', 'bind', 'tmpfs']).describe('volume, bind or tmpfs.'),
    source: z.string().min(1).optional().describe('A volume of `volumes:`, or a path; left out for tmpfs.'),
    target: z.string().describe('Absolute path in the container.'),
    read_only: flag.optional().describe('Mount it read-only.'),
    on_change: onChangeSchema.optional(),
    consistency: z.string().optional().describe('Has no effect.'),
    bind: keyed(
      {
        propagation: z.enum(propagations).optional().describe('Mount propagation.'),
        create_host_path: flag.optional().describe('Makes the folder on the host if it is missing; true if left out.'),
        selinux: z.enum(['z', 'Z']).optional().describe('The label.'),
      },
      ['recursive'],
    )
      .optional()
      .describe('Settings of a bind mount.'),
    volume: keyed(
      {
        nocopy: flag.optional().describe("Leaves out the image's own content."),
        subpath: z.string().min(1).optional().describe('A folder in the volume; needs engine 26.'),
      },
      ['labels'],
    )
      .optional()
      .describe('Settings of a volume mount.'),
    tmpfs: keyed({
      size: size.optional().describe('Its size.'),
      mode: z
        .union(
          [
            z.number().int(),
            z
              .string()
              .regex(/^[0-7]+$/)
              .transform(text => Number.parseInt(text, 8)),
          ],
          {
            error: 'must be a mode such as "1777"',
          },
        )
        .optional()
        .describe('Its mode.'),
    })
      .optional()
      .describe('Settings of a tmpfs mount.'),
  },
  ['image'],
).transform(({ type, source, target, read_only, on_change: onChange, ...more }, context): MountEntry => {
  const refuse = (message: string): never => {
    context.issues.push({ code: 'custom', input: target, message })
    return z.NEVER
  }
  const readOnly = read_only ?? false
  if (!target.startsWith('/')) return refuse(`"${target}" is no absolute path in the container`)
  if (onChange !== undefined && (type !== 'bind' || source?.startsWith('/')))
    return refuse('`on_change` is for files and folders that lie beside the project (`type: bind`, a relative source)')
  if (type === 'tmpfs') {
    const { size: bytes, mode } = more.tmpfs ?? {}
    const settings = { ...(bytes === undefined ? {} : { size: bytes }), ...(mode === undefined ? {} : { mode }) }
    const mount: MountEntry = { from: 'tmpfs', target, readOnly }
    return source === undefined ? withSettings(mount, settings) : refuse('a tmpfs mount has no source')
  }
  if (type === 'bind') {
    const { propagation, selinux, create_host_path: create } = more.bind ?? {}
    const settings = {
      ...(propagation === undefined ? {} : { propagation }),
      ...(selinux === undefined ? {} : { selinux }),
      ...(create === false ? { create } : {}),
    }
    if (source === undefined) return refuse('a bind mount needs a source')
    const mount = {
      ...bind(source, target, readOnly),
      ...(read_only === false ? ({ writable: true } as const) : {}),
      ...(onChange === undefined ? {} : { onChange }),
    }
    return withSettings(mount, settings)
  }
  const { nocopy, subpath } = more.volume ?? {}
  const settings = { ...(nocopy === true ? { nocopy } : {}), ...(subpath === undefined ? {} : { subpath }) }
  const mount: MountEntry =
    source === undefined ? { from: 'anonymous', target, readOnly } : { from: 'volume', source, target, readOnly }
  return withSettings(mount, settings)
})

/** One item of `volumes:`. */
export const mountSchema = z.union([written(readMount), z.preprocess(withOwn, long)], {
  error: 'must be a volume: "data:/data", "./here:/there:ro", or a map with type, source and target',
})

/** One item of `tmpfs:`: a path, with mount options after a colon. */
export const tmpfsSchema = written((text): MountEntry => {
  const [path = '', ...options] = text.split(':')
  return { from: 'tmpfs', target: targetOf(path), readOnly: false, settings: { options: options.join(':') } }
})
