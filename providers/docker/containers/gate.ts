// Asks a new container, from its host or inside of it, until it answers as its gate wants.
import { request } from 'node:http'
import { Readable, Writable } from 'node:stream'
import { messageOf } from '../../../core/errors.js'
import { quote, type Sh, sh } from '../../../core/sh.js'
import type { GateWant } from '../../../core/wanted.js'
import { asSocket } from '../api/agent.js'
import type { ContainerDetails } from '../api/shapes.js'
import { type Job, pause } from '../apply/job.js'
import { execInContainer } from '../exec.js'
import { inspect } from './calls.js'

/** One question may take so long. */
const patienceMs = 5000

/** The gate in people's words. */
export function gateText({ ask }: GateWant): string {
  if (ask.kind === 'tcp') return `tcp :${ask.port}`
  return ask.kind === 'http' ? `http :${ask.port}${ask.path}` : `command ${ask.argv.map(quote).join(' ')}`
}

/** An address at which the host reaches the container; undefined where it has none. */
async function addressOf(job: Job, { HostConfig, NetworkSettings }: ContainerDetails): Promise<string | undefined> {
  const mode = HostConfig.NetworkMode ?? ''
  if (mode === 'host') return '127.0.0.1'
  if (mode.startsWith('container:')) {
    const owner = await inspect(job.engine, mode.slice('container:'.length), job.signal)
    return owner && addressOf(job, owner)
  }
  const found = Object.values(NetworkSettings.Networks ?? {})
  return found.map(({ IPAddress }) => IPAddress).find(address => address) ?? found[0]?.GlobalIPv6Address ?? undefined
}

const inBrackets = (address: string): string => (address.includes(':') ? `[${address}]` : address)

/** The status of an answer, asked over a connection of our own. */
const statusOver = (
  stream: Parameters<typeof asSocket>[0],
  address: string,
  port: number,
  path: string,
  signal: AbortSignal,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { host: `${inBrackets(address)}:${port}`, connection: 'close' }
    const sent = request({ path, headers, signal, createConnection: () => asSocket(stream) }, response => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    sent.once('error', reject)
    sent.end()
  })

const noProgram = 69

/** For hosts whose sshd forwards nothing: what is there of curl, wget, nc and bash. Prints the status of an answer. */
const shellProbe = (address: string, { port, ...ask }: { port: number; path?: string }): Sh => {
  const place = inBrackets(address)
  if (ask.path === undefined)
    return sh`if command -v nc >/dev/null 2>&1; then nc -z -w 5 ${address} ${port}
elif command -v bash >/dev/null 2>&1; then bash -c 'exec 3<>"/dev/tcp/$1/$2"' probe ${address} ${port} 2>/dev/null
elif command -v curl >/dev/null 2>&1; then curl -s -o /dev/null -m 5 ${`telnet://${place}:${port}`} </dev/null; [ $? != 7 ]
else exit ${noProgram}
fi`
  const url = `http://${place}:${port}${ask.path}`
  return sh`if command -v curl >/dev/null 2>&1; then curl -s -o /dev/null -m 5 -w '%{http_code}' ${url}
elif command -v wget >/dev/null 2>&1; then wget -q -S -O /dev/null -T 5 ${url} 2>&1 | sed -n 's/^ *HTTP\/[0-9.]* \([0-9]*\).*/\1/p' | tail -n 1
elif command -v bash >/dev/null 2>&1; then
  bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" "$3" "$1" >&3 && read -r _ status _ <&3 && echo "$status"' probe ${address} ${port} ${ask.path} 2>/dev/null
else exit ${noProgram}
fi`
}

async function askByShell(
  job: Job,
  address: string,
  ask: Exclude<GateWant['ask'], { kind: 'command' }>,
): Promise<number | undefined> {
  const options = { signal: job.signal, timeoutMs: 2 * patienceMs }
  const { code, stdout } = await job.engine.connection.exec(shellProbe(address, ask), options)
  if (code === noProgram)
    throw new Error('sshd there forwards no connection, and the host has none of curl, wget, nc and bash to ask with')
  if (ask.kind === 'tcp') return code === 0 ? 0 : undefined
  return Number(stdout.trim()) || undefined
}

/** Asks once: the status of an answer (0 where only a connection is asked for); undefined where nobody answers. */
async function askAt(
  job: Job,
  address: string,
  ask: Exclude<GateWant['ask'], { kind: 'command' }>,
): Promise<number | undefined> {
  const { connection } = job.engine
  if (connection.dialTcp === undefined) return askByShell(job, address, ask)
  const signal = AbortSignal.any([job.signal, AbortSignal.timeout(patienceMs)])
  try {
    const stream = await connection.dialTcp(address, ask.port, { signal })
    try {
      return ask.kind === 'tcp' ? 0 : await statusOver(stream, address, ask.port, ask.path, signal)
    } finally {
      stream.destroy()
    }
  } catch (error) {
    job.signal.throwIfAborted()
    return (error as NodeJS.ErrnoException).code === 'ENOFORWARD' ? askByShell(job, address, ask) : undefined
  }
}

async function runCommand(job: Job, id: string, argv: string[], mostMs: number): Promise<string | undefined> {
  const told: Buffer[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (told.length < 100) told.push(chunk)
      done()
    },
  })
  const request = { argv, tty: false, stdin: Readable.from([]), stdout: sink, stderr: sink }
  const ended = execInContainer(job.engine, id, request)
  // One that hangs goes with its container; nobody waits for it.
  ended.catch(() => undefined)
  const done = new AbortController()
  const late = pause(mostMs, AbortSignal.any([job.signal, done.signal])).then(() => undefined)
  late.catch(() => undefined)
  const code = await Promise.race([ended, late]).finally(() => done.abort())
  if (code === undefined) return `does not end within ${mostMs / 1000} s`
  if (code === 0) return undefined
  const text = Buffer.concat(told).toString('utf8').trim().split('\n').at(-1) ?? ''
  return `exits with code ${code}${text === '' ? '' : `: ${text}`}`
}

/** Asks a running container once; undefined when it answers as wanted, else what is wrong. */
export async function askGate(job: Job, gate: GateWant, details: ContainerDetails): Promise<string | undefined> {
  const { ask } = gate
  try {
    if (ask.kind === 'command') return await runCommand(job, details.Id, ask.argv, gate.timeoutMs)
    const address = await addressOf(job, details)
    if (address === undefined || address === '') return 'has no address that its host reaches: use a command'
    const status = await askAt(job, address, ask)
    if (status === undefined) return `nobody answers at ${inBrackets(address)}:${ask.port}`
    if (ask.kind === 'tcp') return undefined
    const [from, to] = ask.status
    return status >= from && status <= to ? undefined : `answers with status ${status}`
  } catch (error) {
    job.signal.throwIfAborted()
    return messageOf(error)
  }
}
