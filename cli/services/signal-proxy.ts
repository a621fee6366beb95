// Signals of this process, handed on to a program elsewhere in place of what they do here.
const handedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/** Runs work while signals go to `send` alone; they are as before when it ends. */
export async function withSignals<T>(send: (signal: string) => void, work: () => Promise<T>): Promise<T> {
  const before = handedOn.map(signal => ({ signal, listeners: process.listeners(signal) }))
  for (const { signal } of before) {
    process.removeAllListeners(signal)
    process.on(signal, send)
  }
  try {
    return await work()
  } finally {
    for (const { signal, listeners } of before) {
      process.off(signal, send)
      for (const listener of listeners) process.on(signal, listener as NodeJS.SignalsListener)
    }
  }
}
