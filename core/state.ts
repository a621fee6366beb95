// What we keep on a host, under /var/lib/longshore: the key, the lock of a project, marks for what is due. Shell text only.
import { createHash } from 'node:crypto'
import { cleanLine } from './events.js'
import { type Sh, sh } from './sh.js'

/**
 * The folder: root's where the script runs as root, else the user's own (a login in the docker group without sudo).
 * Kept in shell, because only the host knows who runs the script.
 */
const folder = 'd=/var/lib/longshore; [ "$(id -u)" = 0 ] || d=${XDG_STATE_HOME:-$HOME/.local/state}/longshore'

/** Sets `d` to the folder, in a script. */
export const stateFolder: Sh = { sh: folder }

/** What a host remembers of a project. */
export interface HostState {
  /** The key that secrets are fingerprinted with; undefined before the first `up`. */
  key?: Uint8Array
  /** Who holds the lock, if anybody. */
  lock?: Lock
  /** Changes with every run that changed something. */
  serial: string
  /** Keys of handlers that an interrupted run left due. */
  pending: string[]
  /** Files of this machine that containers of the project mount. */
  shipped?: HeldFiles
  /** Numbers of the entries of its history, in no order; left out where there are none. */
  history?: number[]
  /** True where rules for published ports of the project are kept. */
  portRules?: boolean
  /** Kinds that have changed its engine and remember what they wrote; `engine_config` only where it was for this project. */
  engineKinds?: string[]
}

/** The script that makes the rules for a project's published ports: root's, whoever works on the host otherwise. */
export const portRulesFile = (project: string): string => `/var/lib/longshore/${project}/ports.sh`

/** Where a host remembers whose keys its engine's configuration holds: root's alone. */
export const engineMemoryFile = '/var/lib/longshore/engine/config.json'

/** Where it remembers certificates and logins of registries. */
export const registryMemoryFile = '/var/lib/longshore/engine/registries'

/** Where the audit rules of its engine are. */
export const auditRulesFile = '/etc/audit/rules.d/longshore-docker.rules'

/** Their first line. */
export const auditHeader = (project: string): string =>
  `# Written by Longshore (engine_audit) for the project ${project}`

/** Files of this machine that a host holds for containers of a project. */
export interface HeldFiles {
  /** Names of the whole ones: hashes of what is in them. */
  held: string[]
  /** Copies that one container mounts and that change under it, as FOLDER/NAME: the hash of what it was last told of. */
  live: Record<string, string>
  /** Those of the whole ones that entries of the history may need. */
  kept?: string[]
}

/** Who holds a project's lock on a host. */
export interface Lock {
  owner: string
  reason: string
  /** Seconds since the epoch, by the host's clock. */
  since: number
  /** Seconds ago. */
  age: number
}

/** Reads the state; prints nothing that does not exist. */
export const stateProbe = (project: string): Sh => sh`${{ sh: folder }}
p=$d/${project}
if [ -r "$d/key" ]; then printf 'key=%s\n' "$(cat "$d/key")"; fi
if [ -r "$p/serial" ]; then printf 'serial=%s\n' "$(cat "$p/serial")"; fi
if [ -d "$p/lock" ]; then
  printf 'owner=%s\nreason=%s\n' "$(cat "$p/lock/owner" 2>/dev/null)" "$(cat "$p/lock/reason" 2>/dev/null)"
  printf 'since=%s\nnow=%s\n' "$(cat "$p/lock/since" 2>/dev/null)" "$(date +%s)"
fi
if [ -f ${portRulesFile(project)} ]; then echo ports=yes; fi
if [ -f ${engineMemoryFile} ] && grep -qF ${`"project":${JSON.stringify(project)}`} ${engineMemoryFile}; then echo engine=engine_config; fi
if [ -f ${registryMemoryFile} ] && grep -q ${` ${project}$`} ${registryMemoryFile}; then echo engine=engine_registries; fi
if [ -f ${auditRulesFile} ] && grep -qxF ${auditHeader(project)} ${auditRulesFile}; then echo engine=engine_audit; fi
for m in "$p"/files/[0-9a-f]*/; do if [ -d "$m" ]; then m=\${m%/}; printf 'shipped=%s\n' "\${m##*/}"; fi; done
for m in "$p"/files/live/*/*.is; do
  if [ -f "$m" ] && read -r hash <"$m"; then m=\${m%.is}; printf 'live=%s %s\n' "$hash" "\${m#"$p"/files/live/}"; fi
done
for m in "$p"/pending/*; do if [ -f "$m" ]; then printf 'pending=%s\n' "\${m##*/}"; fi; done
for m in "$p"/history/*.files; do if [ -f "$m" ]; then sed 's/^/keeps=/' "$m"; fi; done
for m in "$p"/history/*.json; do if [ -f "$m" ]; then m=\${m%.json}; printf 'history=%s\n' "\${m##*/}"; fi; done
:`

/** Reads what `stateProbe` (or `acquireLock`) printed. */
export function readState(out: string): HostState {
  const state: HostState = { serial: '', pending: [] }
  const told: Record<string, string> = {}
  const held: string[] = []
  const kept = new Set<string>()
  const live: Record<string, string> = {}
  for (const line of out.split('\n')) {
    const at = line.indexOf('=')
    if (at <= 0) continue
    const [name, value] = [line.slice(0, at), cleanLine(line.slice(at + 1))]
    if (name === 'pending') state.pending.push(value)
    else if (name === 'history') state.history = [...(state.history ?? []), Number(value) || 0]
    else if (name === 'shipped') held.push(value)
    else if (name === 'keeps') kept.add(value)
    else if (name === 'live') live[value.slice(value.indexOf(' ') + 1)] = value.slice(0, value.indexOf(' '))
    else if (name === 'engine') state.engineKinds = [...(state.engineKinds ?? []), value]
    else told[name] = value
  }
  if (/^[0-9a-f]{64}$/.test(told.key ?? '')) state.key = Buffer.from(told.key ?? '', 'hex')
  state.serial = told.serial ?? ''
  if (held.length > 0 || Object.keys(live).length > 0 || kept.size > 0)
    state.shipped = { held, live, ...(kept.size === 0 ? {} : { kept: [...kept] }) }
  if (told.ports === 'yes') state.portRules = true
  if (told.owner !== undefined) {
    const since = Number(told.since) || 0
    const age = Math.max(0, (Number(told.now) || since) - since)
    state.lock = { owner: told.owner, reason: told.reason ?? '', since, age }
  }
  return state
}

/**
 * Takes the lock, or fails with exit code 75 and tells who holds it. Makes the folder and the key where they are missing; a folder that
 * others may write to is refused, because who can plant a key there can tell what our labels hide.
 * An interrupt waits until it is done: a lock without an owner would be nobody's to give back. On a full disk there is none.
 * `stale` is the owner text of a run of this very machine that is known to be gone: its lock is taken over.
 */
export const acquireLock = (project: string, owner: string, reason: string, stale: string): Sh => sh`${{ sh: folder }}
p=$d/${project}
trap '' HUP INT TERM
umask 022; mkdir -p "$d" && mkdir -p "$p/pending" || exit 1
for f in "$d" "$p" "$p/pending"; do
  case $(ls -ld "$f/.") in ?????w*|????????w*) theirs=yes;; *) theirs=; [ -O "$f/." ] || theirs=yes;; esac
  if [ -n "$theirs" ]; then echo "others than $(id -un) may write to $f: make it its own, and mode 755" >&2; exit 1; fi
done
if [ ! -s "$d/key" ]; then
  ( umask 077; head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$d/key.$$" && ln "$d/key.$$" "$d/key" 2>/dev/null; rm -f "$d/key.$$" )
fi
if [ -n ${stale} ] && [ "$(cat "$p/lock/owner" 2>/dev/null)" = ${stale} ]; then rm -rf "$p/lock"; fi
if ! said=$(mkdir "$p/lock" 2>&1); then
  if [ ! -d "$p/lock" ]; then printf '%s\n' "$said" >&2; exit 1; fi
  ${stateProbe(project)}
  exit 75
fi
if ! { [ -s "$d/key" ] && printf '%s\n' ${owner} >"$p/lock/owner" && printf '%s\n' ${reason} >"$p/lock/reason" && date +%s >"$p/lock/since"; }; then
  rm -rf "$p/lock"; exit 1
fi
${stateProbe(project)}`

/** Exit code of `acquireLock` when somebody holds it. */
export const lockHeld = 75

/** Gives the lock back if it is ours, and notes that something changed. */
export const releaseLock = (project: string, owner: string, changed: boolean): Sh => sh`${{ sh: folder }}
p=$d/${project}
if [ "$(cat "$p/lock/owner" 2>/dev/null)" = ${owner} ]; then
  if [ ${changed ? 1 : 0} = 1 ]; then printf '%s\n' ${owner}-"$(date +%s)" >"$p/serial.$$" && mv -f "$p/serial.$$" "$p/serial"; fi
  rm -rf "$p/lock"
fi`

/** Removes the lock, whoever holds it. */
export const breakLock = (project: string): Sh => sh`${{ sh: folder }}
rm -rf "$d"/${project}/lock`

/** A handler's key: stable, safe as a file name. */
export const pendingKey = (handler: string): string => createHash('sha256').update(handler).digest('hex').slice(0, 16)

/** Marks handlers as due: before the change that causes them, in the same exec. */
export const markPending = (project: string, handlers: readonly string[]): Sh =>
  handlers.length === 0
    ? sh``
    : sh`{ ${{ sh: folder }}; mkdir -p "$d"/${project}/pending && for k in ${handlers.map(pendingKey)}; do : >"$d"/${project}/pending/"$k" || exit 1; done; }`

/** Removes a mark: after the handler has succeeded, in the same exec. */
export const clearPending = (project: string, handler: string): Sh =>
  sh`{ ${{ sh: folder }}; rm -f "$d"/${project}/pending/${pendingKey(handler)}; }`

/** Removes marks that no handler of the file answers to, by their keys. */
export const clearMarks = (project: string, keys: readonly string[]): Sh =>
  sh`{ ${{ sh: folder }}; for k in ${keys}; do rm -f "$d"/${project}/pending/"$k"; done; }`
