// Finds the name that was probably meant, for "did you mean" in errors.

/** Edits (insert, delete, replace, swap of neighbours) from one word to another. */
function distance(from: string, to: string): number {
  let older: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let least = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1])
        least = Math.min(least, (older[column - 2] ?? 0) + 1)
      current.push(least)
    }
    older = previous
    previous = current
  }
  return previous[to.length] ?? 0
}

/** The known name nearest to a misspelt one; undefined when none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.slice(0, 64).toLowerCase()
  let best: string | undefined
  let least = Math.floor((wanted.length + 1) / 3) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= least) continue
    const edits = distance(wanted, candidate.toLowerCase())
    if (edits < least) {
      least = edits
      best = candidate
    }
  }
  return best
}

/** The tail of an error about an unknown name: the nearest known one, else the known ones, else nothing. */
export function suggestion(name: string, known: Iterable<string>, word = 'known'): string {
  const names = [...new Set(known)]
  const near = nearest(name, names)
  if (near !== undefined) return `; did you mean "${near}"?`
  if (names.length === 0) return ''
  const shown = names.sort().slice(0, 25).join(', ')
  return `; ${word}: ${shown}${names.length > 25 ? ', …' : ''}`
}
