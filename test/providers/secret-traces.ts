// Looks for secrets where none may be: files, logs, command lines and environments, on lab hosts and on this machine.
import { readdirSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { disguises } from '../../core/disguises.js'
import type { LabHost } from '../lab/index.js'

/** How the values could stand somewhere: as they are, or in any encoding of a login. */
export const tracesOf = (...values: string[]): string[] =>
  [...new Set(values.flatMap(disguises))].filter(text => text.length >= 8)

const asInput = (traces: readonly string[]): { input: string } => ({ input: `${traces.join('\n')}\n` })

/** From now on every command line and environment of the host is written down, in a file of its memory. */
export const watchHost = (host: LabHost): Promise<unknown> => {
  const once = 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"'
  const script = `setsid sh -c 'while :; do ${once}; sleep 0.03; done >/run/watched' >/dev/null 2>&1 </dev/null &`
  return host.sh(script, { check: true })
}

/** How often such a command line was seen on the host. */
export const timesSeen = async (host: LabHost, word: string): Promise<number> =>
  Number((await host.sh(`grep -acx ${word} /run/watched`)).stdout)

/** Names of files on a host that hold one of the traces, what was watched among them. The traces come by standard input. */
export const leakyFiles = async (host: LabHost, traces: readonly string[]): Promise<string[]> => {
  const places = '/etc /root /home /tmp /var /run /dev/shm'
  const { stdout } = await host.sh(`grep -rlaF -D skip -f - ${places} 2>/dev/null`, asInput(traces))
  return stdout.split('\n').filter(Boolean)
}

/** Lines with a trace in what the host's journal and its engine have told. */
export const leakyLogs = async (host: LabHost, traces: readonly string[]): Promise<string> => {
  const told = '{ journalctl --no-pager; docker events --since 1h --until 0s; } >/run/told'
  return (await host.sh(`${told}; grep -aF -f - /run/told`, asInput(traces))).stdout
}

/** The command lines of this machine, looked at until `stop`, which gives them. */
export function watchHere(): { stop(): string[] } {
  const seen = new Set<string>()
  const look = (): void => {
    for (const id of readdirSync('/proc').filter(name => /^\d+$/.test(name)))
      try {
        seen.add(readFileSync(`/proc/${id}/cmdline`, 'latin1'))
      } catch {
        // It has ended meanwhile.
      }
  }
  const looking = setInterval(look, 50).unref()
  return {
    stop() {
      clearInterval(looking)
      return [...seen]
    },
  }
}

/** The texts of all files in a folder here. */
export async function textsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
}
