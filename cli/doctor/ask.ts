// Asks a host all that `doctor` wants to know, in one exec.
import { UserError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import { factsProbe, readFacts } from '../../core/facts.js'
import { ask } from '../../core/plan/read-host.js'
import type { Host } from '../../core/project.js'
import type { AnyProvider } from '../../core/provider.js'
import { type Sh, sh } from '../../core/sh.js'
import { readState, stateProbe } from '../../core/state.js'
import { engineProbe } from '../../resources/daemon/probe.js'
import { type EngineSeen, readEngine } from '../../resources/daemon/seen.js'
import { rulesProbe } from '../../resources/network/_port_scripts.js'
import type { CommandContext } from '../context.js'
import type { Look } from './finding.js'

/** Prints `name=value` lines of what no other question asks for. Only reads. */
const rest: Sh = sh`
PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin
echo "now=$(date +%s)"
socket=/var/run/docker.sock
if [ -S "$socket" ]; then echo "socket=$(stat -L -c '%a %U %G' "$socket")"; fi
if [ -r /etc/docker/tls/cert.pem ]; then sed 's/^/certificate=/' /etc/docker/tls/cert.pem; fi
if [ -r /proc/sys/fs/inotify/max_user_instances ]; then
  echo "inotify=$(find /proc/[0-9]*/fd -lname 'anon_inode:inotify' 2>/dev/null | wc -l) $(cat /proc/sys/fs/inotify/max_user_instances)"
fi
grep -hs '^# rule ' /var/lib/longshore/*/ports.sh | sed 's/^/rule=/'
if [ -S "$socket" ] && command -v docker >/dev/null 2>&1; then
  timeout 10 docker -H "unix://$socket" ps --format '{{.Names}} {{.Ports}}' 2>/dev/null </dev/null | sed 's/^/published=/'
fi
:`

/** Lines by the name before the first `=`. */
export function readRest(out: string): Map<string, string[]> {
  const told = new Map<string, string[]>()
  for (const line of out.split('\n')) {
    const at = line.indexOf('=')
    if (at <= 0) continue
    const name = line.slice(0, at)
    told.set(name, [...(told.get(name) ?? []), cleanLine(line.slice(at + 1), 4000)])
  }
  return told
}

/** How the engine is set up, or why that is not told. */
function engineOf(out: string | undefined, err: string): EngineSeen | string {
  if (out === undefined) return `its configuration could not be read: ${err}`
  try {
    return readEngine(out)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return error.message
  }
}

/** Connects, asks and closes. A UserError when the host cannot be reached or does not answer. */
export async function lookAt(host: Host, provider: AnyProvider, context: CommandContext): Promise<Look> {
  const { signal } = context
  const project = await context.project()
  const connection = await (await context.connect())(host, { signal })
  try {
    const from = Date.now()
    const answers = await ask(
      connection,
      [
        { id: 'rest', command: rest },
        { id: 'facts', command: factsProbe },
        { id: 'state', command: stateProbe(project.name) },
        { id: 'detection', command: provider.detect(host.engine, []) },
        { id: 'rules', command: rulesProbe(project.name), user: 'root' },
        { id: 'engine', command: engineProbe, user: 'root' },
      ],
      { signal },
    )
    const until = Date.now()
    const told = (id: string): string => {
      const answer = answers.get(id)
      if (answer?.code === 0) return answer.out
      throw new UserError(`the host did not answer the question for its ${id}`, {
        where: host.name,
        output: cleanLine(answer?.err ?? ''),
      })
    }
    const engine = answers.get('engine')
    const [, rules] = /^force=(yes|no)$/m.exec(answers.get('rules')?.out ?? '') ?? []
    return {
      host,
      facts: readFacts(told('facts')),
      state: readState(told('state')),
      detection: provider.readDetection(told('detection')),
      engine: engineOf(engine?.code === 0 ? engine.out : undefined, cleanLine(engine?.err ?? '')),
      told: readRest(told('rest')),
      asked: { from, until },
      rules: rules === 'yes' || rules === 'no' ? rules : 'none',
    }
  } finally {
    await connection.close()
  }
}
