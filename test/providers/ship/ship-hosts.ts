// Engines of lab hosts for tests of shipping: spoken to over SSH, with every byte of the engine's sockets counted, and a way to cut them.
import { homedir } from 'node:os'
import { env } from 'node:process'
import type { Duplex } from 'node:stream'
import type { Connection } from '../../../core/connection.js'
import { anyEngine } from '../../../core/engine-want.js'
import type { Host } from '../../../core/project.js'
import { isAbsent } from '../../../core/provider.js'
import { createConnect } from '../../../hosts/index.js'
import { type DockerEngine, openEngine } from '../../../providers/docker/open.js'
import type { LabHost } from '../../lab/index.js'
import { at } from '../samples.js'

/** A host's engine, and what went to and fro on its sockets. */
export interface CountedEngine {
  engine: DockerEngine
  /** Bytes since the last `reset`. */
  written: number
  read: number
  reset(): void
  /** Breaks the sockets as soon as so many bytes were written; undefined for never. */
  cutAfter: number | undefined
  close(): Promise<void>
}

function counted(stream: Duplex, count: CountedEngine): Duplex {
  const { write, push } = stream
  stream.write = ((chunk: Uint8Array | string, ...rest: unknown[]) => {
    count.written += chunk.length
    if (count.cutAfter !== undefined && count.written > count.cutAfter) {
      stream.destroy(new Error('cut by the test'))
      return false
    }
    return Reflect.apply(write, stream, [chunk, ...rest])
  }) as typeof write
  stream.push = ((chunk: Uint8Array | null, ...rest: unknown[]) => {
    count.read += chunk?.length ?? 0
    return Reflect.apply(push, stream, [chunk, ...rest])
  }) as typeof push
  return stream
}

/** Opens the engine of a lab host, or this machine's where none is given. */
export async function openCounted(lab?: LabHost): Promise<CountedEngine> {
  const host: Host = {
    ...{ name: lab?.name ?? 'here', labels: {}, groups: [], vars: {}, engine: anyEngine(), at },
    ...(lab
      ? {
          connection: 'ssh',
          address: lab.address,
          port: lab.port,
          user: 'root',
          identity: lab.identity,
          hostKey: lab.hostKey,
        }
      : { connection: 'local', address: 'localhost' }),
  }
  const unknownHostKey = async (): Promise<boolean> => false
  const real = await createConnect({ hosts: [host], unknownHostKey, acceptNewHostKeys: false, home: homedir(), env })(
    host,
  )
  const connection: Connection = {
    host: real.host,
    stats: real.stats,
    exec: (command, options = {}) => {
      const { onBytes } = options
      if (!onBytes) return real.exec(command, options)
      const counting: typeof onBytes = (bytes, from) => {
        count.read += bytes.length
        onBytes(bytes, from)
      }
      return real.exec(command, { ...options, onBytes: counting })
    },
    terminal: (command, size) => real.terminal(command, size),
    renew: () => real.renew(),
    close: () => real.close(),
    dial: async (path, options) => counted(await real.dial(path, options), count),
  }
  const count: CountedEngine = {
    engine: undefined as unknown as DockerEngine,
    written: 0,
    read: 0,
    cutAfter: undefined,
    reset() {
      count.written = 0
      count.read = 0
    },
    async close() {
      count.engine.close()
      await real.close()
    },
  }
  const opened = await openEngine({ name: host.name, hosts: [host.name] }, connection, new Promise(() => undefined))
  if (isAbsent(opened)) throw new Error(opened.text)
  count.engine = opened
  return count
}
