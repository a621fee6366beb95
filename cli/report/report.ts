// What a report is, and the boundary that every event passes on its way to one: secrets masked, foreign text cleaned.
import { cleanLine, type Emit, type Event } from '../../core/events.js'
import type { Masker } from '../../core/secret.js'

/** Shows events as they come. */
export interface Report {
  emit: Emit
  /** Announces the hosts of the run, so that they are counted before their first event. */
  start?(hosts: readonly string[]): void
  /** Takes what is drawn off the terminal, runs `work` (a question, an answer on stdout), and draws on. */
  aside?<T>(work: () => T): T
  /** Ends the report; what restores the terminal has happened when the call returns, before the promise settles. */
  end(): Promise<void>
}

const cleanText = (text: string): string =>
  text
    .split(/\r?\n/)
    .map(line => cleanLine(line, Number.POSITIVE_INFINITY))
    .join('\n')

function cleanAll(data: unknown): unknown {
  if (typeof data === 'string') return cleanText(data)
  if (Array.isArray(data)) return data.map(cleanAll)
  if (data !== null && typeof data === 'object')
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, cleanAll(value)]))
  return data
}

/**
 * Foreign text as it may leave the program. Masked before cleaning, because cleaning changes what a secret looks like,
 * and after it, because removed control characters can leave a secret behind.
 */
export const safeText = (text: string, masker: Masker): string => masker.mask(cleanText(masker.mask(text)))

/** The same for plain data, all strings in it. */
export const safeData = <T>(data: T, masker: Masker): T => masker.maskAll(cleanAll(masker.maskAll(data)) as T)

/** The report behind the boundary. */
export const guarded = (inner: Report, masker: Masker): Report => ({
  ...inner,
  // Of lines there may be millions.
  emit: (event: Event) =>
    inner.emit(
      event.type === 'output'
        ? { ...event, id: masker.mask(event.id), text: safeText(event.text, masker) }
        : safeData(event, masker),
    ),
})
