// What is to be said of a host's engine: whether it is there and runs, its configuration, its storage and its cgroups.
import type { Host } from '../../core/project.js'
import { checkDaemon, type DaemonMap } from '../../resources/daemon/check.js'
import { flagConflicts } from '../../resources/daemon/flags.js'
import { forbiddenKeys } from '../../resources/daemon/keys-table.js'
import { execStartOf, splitHosts, unitWords } from '../../resources/daemon/listen.js'
import { parseDaemon } from '../../resources/daemon/merge.js'
import { isInSwarm } from '../../resources/daemon/seen.js'
import { type Finding, infoOf, type Look, ok, problem, warning } from './finding.js'

const daemonPath = '/etc/docker/daemon.json'

/** True where the engine is docker's daemon, whose files and storage we know. */
export const isDaemon = ({ engine: { provider } }: Host): boolean => provider === 'docker' || provider === 'swarm'

function presence({ detection, host, engine }: Look): Finding {
  const { source } = host.engine
  if (detection.state === 'not-installed')
    return source === 'none'
      ? problem('engine', 'is not installed, and `engine.source` says none', 'install it, or say another source')
      : warning(
          'engine',
          'is not installed',
          host.engine.at === undefined
            ? '`longshore up` installs it from the distribution as soon as a container is to run here'
            : `\`longshore up\` installs it (source ${source ?? 'distro'})`,
        )
  const version = isDaemon(host) && typeof engine !== 'string' ? engine.version : detection.version
  const name = [
    isDaemon(host) ? 'docker' : host.engine.provider,
    version,
    detection.origin === undefined ? undefined : `(${detection.origin})`,
  ]
    .filter(Boolean)
    .join(' ')
  const unit = isDaemon(host) ? 'docker' : host.engine.provider
  if (detection.state === 'not-running' && detection.hint !== undefined)
    return problem('engine', detection.text, detection.hint)
  if (detection.state === 'not-running')
    return problem(
      'engine',
      `${name} is installed and does not run`,
      source === 'none'
        ? `systemctl status ${unit}`
        : `\`longshore up\` starts it; journalctl -u ${unit} tells why it ended`,
    )
  const wanted = source !== undefined && source !== 'none' && detection.origin !== undefined ? source : undefined
  if (wanted !== undefined && wanted !== detection.origin)
    return problem(
      'engine',
      `${name} is not from ${wanted}, which \`engine.source\` says`,
      'leave `source` out to keep it, or say `replace: true`',
    )
  if (detection.state === 'denied')
    return problem(
      'engine',
      detection.text,
      `give hosts.${host.name}.become${detection.hint === undefined ? '' : `, or ${detection.hint}`}`,
    )
  return ok('engine', name)
}

/** The configuration file, as this engine would read it. */
function configuration(look: Look): Finding[] {
  const { engine } = look
  if (typeof engine === 'string') return []
  const { text, sum } = engine.files.daemon
  const about = 'daemon.json'
  if (sum === '') return [ok(about, 'none: the engine’s defaults hold')]
  const map = parseDaemon(text)
  if (map === undefined)
    return [
      problem(about, 'is no valid JSON: the engine would not start with it again', `mend ${daemonPath} on the host`),
    ]
  const found = [...keyFindings(map, look), ...startFindings(map, look)]
  return found.length === 0 ? [ok(about, `${Object.keys(map).length} keys, which this engine takes`)] : found
}

function keyFindings(map: DaemonMap, { engine }: Look): Finding[] {
  if (typeof engine === 'string') return []
  const keys = Object.fromEntries(Object.entries(map).filter(([key]) => forbiddenKeys[key] === undefined))
  const { refusals, warnings } = checkDaemon(keys, engine.version, { swarm: isInSwarm(engine) })
  const ours = new Set(engine.memory.daemon)
  const hint = (key: string): string =>
    ours.has(key)
      ? `change engine.daemon.${key} in the file`
      : `somebody else wrote it into ${daemonPath}: take it out there`
  return [
    ...refusals.map(({ key, text }) => problem('daemon.json', text, hint(key))),
    ...warnings.map(({ key, text }) => warning('daemon.json', text, hint(key))),
  ]
}

/** Keys that the command line of the engine has too. */
function startFindings(map: DaemonMap, { engine }: Look): Finding[] {
  if (typeof engine === 'string') return []
  const command = execStartOf(engine.unit, '') ?? ''
  const flagged = [...splitHosts(unitWords(command)).hosts, ...splitHosts(engine.argv).hosts]
  const fault = (key: string, flag: string): Finding =>
    problem(
      'daemon.json',
      `names \`${key}\`, and the engine is started with ${flag}: it would not start again`,
      `take \`${key}\` out of ${daemonPath}${key === 'hosts' ? '; `engine.listen` says where it listens' : ''}`,
    )
  return [
    ...('hosts' in map && flagged.length > 0 ? [fault('hosts', `-H ${flagged[0]}`)] : []),
    ...flagConflicts(
      command,
      engine.argv,
      Object.keys(map).filter(key => key !== 'hosts'),
    ).map(key => fault(key, `--${key}`)),
  ]
}

/** Storage drivers that cost dearly, or that later engines do not have. */
const oddDrivers: Readonly<Record<string, string>> = {
  vfs: 'copies every layer whole: slow, and many times the room',
  devicemapper: 'is gone from newer engines',
  aufs: 'is gone from newer engines',
  overlay: 'is gone from newer engines; overlay2 is its successor',
}

function storage(look: Look): Finding[] {
  const { Driver: driver } = infoOf(look)
  if (typeof driver !== 'string' || driver === '') return []
  const why = oddDrivers[driver]
  if (why === undefined) return [ok('storage', driver)]
  const hint = 'overlay2 where the file system carries it; images and containers of another driver are not seen by it'
  return [warning('storage', `${driver} ${why}`, hint)]
}

function cgroups(look: Look): Finding[] {
  const { CgroupDriver: driver, CgroupVersion: version } = infoOf(look)
  if (typeof driver !== 'string' || driver === '') return []
  const text = `version ${String(version ?? '1')}, ${driver}`
  if (driver === 'none') return [warning('cgroup', `${text}: limits of containers have no effect`)]
  if (look.facts.init === 'systemd' && driver === 'cgroupfs' && String(version) === '2')
    return [
      warning(
        'cgroup',
        `${text}: systemd and the engine both manage one tree`,
        'daemon: { exec-opts: ["native.cgroupdriver=systemd"] }',
      ),
    ]
  return [ok('cgroup', text)]
}

/** All that is to be said of the engine itself. */
export function engineFindings(look: Look): Finding[] {
  const { engine, detection, host } = look
  if (detection.state === 'not-installed' || !isDaemon(host)) return [presence(look)]
  const unread = typeof engine === 'string' && look.facts.uid === 0 ? [warning('engine', engine)] : []
  return [presence(look), ...unread, ...configuration(look), ...storage(look), ...cgroups(look)]
}
