// How the trouble tests look at what was said and at what is left: clear messages only, and a host that is as it was.
import type { Test } from 'tap'
import type { LabHost } from '../../lab/index.js'
import { type Ran, told } from '../command.js'

/** What no user should ever see: stacks, values that were never filled in, mistakes of ours. */
const unfit = [
  /^\s+at (async )?\S+ \(.+:\d+:\d+\)$/m,
  /^\s+at (async )?(file|node):/m,
  /\bundefined\b/,
  /\bNaN\b/,
  /\[object \w+\]/,
  /bug in longshore/,
  /(Type|Reference|Range|Syntax)Error/,
  /E(PIPE|CONNRESET|NOENT)\b/,
]

/** The run ended with this code, said all of this, and nothing that is only for programmers. */
export function ended(t: Test, ran: Ran, code: number, ...says: readonly RegExp[]): void {
  const text = told(ran)
  t.equal(ran.code, code, `ends with ${code}\n${text}`)
  for (const pattern of says) t.match(text, pattern, `says ${pattern}`)
  for (const pattern of unfit) t.notMatch(text, pattern, `never says ${pattern}`)
}

/** All that our runs could leave on a host: our folder, the scenario's folder, and everything on the engine. */
export async function stateOf(host: LabHost): Promise<string> {
  const { stdout } = await host.sh(`
    for d in /var/lib/longshore /srv; do
      find "$d" -exec stat -c '%n %a %Y' {} + 2>/dev/null
      find "$d" -type f -exec cksum {} + 2>/dev/null
    done
    command -v docker >/dev/null || exit 0
    docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}'
    docker images -a --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}'
    docker network ls --no-trunc --format '{{.ID}} {{.Name}}'
    docker volume ls --format '{{.Name}}'`)
  return stdout
}

/** The output of a script on a host, trimmed; the script must end well. */
export const said = async (host: LabHost, script: string): Promise<string> =>
  (await host.sh(script, { check: true })).stdout.trim()

/** A playbook that makes one file on all hosts that `hosts` selects. */
export const marks = (name: string, hosts = 'all'): string => `
- name: marks
  hosts: ${hosts}
  tasks:
    - name: mark
      copy: { content: "made\\n", dest: /srv/${name} }
`
