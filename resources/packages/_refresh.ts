// Before packages come: the first boot's own set-up is waited for, and package lists are refreshed, at most once a run.
import { type Sh, sh } from '../../core/sh.js'
import type { ManagerName } from './_seen.js'

/** Seconds for which we wait for another package manager, and for the first boot's own set-up. */
export const patience = 300

/** Waits until cloud-init, which installs packages too, has ended. */
export const awaitFirstBoot: Sh = sh`export LC_ALL=C
if command -v cloud-init >/dev/null && [ -d /run/systemd/system ]; then
  timeout ${patience} cloud-init status --wait </dev/null >/dev/null 2>&1 || :
fi`

const markOf = (manager: ManagerName): string => `/run/longshore/${manager}-updated`

/** Makes the next installation refresh the package lists, because the sources are about to change. */
export const forgetLists = (manager: ManagerName): Sh => sh`rm -f ${markOf(manager)}`

/** Tells that the lists are fresh. */
export const markFresh = (manager: ManagerName): Sh => sh`mkdir -p /run/longshore && : >${markOf(manager)}`

/** Prints `stale` where nobody has refreshed the lists of `$manager` through us for so many seconds. */
export const tellStale = (seconds: number): Sh =>
  sh`if [ -z "$(find "/run/longshore/$manager-updated" -mmin ${`-${Math.max(1, Math.ceil(seconds / 60))}`} 2>/dev/null)" ]; then echo stale; fi`

export interface Lists {
  manager: ManagerName
  /** Refreshes them. */
  update: Sh
  /** Where the sources stand: lists older than a change there are refreshed. */
  sources: readonly string[]
  /** Whether they are stale after an hour; else the manager itself knows when they are. */
  hourly: boolean
}

/**
 * Refreshes the lists when they do not know a package (`isKnown`), when a source was changed since, or when nobody has done so for an
 * hour. Other processes' locks are waited for. A failed refresh is told and is no failure by itself: what is to be installed may well
 * be known.
 */
export const refresh = ({ manager, update, sources, hourly }: Lists, isKnown: boolean): Sh => sh`
stamp=${markOf(manager)}
sources=$(find ${sources} -newer "$stamp" 2>/dev/null)
if [ ${isKnown ? 'known' : 'unknown'} = unknown ] || [ -n "$sources" ] || [ -z "$(find "$stamp" ${hourly ? ['-mmin', '-60'] : ['-prune']} 2>/dev/null)" ]; then
  waited=0
  while :; do
    said=$(${update} </dev/null 2>&1); code=$?
    case $said in *'Could not get lock'*|*'Unable to lock'*|*'unable to lock'*) ;; *) break;; esac
    if [ "$waited" -ge ${patience} ]; then break; fi
    sleep 3; waited=$((waited + 3))
  done
  case $said in *'Failed to fetch'*|*'Some index files failed'*) code=100;; esac
  if [ "$code" = 0 ]; then mkdir -p \${stamp%/*} && : >"$stamp"
  else printf '%s\n' "the package lists could not be refreshed:" "$said" | tail -n 15 >&2; fi
fi`
