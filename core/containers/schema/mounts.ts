// Items of a service's `volumes:` and `tmpfs:`, short and long, read into one form.
import { usageError } from '../../errors.js'
import { z } from '../../schema.js'
import { flag, keyed, written } from './shapes.js'

/** What is mounted where; `relative` is a path of this machine that is still to be resolved. */
export type MountEntry = { target: string; readOnly: boolean } & (
  | { from: 'volume'; source: string }
  | { from: 'bind'; source: string; relative: boolean }
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

const bind = (source: string, target: string, readOnly: boolean): MountEntry => ({
  from: 'bind',
  source,
  relative: !source.startsWith('/'),
  target: targetOf(target),
  readOnly,
})

/** Reads "data:/data", "./here:/there:ro", "/anonymous". */
export function readMount(text: string): MountEntry {
  const [first = '', second, modes, ...more] = text.split(':')
  if (more.length > 0) throw usageError(`"${text}" is no volume: write it as SOURCE:TARGET or SOURCE:TARGET:ro`)
  if (second === undefined) return { from: 'anonymous', target: targetOf(first), readOnly: false }
  if (first === '') throw usageError(`"${text}" names no source`)
  const words = modes?.split(',') ?? []
  const strange = words.find(word => word !== 'ro' && !idle.has(word))
  if (strange !== undefined)
    throw usageError(`the volume mode "${strange}" is not supported by this version: use ro or rw`)
  const readOnly = words.includes('ro')
  if (isPath(first)) return bind(first, second, readOnly)
  return { from: 'volume', source: first, target: targetOf(second), readOnly }
}

const long = keyed(
  {
    type: z.enum(['volume', 'bind', 'tmpfs']).describe('volume, bind or tmpfs.'),
    source: z.string().min(1).optional().describe('A volume of `volumes:`, or a path; left out for tmpfs.'),
    target: z.string().describe('Absolute path in the container.'),
    read_only: flag.optional().describe('Mount it read-only.'),
  },
  ['bind', 'volume', 'tmpfs', 'image', 'consistency'],
).transform(({ type, source, target, read_only: readOnly = false }, context): MountEntry => {
  const refuse = (message: string): never => {
    context.issues.push({ code: 'custom', input: target, message })
    return z.NEVER
  }
  if (!target.startsWith('/')) return refuse(`"${target}" is no absolute path in the container`)
  if (type === 'tmpfs')
    return source === undefined ? { from: 'tmpfs', target, readOnly } : refuse('a tmpfs mount has no source')
  if (type === 'bind')
    return source === undefined ? refuse('a bind mount needs a source') : bind(source, target, readOnly)
  return source === undefined ? { from: 'anonymous', target, readOnly } : { from: 'volume', source, target, readOnly }
})

/** One item of `volumes:`. */
export const mountSchema = z.union([written(readMount), long], {
  error: 'must be a volume: "data:/data", "./here:/there:ro", or a map with type, source and target',
})

/** One item of `tmpfs:`. */
export const tmpfsSchema = written((text): MountEntry => {
  if (text.includes(':'))
    throw usageError(`tmpfs options ("${text}") are not supported by this version: give the path alone`)
  return { from: 'tmpfs', target: targetOf(text), readOnly: false }
})
