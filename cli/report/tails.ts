// The last lines that running steps have printed, bounded, so that a failure can show them.

/** A ring of lines for each running step. */
export class OutputTails {
  readonly #most: number
  readonly #lines = new Map<string, string[]>()

  constructor(most: number) {
    this.#most = most
  }

  add(id: string, line: string): void {
    const lines = this.#lines.get(id)
    if (!lines) this.#lines.set(id, [line])
    else if (lines.push(line) > this.#most) lines.shift()
  }

  /** The lines of a step that has ended; they are forgotten. */
  take(id: string): string[] {
    const lines = this.#lines.get(id) ?? []
    this.#lines.delete(id)
    return lines
  }
}
