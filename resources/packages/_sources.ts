// apt's lists of sources as text: our own paragraph, and what must become of older entries of the same repository.
import { UserError } from '../../core/errors.js'

/** A repository as apt knows it. */
export interface AptSource {
  name: string
  types: readonly string[]
  uris: readonly string[]
  suites: readonly string[]
  components: readonly string[]
  architectures: readonly string[]
  enabled: boolean
  trusted?: boolean | undefined
  /** Path of the key on the host. */
  signedBy?: string | undefined
}

const plain = (uri: string): string => uri.replace(/\/+$/, '')
const within = (some: readonly string[], all: readonly string[]): boolean => some.every(one => all.includes(one))

/** The paragraph of a `.sources` file, in the format of sources.list(5), DEB822. */
export function sourcesText(source: AptSource): string {
  const rows: [string, string][] = [
    ['Types', source.types.join(' ')],
    ['URIs', source.uris.join(' ')],
    ['Suites', source.suites.join(' ')],
    ['Components', source.components.join(' ')],
    ['Architectures', source.architectures.join(' ')],
    ['Enabled', source.enabled ? '' : 'no'],
    ['Trusted', source.trusted === undefined ? '' : source.trusted ? 'yes' : 'no'],
    ['Signed-By', source.signedBy ?? ''],
  ]
  return rows.flatMap(([field, value]) => (value === '' ? [] : [`${field}: ${value}\n`])).join('')
}

/** An entry of the same repository, as one of the two formats has it. */
interface Entry {
  types: string[]
  uris: string[]
  suites: string[]
  components: string[]
}

const concerns = (entry: Entry, source: AptSource): boolean =>
  entry.uris.some(uri => source.uris.map(plain).includes(plain(uri))) &&
  entry.suites.some(suite => source.suites.includes(suite))

const isCovered = (entry: Entry, source: AptSource): boolean =>
  within(entry.types, source.types) && within(entry.components, source.components)

function oneLine(line: string, source: AptSource): string {
  const [, type = '', options = '', uri = '', suite = '', rest = ''] =
    /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#]*)/.exec(line) ?? []
  const components = rest.trim() === '' ? [] : rest.trim().split(/\s+/)
  const entry = { types: [type], uris: [uri], suites: [suite], components }
  if (type === '' || !concerns(entry, source)) return line
  if (isCovered(entry, source)) return `# now in ${source.name}.sources: ${line}`
  const left = source.types.includes(type) ? components.filter(one => !source.components.includes(one)) : components
  const others = options.split(/\s+/).filter(one => one !== '' && !one.startsWith('signed-by='))
  const kept = source.signedBy === undefined ? options.trim() : [...others, `signed-by=${source.signedBy}`].join(' ')
  return [type, ...(kept === '' ? [] : [`[${kept}]`]), uri, suite, ...left].join(' ')
}

/** The fields of a paragraph, by their names in small letters; a field goes on in lines that start with a space. */
function fieldsOf(paragraph: string): Map<string, string> {
  const joined = paragraph.replace(/^#.*\n?/gm, '').replace(/\n[ \t]+/g, ' ')
  const rows = [...joined.matchAll(/^([A-Za-z-]+):[ \t]*(.*)$/gm)]
  return new Map(rows.map(([, field = '', value = '']) => [field.toLowerCase(), value.trim()]))
}

function withField(paragraph: string, field: string, value: string): string {
  const old = new RegExp(`^${field}:.*(\\n[ \\t].*)*$`, 'im')
  return old.test(paragraph)
    ? paragraph.replace(old, `${field}: ${value}`)
    : `${paragraph.trimEnd()}\n${field}: ${value}${paragraph.endsWith('\n') ? '\n' : ''}`
}

function oneParagraph(paragraph: string, source: AptSource, path: string): string {
  const fields = fieldsOf(paragraph)
  const words = (field: string): string[] => (fields.get(field) ?? '').split(/\s+/).filter(word => word !== '')
  const entry = { types: words('types'), uris: words('uris'), suites: words('suites'), components: words('components') }
  if (/^(no|false|0|off|without|disable)$/i.test(fields.get('enabled') ?? '') || !concerns(entry, source))
    return paragraph
  const isOnlyOurs = within(entry.uris.map(plain), source.uris.map(plain))
  const left = entry.suites.filter(suite => !source.suites.includes(suite))
  if (isOnlyOurs && isCovered(entry, source))
    return left.length === 0 ? withField(paragraph, 'Enabled', 'no') : withField(paragraph, 'Suites', left.join(' '))
  if (source.signedBy === undefined || fields.get('signed-by') === source.signedBy) return paragraph
  if (isOnlyOurs && left.length === 0) return withField(paragraph, 'Signed-By', source.signedBy)
  throw new UserError(`${path} names this repository together with others, and apt takes only one key for it`, {
    hint: 'Split that paragraph by hand, or give all that it holds here.',
  })
}

/** The text of another list, without what our own paragraph now says. What stays of the same repository gets the same key, which apt insists on. */
export const withoutSource = (path: string, text: string, source: AptSource): string =>
  path.endsWith('.sources')
    ? text
        .split(/(\n[ \t]*\n+)/)
        .map((part, index) => (index % 2 === 1 ? part : oneParagraph(part, source, path)))
        .join('')
    : text
        .split('\n')
        .map(line => oneLine(line, source))
        .join('\n')
