// Hands a terminal's output to its listeners; what comes before the first listener waits for it.

type Listener = (data: Uint8Array) => void

export interface Screen {
  show(data: Uint8Array): void
  watch(listener: Listener): void
}

/** Makes a screen without listeners. */
export function createScreen(): Screen {
  const listeners: Listener[] = []
  const early: Uint8Array[] = []
  return {
    show(data) {
      if (listeners.length === 0) early.push(data)
      for (const listener of listeners) listener(data)
    },
    watch(listener) {
      listeners.push(listener)
      for (const data of early.splice(0)) listener(data)
    },
  }
}
