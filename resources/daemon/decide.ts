// Decides what an engine's files become and what it takes to bring them into force. Pure: same host and same wish, same decision.

import { UserError, usageError } from '../../core/errors.js'
import { reveal } from '../../core/secret.js'
import { sumOf } from '../_sum.js'
import { reissue } from './certificate.js'
import { checkDaemon, type DaemonMap, foreignFaults, type Remark } from './check.js'
import { type Expectation, expectations, notInForce } from './expect.js'
import { flagConflicts } from './flags.js'
import { releaseOf } from './keys.js'
import { execStartOf, splitHosts, unitWords, withListeners } from './listen.js'
import { daemonText, type KeyChange, type Merged, mergeDaemon, needsOf, parseDaemon } from './merge.js'
import { losesData, withoutMove } from './moves.js'
import { daemonFile, dropIn, memoryFile, proxyFile } from './probe.js'
import { type EngineSeen, infoOf, isInSwarm } from './seen.js'
import { type EngineWant, proxyByEnvironment, proxyEnvironment, tlsFiles, wantedKeys } from './want.js'

/** One file that is to have other content, another mode, or is to go. */
export interface Target {
  name: keyof EngineSeen['files']
  path: string
  /** Undefined: it goes. */
  content: string | undefined
  /** Its content is made when the change is made. */
  issued?: true
  /** Four octal digits; empty keeps what the file has. */
  mode: string
}

/** All that a change does. */
export interface Decision {
  targets: Target[]
  needs: 'nothing' | 'reload' | 'restart'
  keys: KeyChange[]
  /** The file's map before and after, and the keys in them that must not be shown. */
  before: DaemonMap
  next: DaemonMap
  secretKeys: ReadonlySet<string>
  expected: Expectation[]
  /** Keys whose text is on the host, but that the engine that runs does not go by. */
  idle: string[]
  /** The sockets of the engine that runs are not those of its command line. */
  otherSockets: boolean
  /** Why a new certificate is issued. */
  certificate: string | undefined
  warnings: Remark[]
}

function refuse(remarks: readonly Remark[]): void {
  const [first, ...others] = remarks
  if (first === undefined) return
  throw usageError([first, ...others].map(({ text }) => text).join('\n'), {
    path: ['daemon', ...first.path],
    hint: 'Nothing was changed. Take it out, or bring another version of the engine.',
  })
}

function currentMap(want: EngineWant, text: string): DaemonMap {
  const map = parseDaemon(text)
  if (map !== undefined) return map
  if (want.daemon_file === 'own') return {}
  throw new UserError(`${daemonFile} on the host is no JSON map`, {
    hint: 'Repair it there, or say `daemon_file: own` to replace it.',
  })
}

/** Our drop-in: other sockets, the proxy's environment, or neither (then it is not there). Undefined where no unit is known yet. */
export function dropInText(want: EngineWant, seen: EngineSeen): string | undefined {
  const base = execStartOf(seen.unit, dropIn)
  const command = base === undefined || want.listen === undefined ? undefined : withListeners(base, want.listen)
  const environment = proxyByEnvironment(releaseOf(seen.version)) && want.proxy !== undefined
  if (command === undefined && !environment) return undefined
  return [
    '# Written by Longshore: engine_config. The addresses are those of listen, all else is as the unit has it.',
    '[Service]',
    ...(environment ? [`EnvironmentFile=${proxyFile}`] : []),
    ...(command === undefined ? [] : ['ExecStart=', `ExecStart=${command}`]),
    '',
  ].join('\n')
}

/** The certificates' files. Where somebody else has put files at their places, and nothing is wanted of us, they stay. */
function certificateFiles(want: EngineWant, seen: EngineSeen, why: string | undefined): Target[] {
  const place = (name: 'ca' | 'cert' | 'key', content: string | undefined, issued?: true): Target => ({
    name,
    path: tlsFiles[name],
    content,
    mode: name === 'key' ? '0400' : '0444',
    ...(issued ? { issued } : {}),
  })
  const { tls, issuing } = want
  if (tls !== undefined) return [place('ca', tls.ca), place('cert', tls.cert), place('key', reveal(tls.key))]
  if (issuing !== undefined) {
    const ca = why === undefined ? place('ca', issuing.known.authority) : place('ca', '', true)
    return why === undefined ? [ca] : [ca, place('cert', '', true), place('key', '', true)]
  }
  const isOurs = seen.memory.daemon.includes('tlscert')
  return isOurs ? [place('ca', undefined), place('cert', undefined), place('key', undefined)] : []
}

/** Every file as it should be. */
function wholeFiles(
  want: EngineWant,
  seen: EngineSeen,
  { next, changes }: Merged,
  ours: DaemonMap,
  secret: ReadonlySet<string>,
  why: string | undefined,
): Target[] {
  const before = seen.files.daemon
  const same = changes.length === 0 && parseDaemon(before.text) !== undefined
  // a file that has become empty by what we took out of it goes
  const isNeeded = Object.keys(next).length > 0 || (before.sum !== '' && same)
  const holdsSecret = Object.keys(next).some(key => secret.has(key))
  const names = Object.keys(ours).sort()
  const memory = {
    ...(want.project === undefined ? {} : { project: want.project }),
    daemon: names,
    secret: names.filter(name => secret.has(name)),
  }
  const proxy = proxyByEnvironment(releaseOf(seen.version)) ? proxyEnvironment(want) : undefined
  return [
    {
      name: 'daemon',
      path: daemonFile,
      content: isNeeded ? (same ? before.text : daemonText(next, before.text)) : undefined,
      mode: holdsSecret ? '0600' : before.sum === '' ? '0644' : '',
    },
    {
      name: 'dropin',
      path: dropIn,
      content: seen.init === 'systemd' ? dropInText(want, seen) : undefined,
      mode: '0644',
    },
    { name: 'proxy', path: proxyFile, content: proxy, mode: '0600' },
    ...certificateFiles(want, seen, why),
    {
      name: 'memory',
      path: memoryFile,
      content: names.length > 0 ? `${JSON.stringify(memory)}\n` : undefined,
      mode: '0600',
    },
  ]
}

function differs({ name, content, mode, issued }: Target, seen: EngineSeen): boolean {
  if (issued) return true
  const there = seen.files[name]
  if (content === undefined || there.sum === '') return (content === undefined) !== (there.sum === '')
  return there.sum !== sumOf(content) || (mode !== '' && mode !== there.mode)
}

/** Files whose content the engine reads at its start alone. */
const startFiles = new Set<Target['name']>(['dropin', 'proxy', 'ca', 'cert', 'key'])

/** Whether the engine that runs lacks an address of its command line: it was not restarted since. */
function lacksSockets(want: EngineWant, seen: EngineSeen): boolean {
  if (want.listen === undefined || seen.init !== 'systemd' || seen.argv.length === 0) return false
  const planned = splitHosts(unitWords(execStartOf(seen.unit, '') ?? '')).hosts
  const { hosts } = splitHosts(seen.argv)
  return planned.some(address => !hosts.includes(address))
}

function checkHost(want: EngineWant, seen: EngineSeen, ours: DaemonMap): void {
  if (seen.dockerd === undefined) return
  const base = execStartOf(seen.unit, dropIn)
  if (seen.init === 'systemd' && base === undefined)
    throw new UserError('systemd runs on this host, and there is no docker.service', {
      hint: 'Install the engine as a package, or write its unit, before it is configured.',
    })
  const elsewhere = unitWords(base ?? '').find(word => word.startsWith('--config-file'))
  if (elsewhere !== undefined)
    throw new UserError(`the engine of this host is started with ${elsewhere}`, {
      hint: `Longshore keeps ${daemonFile}: take that flag out of the unit first.`,
    })
  const [key] = flagConflicts(base ?? '', seen.argv, Object.keys(ours))
  const byHand = seen.init === 'none' && 'hosts' in ours && splitHosts(seen.argv).hosts.length > 0
  if (key !== undefined || byHand)
    throw usageError(
      `\`${key ?? 'listen'}\`: the engine of this host is started with it as a flag, and refuses to start when its file names it too`,
      {
        hint: `Take the flag out of ${seen.init === 'systemd' ? 'the unit, its drop-ins or /etc/default/docker' : 'the command that starts the engine'} first.`,
      },
    )
  if (want.proxy !== undefined && seen.init === 'none' && proxyByEnvironment(releaseOf(seen.version)))
    throw usageError(
      `engine ${seen.version} takes a proxy from its environment alone, and without systemd nothing keeps that over a start`,
      {
        hint: 'Bring engine 23.0 or later, or put the proxy into what starts the engine.',
      },
    )
}

/** A log driver that is neither the engine's own nor a plugin of it: the engine would start, and no new container. */
function unknownLogDriver(ours: DaemonMap, seen: EngineSeen): Remark[] {
  const driver = ours['log-driver']
  const own = (infoOf(seen, 'Plugins') as { Log?: unknown } | undefined)?.Log
  if (typeof driver !== 'string' || !Array.isArray(own) || own.includes(driver) || driver === 'none') return []
  if (seen.plugins.includes(driver) || seen.plugins.includes(`${driver}:latest`)) return []
  const text = `\`log-driver\`: this engine has no log driver ${driver}, and would start no new container; it has ${own.join(', ')}`
  return [{ key: 'log-driver', path: ['log-driver'], text }]
}

/** The decision. Throws a UserError for what this engine would refuse, and for what would lose data. */
export function decide(want: EngineWant, seen: EngineSeen): Decision {
  const { map, secretKeys } = wantedKeys(want, seen)
  const before = currentMap(want, seen.files.daemon.text)
  const ours = want.data_root_move === 'copy' ? withoutMove(map, before, seen) : map
  const { hosts: _, ...judged } = ours
  const verdict = checkDaemon(judged, seen.version, { swarm: isInSwarm(seen) })
  refuse([...verdict.refusals, ...unknownLogDriver(ours, seen)])
  checkHost(want, seen, ours)
  const merged = mergeDaemon(before, seen.memory.daemon, ours, want.daemon_file)
  refuse(losesData(merged.changes, seen))
  const secret = new Set([...secretKeys, ...seen.memory.secret])
  const why = want.issuing === undefined ? undefined : reissue(want.issuing, seen)
  const targets = wholeFiles(want, seen, merged, ours, secretKeys, why).filter(target => differs(target, seen))
  const expected = expectations(merged.next, secretKeys)
  const changed = new Set(merged.changes.map(({ key }) => key))
  const idle = notInForce(seen.info, expected).filter(key => !changed.has(key))
  const otherSockets = lacksSockets(want, seen)
  const restart =
    merged.restart ||
    otherSockets ||
    targets.some(
      ({ name, content }) => startFiles.has(name) && (content === undefined || sumOf(content) !== seen.files[name].sum),
    ) ||
    idle.some(key => needsOf(key, undefined, merged.next[key]) === 'restart')
  const reload = merged.changes.length > 0 || idle.length > 0
  const foreign = Object.keys(merged.next).filter(key => !(key in ours))
  if (restart || reload) refuse(foreign.flatMap(key => foreignFaults(key, seen.version)))
  return {
    targets,
    needs: restart ? 'restart' : reload ? 'reload' : 'nothing',
    keys: merged.changes,
    before,
    next: merged.next,
    secretKeys: secret,
    expected,
    idle,
    otherSockets,
    certificate: why,
    warnings: verdict.warnings,
  }
}
