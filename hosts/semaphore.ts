// A number of places, given out in order: sshd allows few sessions a connection and few logins at a time.

export interface Semaphore {
  /** Waits for a place; the function it gives frees that place (twice is once). Rejects with the signal's reason. */
  acquire(signal?: AbortSignal): Promise<() => void>
  readonly held: number
  readonly limit: number
  /** From now on there are only so many places, at least one. */
  narrow(limit: number): void
}

/** Makes a semaphore with `limit` places. */
export function createSemaphore(limit: number): Semaphore {
  let places = limit
  let held = 0
  const waiting: (() => void)[] = []
  const admit = (): void => {
    while (held < places) {
      const next = waiting.shift()
      if (next === undefined) return
      held += 1
      next()
    }
  }
  const freeOnce = (): (() => void) => {
    let freed = false
    return () => {
      if (freed) return
      freed = true
      held -= 1
      admit()
    }
  }
  return {
    get held() {
      return held
    },
    get limit() {
      return places
    },
    narrow(next) {
      places = Math.max(1, Math.min(places, next))
    },
    acquire(signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const enter = (): void => {
          signal?.removeEventListener('abort', leave)
          resolve(freeOnce())
        }
        const leave = (): void => {
          waiting.splice(waiting.indexOf(enter), 1)
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', leave, { once: true })
        waiting.push(enter)
        admit()
      })
    },
  }
}
