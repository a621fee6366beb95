// A project for one host's engine, and stock docker clients that speak to it from this machine over TCP.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { busyboxTarball, labHost, type Release, type RunResult, run } from '../../lab/index.js'
import { hostEntry, type Ran, type RunOptions, testProject, told } from '../command.js'

export type Engine = Record<string, unknown>

/** What most of the tests want of an engine. */
export const baseTls = { clients: ['ci'], sans: ['docker.shop.test'] }
export const baseDaemon = {
  'live-restore': true,
  'log-driver': 'json-file',
  'log-opts': { tag: '{{.Name}}/{{host.name}}' },
  labels: ['zone=a'],
}
export const base: Engine = {
  listen: ['unix', 'tcp://0.0.0.0:2376'],
  tls: baseTls,
  daemon: baseDaemon,
  users: ['nobody'],
  proxy: { http: { secret: 'PROXY' } },
}

/** The password that must stand nowhere but in files of root's alone. */
export const password = 'hunter22-of-the-proxy'

const env = { ENGINE_PROXY: `http://ann:${password}@192.0.2.1:3128` }

/** A host with an engine and a container that has no restart policy, and a project for it. */
export async function engineSite(t: Test, release: Release) {
  const host = await labHost({ release, engine: true })
  t.teardown(() => host.remove())
  const project = testProject({})
  t.teardown(() => project.remove())
  await host.sh('docker import - box:1 >/dev/null', { input: readFileSync(await busyboxTarball()), check: true })
  const said = async (script: string): Promise<string> => (await host.sh(script)).stdout.trim()

  /** Writes the file; `more` is what it says besides its host and engine. */
  const write = (engine: Engine, more = ''): void =>
    project.write(
      'longshore.yaml',
      `project: eng\nhosts: { web: ${hostEntry(host, { address: host.ip, port: 22 })} }\nengine: ${JSON.stringify({ source: 'distro', ...engine })}\nsecrets: { PROXY: { env: ENGINE_PROXY } }\n${more}`,
    )
  const runIt = (args: string[], options: RunOptions = {}): Promise<Ran> =>
    project.run(args, { ...options, env: { ...env, ...options.env } })
  /** Provisions and expects this exit code. */
  const provision = async (engine: Engine, code = 0, options: RunOptions = {}): Promise<Ran> => {
    write(engine)
    const ran = await runIt(['provision', '--yes'], options)
    t.equal(ran.code, code, told(ran))
    return ran
  }
  /** Provisions, and a second time, which must find nothing to do. */
  const settle = async (engine: Engine): Promise<Ran> => {
    const ran = await provision(engine)
    t.match((await provision(engine)).stdout, /Nothing to do/, 'a second time nothing')
    return ran
  }
  return {
    host,
    project,
    said,
    write,
    run: runIt,
    provision,
    settle,
    folder: (...path: string[]): string => join(project.folder, ...path),
    life: () => said("docker inspect -f '{{.State.StartedAt}} {{.State.Running}}' job"),
    daemon: async () => JSON.parse(await said('cat /etc/docker/daemon.json')) as Record<string, unknown>,
  }
}

/** A folder that goes with the test. */
export function spareFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-engine-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'config'))
  return folder
}

/** The stock client, with a configuration folder of its own and these variables. */
export const client = (
  folder: string,
  args: readonly string[],
  variables: Record<string, string>,
): Promise<RunResult> =>
  run('docker', args, { env: { DOCKER_CONFIG: join(folder, 'config'), ...variables }, timeout: 20_000 })

/** The version that the engine tells a client with the pair in this folder; else what the client says of why not. */
export async function answerTo(address: string, pair: string, folder: string): Promise<string> {
  const variables = { DOCKER_HOST: `tcp://${address}:2376`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: pair }
  const { code, stdout, stderr } = await client(folder, ['version', '-f', '{{.Server.Version}}'], variables)
  return code === 0 ? stdout.trim() : stderr
}

/** Copies a client's folder, as a user who carries it elsewhere. */
export function copyOf(pair: string, folder: string, name: string): string {
  const copy = join(folder, name)
  cpSync(pair, copy, { recursive: true })
  return copy
}

/** The lines of a private key that only it has. */
export const linesOf = (pem: string): string[] =>
  pem.split('\n').filter(line => line.length > 16 && !line.startsWith('--'))

/** Shell variables as `env` prints them. */
export const exported = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))
