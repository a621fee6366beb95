// What is to be said of a host besides its engine: rights, clock, room, limits, and what interrupted runs have left behind.
import { lockText } from '../../core/run/lock.js'
import { type Finding, first, infoOf, type Look, ok, problem, warning } from './finding.js'

const gib = 1024 ** 3

const sizeText = (bytes: number): string =>
  bytes >= gib ? `${(bytes / gib).toFixed(1)} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`

function rights({ facts, host }: Look): Finding {
  if (facts.uid === 0)
    return ok('root', facts.user === 'root' && host.user !== 'root' ? 'by becoming root' : 'logged in as root')
  return problem(
    'root',
    `${facts.user} cannot become root, so the host cannot be changed and its engine cannot be looked into`,
    `give hosts.${host.name}.become, or let ${facts.user} use sudo`,
  )
}

/** Seconds that a clock may be off before it matters. */
const seconds = { warning: 5, problem: 120 }

function clock(look: Look): Finding[] {
  const there = Number(first(look, 'now')) * 1000
  if (!(there > 0)) return []
  // The host tells whole seconds, at some moment while we waited.
  const off = there > look.asked.until ? there - look.asked.until : Math.max(0, look.asked.from - there - 1000)
  const ahead = there > look.asked.until ? 'ahead of' : 'behind'
  const text = `${Math.round(off / 1000)} s ${ahead} this machine’s`
  const hint = 'let it be set over the network (systemd-timesyncd, chrony): certificates and logs depend on it'
  if (off > seconds.problem * 1000) return [problem('clock', text, hint)]
  return [off > seconds.warning * 1000 ? warning('clock', text, hint) : ok('clock', 'as this machine’s')]
}

/** Room where the engine keeps its data; where that would be, if there is none. */
function disk(look: Look): Finding[] {
  const { DockerRootDir: told } = infoOf(look)
  const folder = typeof told === 'string' && told !== '' ? told : '/var/lib/docker'
  const mount = look.facts.mounts
    .filter(({ path, size }) => size > 0 && (path === '/' || folder === path || folder.startsWith(`${path}/`)))
    .sort((one, other) => other.path.length - one.path.length)[0]
  if (mount === undefined) return []
  const text = `${sizeText(mount.available)} of ${sizeText(mount.size)} free at ${folder}`
  const hint = 'remove images and volumes that nobody needs (docker system df), or give data-root more room'
  if (mount.available < gib) return [problem('disk', text, hint)]
  return [mount.available < Math.min(10 * gib, mount.size / 10) ? warning('disk', text, hint) : ok('disk', text)]
}

/** From this share of the limit on, a few more programs reach it. */
const nearly = 0.75

function watchers(look: Look): Finding[] {
  const [used, limit] = first(look, 'inotify').split(' ').map(Number)
  if (used === undefined || limit === undefined || !(limit > 0)) return []
  const text = `${used} of ${limit} inotify instances in use`
  const hint =
    'raise fs.inotify.max_user_instances (kind `sysctl`): systemd in containers and file watchers fail without'
  return [used >= limit * nearly ? warning('limits', text, hint) : ok('limits', text)]
}

function leftBehind({ state, engine, rules }: Look): Finding[] {
  const pending = typeof engine === 'string' ? 'none' : engine.pending
  const found = [
    ...(state.lock === undefined
      ? []
      : [warning('lock', lockText(state.lock), 'if nobody works on it: longshore lock --release')]),
    ...(state.pending.length === 0
      ? []
      : [
          warning(
            'handlers',
            `${state.pending.length} due since a run that was cut off`,
            '`longshore up` does what is due',
          ),
        ]),
    ...(pending === 'cut'
      ? [
          problem(
            'engine change',
            'a change of the engine’s configuration was cut off half way',
            '`longshore up` puts back what was there before',
          ),
        ]
      : []),
    ...(pending === 'leftover'
      ? [warning('engine change', 'one was cut off before it touched anything', '`longshore up` clears it away')]
      : []),
    ...(rules === 'no'
      ? [problem('port rules', 'rules for published ports are not in force', '`longshore up` brings them back')]
      : rules === 'yes'
        ? [ok('port rules', 'in force')]
        : []),
  ]
  return found.some(({ about }) => about !== 'port rules') ? found : [ok('left behind', 'nothing'), ...found]
}

/** All that is to be said of a host that was reached. */
export const hostFindings = (look: Look): Finding[] => [
  rights(look),
  ...clock(look),
  ...disk(look),
  ...watchers(look),
  ...leftBehind(look),
]
