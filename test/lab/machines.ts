// The product's maker of machines, opened on this machine's engine: lab hosts are machines of a project that no file can name.
import { existsSync, readFileSync } from 'node:fs'
import { anyEngine } from '../../core/engine-want.js'
import {
  type MachineMaker,
  type MachineName,
  type MachineSpec,
  type MachineWork,
  PortTaken,
} from '../../core/machines/machine.js'
import type { Host } from '../../core/project.js'
import { noDetection } from '../../core/provider.js'
import { connectEngine } from '../../hosts/engine.js'
import { makeKeyPair } from '../../hosts/ssh/client.js'
import { openMachineMaker } from '../../providers/docker/machines/index.js'
import { productCache } from './cache.js'
import { freePort } from './ports.js'
import { socket } from './run.js'

/** A dot is in no project's name: nobody's machines are taken for lab hosts, or removed with them. */
export const labProject = 'test.lab'

const at = { file: 'lab', line: 1, column: 1 }

const here: Host = {
  name: 'this machine',
  connection: 'engine',
  engineAddress: { kind: 'unix', path: socket, url: `unix://${socket}`, at, leftOut: [] },
  address: 'localhost',
  labels: {},
  groups: [],
  vars: {},
  engine: anyEngine(),
  at,
}

const { signal } = new AbortController()

/** Nobody waits for what a maker tells. */
export const work: MachineWork = { tell: () => undefined, signal }

/** Opens the maker, hands it to `act`, and closes it: an open one would keep the test's process alive. */
export const withMaker = async <T>(act: (maker: MachineMaker) => Promise<T>): Promise<T> => {
  const connection = await connectEngine(here, 15_000)
  try {
    const maker = await openMachineMaker({
      scope: { name: here.name, hosts: [here.name] },
      connection,
      detection: noDetection(here),
      rights: {
        status: readFileSync('/proc/self/status', 'utf8'),
        last: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')),
      },
      fuse: existsSync('/dev/fuse'),
      cache: productCache(),
      signal,
    })
    if ('absent' in maker) throw new Error(maker.text)
    try {
      return await act(maker)
    } finally {
      maker.close()
    }
  } finally {
    await connection.close()
  }
}

/** The machine that a lab host is: its owner stands where a project's folder does. */
export const machineName = (host: string, owner: string): MachineName => ({ project: labProject, host, folder: owner })

/** What a lab host is made of. */
export interface MachineParts {
  image: string
  /** TCP ports to publish on loopback, besides its sshd's. */
  publish: readonly number[]
  /** Folders or files of this machine, as `docker run -v` takes them. */
  mounts: readonly string[]
  /** The line of authorized_keys. */
  login: string
}

const folderOf = (mount: string): MachineSpec['want']['folders'][number] => {
  const [from = '', to = '', mode] = mount.split(':')
  return { from, to, readOnly: mode === 'ro' }
}

/** Makes and starts it, with ports that are free. */
export const makeMachine = async (name: MachineName, parts: MachineParts): Promise<void> => {
  const { image, publish, mounts, login } = parts
  const { private: hostPrivate, public: hostPublic } = makeKeyPair(name.host)
  const keys = { login, hostPrivate, hostPublic }
  const folders = mounts.map(folderOf)
  await withMaker(async maker => {
    for (let triesLeft = 5; ; triesLeft--) {
      const ports = await Promise.all(
        [22, ...publish].map(async inside => {
          const outside = await freePort()
          return { address: '127.0.0.1', outside, inside, protocol: 'tcp' as const }
        }),
      )
      const want = { image, engine: { kind: 'local' as const }, ports: ports.slice(1), folders, at }
      try {
        await maker.create({ ...name, want, ports }, keys, work)
        return
      } catch (error) {
        // Somebody else took the port between our look and its bind.
        if (!(error instanceof PortTaken) || triesLeft === 0) throw error
      }
    }
  })
}
