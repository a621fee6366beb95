// Collects the mistakes of the user's files, so that all of them are shown at once.
import { type At, UserError, usageError } from '../errors.js'

/** Mistakes found so far. */
export interface Problems {
  add(message: string, at: At): void
  /** Runs a check and takes its UserError as one more problem; gives undefined then. */
  take<T>(check: () => T): T | undefined
  /** Ends with one usage error (exit 3) that lists everything collected; does nothing if there is nothing. */
  throwIfAny(): void
  readonly count: number
}

/** More mistakes than this are counted, not told. */
const mostTold = 100

const placed = ({ file, line, column }: At, message: string): string => `${file}:${line}:${column}: ${message}`

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) if (value !== b[index]) return value - (b[index] ?? 0)
  return 0
}

/** A collector that knows no problem yet. */
export function collectProblems(): Problems {
  const found: { message: string; at: At }[] = []
  return {
    add(message, at) {
      if (!found.some(other => other.message === message && other.at.line === at.line && other.at.column === at.column))
        found.push({ message, at })
    },
    take(check) {
      try {
        return check()
      } catch (error) {
        if (!(error instanceof UserError) || error.at === undefined) throw error
        this.add(error.hint === undefined ? error.message : `${error.message} (${error.hint})`, error.at)
        return undefined
      }
    },
    throwIfAny() {
      const files = [...new Set(found.map(each => each.at.file))]
      const order = ({ file, line, column }: At): number[] => [files.indexOf(file), line, column]
      const ordered = found.toSorted((a, b) => compareLists(order(a.at), order(b.at)))
      const [first] = ordered
      if (first === undefined) return
      const lines = ordered.slice(0, mostTold).map(each => placed(each.at, each.message))
      if (ordered.length > mostTold) lines.push(`… and ${ordered.length - mostTold} more`)
      const message = found.length === 1 ? first.message : `${found.length} mistakes\n${lines.join('\n')}`
      throw usageError(message, { at: first.at })
    },
    get count() {
      return found.length
    },
  }
}
