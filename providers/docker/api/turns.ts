// Lets so many requests go on at the same time; the others wait their turn.

export interface Turns {
  /** Waits for a turn; the function it gives ends it, once. */
  take(): Promise<() => void>
}

/**
 * Turns for an agent whose connections come later than they were asked for: Node counts a connection against `maxSockets` only
 * once it is there, so that requests made at the same moment would each open one.
 */
export function createTurns(limit: number): Turns {
  let left = limit
  const waiting: (() => void)[] = []
  const give = (): (() => void) => {
    let mine = true
    return () => {
      if (!mine) return
      mine = false
      const next = waiting.shift()
      if (next) next()
      else left++
    }
  }
  return {
    async take() {
      if (left > 0) left--
      else await new Promise<void>(resolve => waiting.push(resolve))
      return give()
    },
  }
}
