// The `engine_config` kind: daemon.json, sockets, certificates and proxy of a container engine, changed as one and undone as one.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { certificateWarnings, issuingOf, refuseIssuing } from './certificate.js'
import { engineChanges } from './changes.js'
import { decide } from './decide.js'
import { stoppedContainers } from './live.js'
import { engineProbe } from './probe.js'
import { rolledBackCode } from './run-script.js'
import { type EngineSeen, readEngine } from './seen.js'
import { changeScript, recoverScript } from './transaction.js'
import { type EngineWant, engineSchema, exceptionsOf, secretsOf } from './want.js'

/** What to warn of before the change is made: keys that the next engine refuses or ignores, certificates that end, another project's keys. */
export function engineWarnings(want: EngineWant, seen: EngineSeen): string[] {
  const { project, daemon } = seen.memory
  const isOthers = project !== '' && want.project !== undefined && project !== want.project && daemon.length > 0
  return [
    ...decide(want, seen).warnings.map(({ text }) => text),
    ...exceptionsOf(want, seen),
    ...(want.issuing === undefined ? [] : certificateWarnings(want.issuing, seen)),
    ...(isOthers
      ? [`the project ${project} configures this engine, too: of ${daemon.join(', ')} only what is said here stays`]
      : []),
  ]
}

/** An engine's configuration. What this engine would refuse, and what would hide its data, is an error of the plan. */
export const engineConfig = resource<EngineWant, EngineSeen>({
  kind: 'engine_config',
  schema: engineSchema,
  engineTemplates: true,
  rolledBackCode,
  summary:
    'Configures the engine (daemon.json, sockets, TLS, proxy) in one change that is checked, and undone when the engine does not come up.',
  example: `- package: { name: [docker.io] }
- service: { name: docker, state: started, daemon: { argv: [/usr/sbin/dockerd], pidfile: /run/docker-ssd.pid, log: /var/log/docker.log, ready: docker version } }
- engine_config:
    daemon: { live-restore: true, log-driver: local, log-opts: { max-size: 10m } }
    listen: [unix, "tcp://127.0.0.1:2375"]
`,
  name: () => 'engine configuration',
  async load(want, context) {
    return want.issued === undefined ? want : { ...want, issuing: await issuingOf(want.issued, context) }
  },
  probe: () => engineProbe,
  read: out => readEngine(out),
  diff: (want, seen) => engineChanges(want, seen, decide(want, seen)),
  verb: () => 'configure',
  apply(want, seen) {
    const recovery = seen.pending === 'none' ? [] : [recoverScript]
    const decision = decide(want, seen)
    if (decision.targets.length === 0 && decision.needs === 'nothing') return recovery
    if (seen.dockerd === undefined)
      throw new UserError('there is no engine on this host that could be configured', {
        hint: 'Install one in a task before, or leave it to `engine: { source: distro }`.',
      })
    return [...recovery, changeScript(want, seen, decision)]
  },
  touches: () => ['file:/etc/docker/daemon.json', 'service:docker'],
  warnings: engineWarnings,
  async veto(want, seen) {
    if (want.issuing && want.issued) await refuseIssuing(want.issuing, seen, want.issued.host)
  },
  stops: (want, seen) => stoppedContainers(decide(want, seen), seen),
  secrets: want => secretsOf(want),
  result: (want, seen) => ({ warnings: engineWarnings(want, seen) }),
})
