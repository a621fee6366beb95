// Where entries lie on a host and how they are written and read: shell text only.
import { type Sh, sh, withStdin } from '../sh.js'
import { stateFolder } from '../state.js'
import { entryText, type HistoryEntry } from './entry.js'

const folder = (project: string): Sh => sh`${stateFolder}
h=$d/${project}/history`

const heads: Sh = sh`for f in "$h"/*.json; do if [ -f "$f" ]; then head -n 1 "$f"; fi; done
:`

/**
 * Writes an entry, whole or not at all, removes those with the numbers in `drop`, and prints the first lines of all that are there.
 * Entries are their owner's alone: root's, where the script runs as root. `files` are names of shipped files that are not to be removed as
 * long as the entry is there.
 */
export const writeEntry = (
  project: string,
  entry: HistoryEntry,
  { drop, files }: { drop: readonly number[]; files: readonly string[] },
): Sh =>
  withStdin(
    sh`${folder(project)}
( umask 077; mkdir -p "$h" && cat >"$h/.new.$$" && mv -f "$h/.new.$$" "$h"/${`${entry.head.number}.json`} ) || { rm -f "$h/.new.$$"; exit 1; }
for f in ${files}; do printf '%s\n' "$f"; done >"$h"/${`${entry.head.number}.files`}
if [ ! -s "$h"/${`${entry.head.number}.files`} ]; then rm -f "$h"/${`${entry.head.number}.files`}; fi
for n in ${drop}; do rm -f "$h/$n.json" "$h/$n.files"; done
for f in "$h"/.new.*; do if [ -f "$f" ]; then rm -f "$f"; fi; done
${heads}`,
    entryText(entry),
  )

/** Prints the first lines of all entries. */
export const readHeads = (project: string): Sh => sh`${folder(project)}
${heads}`

/** Prints all entries. */
export const readWhole = (project: string): Sh => sh`${folder(project)}
for f in "$h"/*.json; do if [ -f "$f" ]; then cat "$f"; fi; done
:`
