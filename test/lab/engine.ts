// Makes sure that a docker engine runs on this machine: the outer engine, whose containers are the lab's hosts.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { have, install, packageExists } from './apt.js'
import { cacheDir, withLock } from './cache.js'
import { pause, run, socket } from './run.js'

/** True if an engine answers at the lab's socket. */
export const engineAnswers = (): Promise<boolean> =>
  new Promise(resolve => {
    const ping = request({ socketPath: socket, path: '/_ping', timeout: 3000 }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.on('timeout', () => ping.destroy())
    ping.on('error', () => resolve(false))
    ping.end()
  })

const waitForEngine = async (seconds: number): Promise<boolean> => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(200))
    if (await engineAnswers()) return true
  return false
}

/** Which package brings each program that the lab calls. */
const tools: Record<string, string> = {
  dockerd: 'docker.io',
  docker: 'docker-cli',
  debootstrap: 'debootstrap',
  ssh: 'openssh-client',
}

const installTools = async (running: boolean): Promise<void> => {
  const missing: string[] = []
  for (const [program, name] of Object.entries(tools)) {
    // An engine that answers may be anybody's: its daemon program need not be in our PATH.
    if ((running && program === 'dockerd') || (await have(program))) continue
    // Up to bookworm the client is part of docker.io.
    missing.push(name === 'docker-cli' && !(await packageExists(name)) ? 'docker.io' : name)
  }
  if (missing.length > 0) await install([...new Set(missing)])
}

/** Each systemd takes inotify instances, and the usual 128 are gone after about six hosts. */
const raiseInotify = (): void => {
  for (const [name, least] of Object.entries({ max_user_instances: 4096, max_user_watches: 524_288 })) {
    const file = `/proc/sys/fs/inotify/${name}`
    if (existsSync(file) && Number(readFileSync(file, 'utf8')) < least) writeFileSync(file, String(least))
  }
}

const startEngine = async (): Promise<void> => {
  if (existsSync('/run/systemd/system')) await run('systemctl', ['start', 'docker'])
  if (await waitForEngine(existsSync('/run/systemd/system') ? 20 : 0.1)) return
  const logFile = join(cacheDir(), 'dockerd.log')
  const log = openSync(logFile, 'a')
  // Its own session and no pipe to us, so that it outlives the test process. Data root and socket are the usual ones: if
  // somebody else starts an engine at this moment, one of the two gives up on the pid file and the other answers.
  spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log], cwd: '/' }).unref()
  closeSync(log)
  if (!(await waitForEngine(60))) throw new Error(`dockerd did not come up; see ${logFile}`)
}

const ensure = (): Promise<void> =>
  withLock('engine', async () => {
    const running = await engineAnswers()
    await installTools(running)
    raiseInotify()
    // On a machine with systemd the package has already started the engine.
    if (!(running || (await engineAnswers()))) await startEngine()
  })

let ready: Promise<void> | undefined

/**
 * Makes sure that an engine answers at /var/run/docker.sock and that the lab's tools are installed. Several processes
 * may call it at once; an engine that already answers is used as it is, and one that is started here stays up.
 */
export const ensureEngine = (): Promise<void> => {
  ready ??= ensure().catch(error => {
    ready = undefined
    throw error
  })
  return ready
}
