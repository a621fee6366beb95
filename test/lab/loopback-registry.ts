// A real image registry on this machine's loopback, which engines take without TLS: Debian's docker-registry.
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debianProgram } from './deb.js'
import { freePort } from './ports.js'
import { configuration, htpasswd, type LabRegistry, until } from './registry.js'
import { registryAnswers } from './registry-image.js'

/** A registry that can be stopped and started again with what it has. */
export interface LoopbackRegistry extends LabRegistry {
  /** Where it keeps what it has. */
  data: string
  start(): Promise<void>
  stop(): Promise<void>
  remove(): Promise<void>
}

/** Starts a registry for this machine's engine. */
export async function loopbackRegistry(login?: { username: string; password: string }): Promise<LoopbackRegistry> {
  const program = await debianProgram('docker-registry', 'usr/bin/docker-registry')
  const folder = await mkdtemp(join(tmpdir(), 'longshore-registry-'))
  const port = await freePort()
  const options = { port, ...(login && { login }) }
  await writeFile(join(folder, 'config.yml'), configuration(options, folder, '127.0.0.1'))
  if (login) await writeFile(join(folder, 'htpasswd'), await htpasswd(login))
  const name = `127.0.0.1:${port}`
  const access = { url: `http://${name}`, ...options }
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    const log = createWriteStream(join(folder, 'log'), { flags: 'a' })
    child = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout?.pipe(log, { end: false })
    child.stderr?.pipe(log, { end: false })
    await until(() => registryAnswers(access), `the registry ${name}`)
  }
  const stop = async (): Promise<void> => {
    const ended = child && new Promise(resolve => child?.once('exit', resolve))
    child?.kill('SIGKILL')
    await ended
    child = undefined
  }
  await start()
  return {
    ...access,
    name,
    data: join(folder, 'data'),
    log: () => readFile(join(folder, 'log'), 'utf8'),
    start,
    stop,
    async remove() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
