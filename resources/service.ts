// The `service` kind: a service that runs or not, and starts at boot or not, with systemd or without.
import { UserError } from '../core/errors.js'
import { resource } from '../core/resource.js'
import { z } from '../core/schema.js'
import { sh } from '../core/sh.js'
import type { Change } from '../core/step.js'
import { hostPath, shellText } from './_attributes.js'
import { daemonState, probeDaemon, scriptEnabled } from './_daemon.js'
import { isSystemd, probeUnit, unitEnabled, unitState } from './_systemd.js'

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w@][\w.@:-]*$/, 'must be the name of a unit or an init script')
      .describe('Name, such as docker'),
    state: z
      .enum(['started', 'stopped', 'restarted', 'reloaded'])
      .optional()
      .describe('started or stopped; restarted and reloaded act each time and are meant for handlers'),
    enabled: z.boolean().optional().describe('Whether it starts at boot'),
    daemon: z
      .strictObject({
        argv: z.array(shellText).min(1).describe('The program and its arguments; it must stay in the foreground'),
        ready: shellText.optional().describe('Shell text that succeeds when the service answers'),
        pidfile: hostPath.optional().describe('Left out: /run/longshore/NAME.pid'),
        log: hostPath.optional().describe('Left out: /var/log/NAME.log'),
      })
      .optional()
      .describe('How to run it where no systemd runs and it has no init script that works'),
  })
  .refine(want => want.state !== undefined || want.enabled !== undefined, 'give a state, or say whether it is enabled')

type Want = z.infer<typeof schema>

interface Seen {
  manager: 'systemd' | 'script' | 'none'
  /** Whether there is anything that could be started by this name. */
  isThere: boolean
  running: boolean
  /** As the host calls it (`stopped`, `failed`, `no such unit`). */
  state: string
  /** Undefined where the host knows no such thing, or where the unit leaves no choice. */
  enabled: boolean | undefined
  /** As systemd calls it (`masked`). */
  enabledAs: string
}

const managers: Record<string, Seen['manager']> = { systemd: 'systemd', script: 'script', none: 'none' }
const enabledWords: Record<string, boolean> = {
  yes: true,
  enabled: true,
  'enabled-runtime': false,
  no: false,
  disabled: false,
  masked: false,
  'masked-runtime': false,
  linked: false,
  'linked-runtime': false,
}

function readUnit(told: Map<string, string>): Pick<Seen, 'isThere' | 'running' | 'state'> {
  const active = told.get('ActiveState') ?? ''
  if (active === '') throw new UserError('systemd did not say how the unit is')
  const isThere = told.get('LoadState') !== 'not-found'
  const running = active === 'active' || active === 'reloading'
  const state = active === 'activating' ? (told.get('SubState') ?? active) : active === 'inactive' ? 'stopped' : active
  return { isThere, running, state: isThere ? (running ? 'running' : state) : 'no such unit' }
}

function stateChange(want: Want, seen: Seen): Change[] {
  if (want.state === undefined) return []
  if (want.state === 'restarted' || want.state === 'reloaded')
    return [{ what: 'state', from: seen.state, to: want.state }]
  const isWanted = want.state === 'started'
  return isWanted === seen.running ? [] : [{ what: 'state', from: seen.state, to: isWanted ? 'running' : 'stopped' }]
}

function enabledChange(want: Want, seen: Seen): Change[] {
  if (want.enabled === undefined) return []
  const to = want.enabled ? 'yes' : 'no'
  if (!seen.isThere && seen.manager === 'systemd')
    return want.enabled ? [{ what: 'enabled', from: 'no such unit', to }] : []
  return seen.enabled === undefined || seen.enabled === want.enabled
    ? []
    : [{ what: 'enabled', from: seen.enabledAs, to }]
}

const verbs = { started: 'start', stopped: 'stop', restarted: 'restart', reloaded: 'reload' } as const

/** A service. Where no systemd runs, `daemon.ready` tells whether it runs; where systemd does, its unit's state does. */
export const service = resource<Want, Seen>({
  kind: 'service',
  schema,
  summary: 'A service that runs or does not, now and at boot; a handler restarts or reloads it.',
  example: `- name: the log service runs
  service: { name: systemd-journald, state: started }`,
  name: want => `service ${want.name}`,
  probe: want => sh`if ${isSystemd}; then
${probeUnit(want.name)}
else ${probeDaemon(want.name, want.daemon)}
fi`,
  read(out, want) {
    const told = new Map(out.split('\n').map(line => [line.replace(/=.*/, ''), line.replace(/^[^=]*=?/, '')]))
    const manager = managers[told.get('manager') ?? '']
    if (manager === undefined)
      throw new UserError('the host did not say what looks after its services', { output: out })
    const enabledAs = told.get('enabled') ?? ''
    const common = { manager, enabledAs, enabled: enabledWords[enabledAs] }
    if (manager === 'systemd') return { ...common, ...readUnit(told) }
    const running = told.get('running') === 'yes'
    const isThere = manager === 'script' || want.daemon !== undefined
    return { ...common, isThere, running, state: running ? 'running' : isThere ? 'stopped' : 'no such service' }
  },
  diff: (want, seen) => [...enabledChange(want, seen), ...stateChange(want, seen)],
  acts: ({ state }) => (state === 'restarted' || state === 'reloaded' ? verbs[state] : undefined),
  verb(want, seen) {
    const isAboutBoot = want.state === undefined || enabledChange(want, seen).length > 0
    if (isAboutBoot && stateChange(want, seen).length === 0) return want.enabled ? 'enable' : 'disable'
    return verbs[want.state ?? 'started']
  },
  apply(want, seen) {
    const { name, state, enabled, daemon } = want
    const setEnabled =
      enabled === undefined || enabledChange(want, seen).length === 0
        ? sh``
        : seen.manager === 'systemd'
          ? unitEnabled(name, enabled)
          : scriptEnabled(name, enabled)
    const setState =
      state === undefined || stateChange(want, seen).length === 0
        ? sh``
        : seen.manager === 'systemd'
          ? unitState(name, state)
          : daemonState(name, daemon, state)
    const waiting =
      daemon?.ready !== undefined && seen.manager === 'systemd' && state !== undefined && state !== 'stopped'
        ? sh`left=30
until sh -c ${daemon.ready} </dev/null >/dev/null 2>&1; do
  left=$((left - 1)); if [ "$left" = 0 ]; then echo ${`${name} does not answer`} >&2; show_log; exit 1; fi
  sleep 1
done`
        : sh``
    if (setEnabled.sh === '' && setState.sh === '') return []
    return [
      sh`(${setEnabled}
${setState}
${setState.sh === '' ? sh`` : waiting}
)`,
    ]
  },
  mayReturn: (want, seen) => !seen.isThere && (want.state === 'stopped' || want.enabled === false),
  touches: want => [`service:${want.name}`],
})
