// Lets so many requests go on at the same time; the others wait their turn.

export interface Turns {
  /** Waits for a turn; the function it gives ends it, once. */
  take(): Promise<() => void>
}

/**
 * Turns for an agent whose connections come later than they were asked for: Node counts a connection against `maxSockets` only
 * once it is there, so that requests made at the same moment would each open one.
 * With `patienceMs` a turn beside another is given only after that time: where a connection is dear (a sudo session), quick
 * requests follow one another on the one that is there, and only long ones get more.
 */
export function createTurns(limit: number, patienceMs = 0): Turns {
  let taken = 0
  const waiting: (() => void)[] = []
  const give = (): (() => void) => {
    let mine = true
    return () => {
      if (!mine) return
      mine = false
      const next = waiting.shift()
      if (next) next()
      else taken--
    }
  }
  /** Waits until a turn is handed over, or until patience ends while there is room for one more. */
  const handedOver = (): Promise<void> =>
    new Promise(resolve => {
      const go = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        const at = waiting.indexOf(go)
        if (at < 0 || taken >= limit) return
        waiting.splice(at, 1)
        taken++
        resolve()
      }, patienceMs)
      waiting.push(go)
    })
  return {
    async take() {
      if (taken === 0 || (taken < limit && patienceMs === 0)) taken++
      else await handedOver()
      return give()
    },
  }
}
