// Where the engine listens: addresses as people write them, and the unit's own command line with our sockets in it.
import { posix } from 'node:path'

/** The socket that Longshore itself uses; always kept. */
export const defaultSocket = '/var/run/docker.sock'

/** One place to listen at. `own`: the engine's usual unix socket, whoever opens it. */
export type Listener = { kind: 'own' } | { kind: 'unix'; path: string } | { kind: 'tcp'; host: string; port: number }

const usual = new Set(['/var/run/docker.sock', '/run/docker.sock'])

/** Reads `unix`, `fd://`, `unix:///PATH` or `tcp://ADDRESS:PORT`; a text that says what is wrong with any other. */
export function readListener(text: string): Listener | string {
  if (text === 'unix' || text === 'fd' || text === 'fd://') return { kind: 'own' }
  const path = /^unix:\/\/(\/[^\s'"\\$%]+)$/.exec(text)?.[1]
  if (path !== undefined) return usual.has(posix.normalize(path)) ? { kind: 'own' } : { kind: 'unix', path }
  const [, host, number] = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})\/?$/.exec(text) ?? []
  const port = Number(number)
  if (host !== undefined && port > 0 && port < 65536) return { kind: 'tcp', host, port }
  return 'must be unix, unix:///PATH or tcp://ADDRESS:PORT'
}

/** As the engine's flag `-H` takes it; `own` is how the usual socket is opened here. */
export function listenerText(listener: Listener, own: string): string {
  if (listener.kind === 'own') return own
  return listener.kind === 'unix' ? `unix://${listener.path}` : `tcp://${listener.host}:${listener.port}`
}

/** Whether only this host itself can reach it. */
export const isLoopback = (host: string): boolean =>
  /^127(\.\d{1,3}){3}$/.test(host) || host === '[::1]' || host === 'localhost'

/** One file of a unit, as `systemctl cat` prints it. */
interface UnitFile {
  path: string
  lines: string[]
}

function unitFiles(printed: string): UnitFile[] {
  const files: UnitFile[] = []
  for (const line of printed.split('\n')) {
    const path = /^# (\/\S+\.(?:service|conf))$/.exec(line)?.[1]
    if (path !== undefined) files.push({ path, lines: [] })
    else files.at(-1)?.lines.push(line)
  }
  return files
}

/** The unit's command line, as all its files but `ours` make it; undefined where it has none. */
export function execStartOf(printed: string, ours: string): string | undefined {
  let found: string | undefined
  for (const { lines } of unitFiles(printed).filter(file => file.path !== ours)) {
    let section = ''
    for (const line of lines
      .join('\n')
      .replace(/\\\n\s*/g, ' ')
      .split('\n')) {
      section = /^\[(\w+)\]\s*$/.exec(line)?.[1] ?? section
      const value = section === 'Service' ? /^ExecStart\s*=\s*(.*?)\s*$/.exec(line)?.[1] : undefined
      if (value !== undefined) found = value === '' ? undefined : value
    }
  }
  return found
}

/** The words of a command line of a unit, each as it stands there, quotes and all. */
export const unitWords = (command: string): string[] =>
  command.match(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s"'])+/g) ?? []

/** Splits a command line of the engine into the addresses after -H and all other words. */
export function splitHosts(words: readonly string[]): { hosts: string[]; others: string[] } {
  const hosts: string[] = []
  const others: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const attached = /^(?:-H=?|--host=)(.+)$/.exec(word)?.[1]
    if (attached !== undefined) hosts.push(attached)
    else if (word === '-H' || word === '--host') hosts.push(words[++index] ?? '')
    else others.push(word)
  }
  return { hosts, others }
}

/** How the usual socket is opened by a command line: by systemd's socket unit where that is how it is. */
const ownAddress = (hosts: readonly string[]): string => (hosts.includes('fd://') ? 'fd://' : `unix://${defaultSocket}`)

/** The command line with these listeners in place of its own; undefined where it has them already. */
export function withListeners(command: string, listen: readonly Listener[]): string | undefined {
  const { hosts, others } = splitHosts(unitWords(command))
  const [program = '', ...flags] = others
  const wanted = listen.map(listener => listenerText(listener, ownAddress(hosts)))
  if (wanted.length === hosts.length && wanted.every(address => hosts.includes(address))) return undefined
  if (hosts.length === 0 && listen.every(listener => listener.kind === 'own')) return undefined
  return [program, ...wanted.flatMap(address => ['-H', address]), ...flags].join(' ')
}
