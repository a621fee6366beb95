// Which images the words of a command mean: services, entries of `images:`, or references.
import { usageError } from '../../core/errors.js'
import { suggestion } from '../../core/language/index.js'
import type { Project } from '../../core/project.js'

const plain = (ref: string): string => ref.replace(/:latest$/, '')

/** The reference that an entry of `images:` leads to. */
function refOfEntry(name: string, value: unknown): string {
  const { pull } = (value ?? {}) as { pull?: string | { image?: string } }
  return (typeof pull === 'string' ? pull : pull?.image) ?? name
}

/** The references by what people call them. */
function namesOf({ name: project, services, images }: Project): Map<string, string> {
  const entries = Object.entries(images).map(([name, raw]) => [name, refOfEntry(name, raw.value)] as const)
  const own = services.map(({ name, raw }) => {
    const { image } = (raw.value ?? {}) as { image?: unknown }
    const ref = typeof image === 'string' ? image : `${project}-${name}`
    return [name, entries.find(([entry]) => plain(entry) === plain(ref))?.[1] ?? ref] as const
  })
  return new Map([...own.map(([, ref]) => [ref, ref] as const), ...own, ...entries])
}

/** A test for references: all without names, else those that the names mean. A usage error for a name that nothing has. */
export function meantBy(project: Project, names: readonly string[]): (ref: string) => boolean {
  if (names.length === 0) return () => true
  const known = namesOf(project)
  const refs = names.map(name => {
    const ref = known.get(name)
    if (ref === undefined)
      throw usageError(`there is no service and no image "${name}"${suggestion(name, [...known.keys()])}`)
    return plain(ref)
  })
  return ref => refs.includes(plain(ref))
}
