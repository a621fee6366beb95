// Joins the rooms: reads the project with what this machine knows, and opens ways to its hosts. Rooms are loaded on first use.
import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import type { Emit } from '../core/events.js'
import type { LocalFiles } from '../core/files.js'
import type { Project } from '../core/project.js'
import type { AnyProvider } from '../core/provider.js'
import type { AnyResource } from '../core/resource.js'
import type { Masker } from '../core/secret.js'
import type { Connect, ConnectOptions } from '../hosts/index.js'
import { askYesNo } from './prompt.js'
import type { Io } from './streams.js'

const longestOutput = 8 * 1024 * 1024

/** Runs a command of the user's on this machine (`secrets:`), in a folder. A command that cannot start ends with 127. */
const runCommandIn =
  (folder: string, env: Readonly<Record<string, string | undefined>>) =>
  ([program = '', ...args]: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise(resolve => {
      const child = execFile(
        program,
        args,
        { cwd: folder, env: { ...env }, maxBuffer: longestOutput },
        (error, stdout, stderr) => {
          if (!error) resolve({ code: 0, stdout, stderr })
          else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr })
          else resolve({ code: child.pid === undefined ? 127 : 1, stdout, stderr: stderr || error.message })
        },
      )
      child.stdin?.end()
    })

export interface ProjectSurroundings {
  files: LocalFiles
  env: Readonly<Record<string, string | undefined>>
  home: string
  vars: Record<string, string>
  masker: Masker
  resources: readonly AnyResource[]
}

/** Reads and checks the project's file (an absolute path). Secrets are not fetched yet. */
export async function readProject(file: string, surroundings: ProjectSurroundings): Promise<Project> {
  const { loadProject } = await import('../core/config/index.js')
  const { env, resources, ...rest } = surroundings
  return loadProject(file, {
    ...rest,
    environment: env,
    resourceKinds: resources,
    runCommand: runCommandIn(dirname(file), env),
  })
}

export interface ConnectSurroundings {
  env: Readonly<Record<string, string | undefined>>
  home: string
  acceptNewHostKeys: boolean
  emit: Emit
  io: Io
  signal: AbortSignal
  providers(): Promise<readonly AnyProvider[]>
  /** Runs a question while nothing else is drawn. */
  aside<T>(work: () => T): T
}

/** Makes the function that opens ways to the project's hosts; unknown host keys are asked about where there is a terminal. */
export async function wireConnect(project: Project, surroundings: ConnectSurroundings): Promise<Connect> {
  const { createConnect } = await import('../hosts/index.js')
  const { io, signal, env, home, acceptNewHostKeys, emit } = surroundings
  let enter: Promise<NonNullable<ConnectOptions['enter']>> | undefined
  const connect: Connect = createConnect({
    hosts: project.hosts,
    async enter(host, own) {
      enter ??= Promise.all([import('./container-hosts/enter.js'), surroundings.providers()]).then(
        ([{ createEnter }, providers]) => createEnter(project, providers, connect, signal),
      )
      return (await enter)(host, own)
    },
    env,
    home,
    acceptNewHostKeys,
    emit,
    async unknownHostKey({ host, address, keyType, fingerprint }) {
      // The refusal, with its way out, is told by the connection, which knows the host.
      if (!io.stdin.isTTY) return false
      const place = address === host ? host : `${host} (${address})`
      const text = `${place} is not known yet. Its ${keyType} key is ${fingerprint}\nIs that the right key?`
      return surroundings.aside(() => askYesNo(io, { text, flag: '--accept-new-host-keys', signal }))
    },
  })
  return connect
}
