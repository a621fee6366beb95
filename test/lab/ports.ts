// Loopback ports for the lab: free ones, fixed for a host's life, so that it keeps them over a reboot.
import { connect, createServer } from 'node:net'

/** Whether nothing listens at that port of 127.0.0.1. */
export const isFreePort = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** A free port on 127.0.0.1, below the range from which the kernel takes ports for outgoing connections. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFreePort(port)) return port
  }
}

/** True if an SSH server greets at that port of 127.0.0.1. */
export const sshGreets = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const end = (greeted: boolean): void => {
      socket.destroy()
      resolve(greeted)
    }
    // The engine's proxy accepts even while nobody listens behind it, so only the greeting counts.
    socket.once('data', data => end(data.toString('latin1').startsWith('SSH-2.0-')))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    socket.setTimeout(3000, () => end(false))
  })
