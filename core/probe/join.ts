// Many pieces of shell in one exec: joins probes into one script and splits the answers again, so that each harms only itself.
import type { Exit } from '../connection.js'
import { quote, type Sh } from '../sh.js'

/** One piece of a joined script. */
export interface Piece {
  id: string
  command: Sh
  /** Who runs it: `login` (the user we came in as), a user's name, or whoever runs the script if left out. */
  user?: string
  /** Seconds after which it is ended, with `tookTooLong`; no limit if left out. */
  timeout?: number
}

/** What one piece answered. */
export interface Answer {
  code: number
  out: string
  err: string
}

/** A piece that must run as somebody the script cannot become answers with this code. */
export const cannotBecome = 77

/** A piece that was ended because it took longer than it may answers with this code, as by timeout(1). */
export const tookTooLong = 124

/**
 * Ends a process and all below it. Their own group is no help: shells without a terminal give none, and not every host has `setsid`
 * or `timeout`. Defined only where a piece has a limit.
 */
const endAll = `end_all() {
  all=" $1 "
  for signal in TERM KILL; do
    more=yes
    while [ -n "$more" ]; do more=
      for s in /proc/[0-9]*/stat; do
        { read -r l <"$s"; } 2>/dev/null || continue
        i=\${l%% *}; set -- \${l##*) }
        case $all in *" $i "*) ;; *) case $all in *" $2 "*) all="$all$i " more=yes;; esac;; esac
      done
    done
    kill -$signal $all
    [ $signal = KILL ] || sleep 1
  done
}`

/** Text that is ended after some seconds. It runs beside us, and keeps the standard input that a process in the background would lose. */
const bounded = (text: string, seconds: number): string =>
  [
    `{ { ${text}; } <&3 3<&- & b=$!`,
    `( n=0; while [ $n -lt ${Math.ceil(seconds)} ]; do sleep 1; n=$((n+1)); kill -0 $b || exit 0; done; trap '' TERM; end_all $b; exit ${tookTooLong} ) >/dev/null 2>&1 </dev/null 3<&- & w=$!`,
    `{ wait $b; c=$?; kill $w; wait $w; [ $? != ${tookTooLong} ] || c=${tookTooLong}; } 2>/dev/null; ( exit $c ); } 3<&0`,
  ].join('\n')

/** Whoever runs the script, and whom sudo started it for. */
const prelude = 'LC_ALL=C; export LC_ALL; u=$(id -un); login=${SUDO_USER:-$u}'

/**
 * Shell text of one piece, contained: `eval` keeps its syntax errors, the subshell its `exit`.
 * Root asks in place of a user whom an earlier task is still to make; a change is never made so.
 */
function contained(piece: Piece, isProbe: boolean): string {
  const text = unbounded(piece, isProbe)
  return piece.timeout === undefined ? text : bounded(text, piece.timeout)
}

function unbounded({ command, user }: Piece, isProbe: boolean): string {
  const plain = `( eval ${quote(command.sh)} )`
  if (user === undefined) return plain
  const name = user === 'login' ? '"$login"' : quote(user)
  const other = `su -s /bin/sh ${name} -c ${quote(`LC_ALL=C; export LC_ALL; ${command.sh}`)}`
  const notYet = isProbe ? ` || { [ "$u" = root ] && ! id -u ${name} >/dev/null 2>&1; }` : ''
  return `if [ "$u" = ${name} ]${notYet}; then ${plain}; elif [ "$u" = root ]; then ${other}; else ( exit ${cannotBecome} ); fi`
}

const tail = (marker: string): string =>
  `code=$?; printf '\\n%s %s\\n' ${marker} "$code"; printf '\\n%s\\n' ${marker} >&2`

const preludeFor = (pieces: readonly Piece[]): string =>
  pieces.some(({ timeout }) => timeout !== undefined) ? `${prelude}\n${endAll}` : prelude

/**
 * Joins read-only pieces into one script. `marker` must be random for each run: it frames the answers on both streams.
 * No piece can read the script's standard input, end the script or break its syntax.
 */
export const joinPieces = (pieces: readonly Piece[], marker: string): string =>
  [preludeFor(pieces), ...pieces.map(piece => `{ ${contained(piece, true)}; } </dev/null; ${tail(marker)}`)].join('\n')

/**
 * A change followed by probes, in one script: the change may read standard input; the probes run only when it ended well.
 * `before` and `afterwards` are our own bookkeeping (marks), run as the script's user around the change.
 */
export const joinChange = (
  change: Piece,
  probes: readonly Piece[],
  marker: string,
  { before = '', afterwards = '' }: { before?: string; afterwards?: string } = {},
): string =>
  [
    preludeFor([change, ...probes]),
    before === '' ? ':' : `${before} || exit 1`,
    `{ ${contained(change, false)}; }${change.command.stdin === undefined ? ' </dev/null' : ''}; ${tail(marker)}`,
    '[ "$code" = 0 ] || exit 0',
    ...(afterwards === '' ? [] : [afterwards]),
    ...probes.map(piece => `{ ${contained(piece, true)}; } </dev/null; ${tail(marker)}`),
  ].join('\n')

const frames = (text: string, marker: string): { body: string; rest: string }[] => {
  const found: { body: string; rest: string }[] = []
  let from = 0
  for (;;) {
    const at = text.indexOf(`\n${marker}`, from)
    if (at < 0) return found
    const end = text.indexOf('\n', at + 1)
    const stop = end < 0 ? text.length : end
    found.push({ body: text.slice(from, at), rest: text.slice(at + 1 + marker.length, stop).trim() })
    from = stop + 1
  }
}

/** Splits what a joined script printed; a piece that gave no answer is missing from the map: a fault, never "absent". */
export function splitAnswers(exit: Exit, ids: readonly string[], marker: string): Map<string, Answer> {
  const out = frames(exit.stdout, marker)
  const err = frames(exit.stderr, marker)
  const answers = new Map<string, Answer>()
  ids.forEach((id, index) => {
    const frame = out[index]
    if (frame && /^\d+$/.test(frame.rest))
      answers.set(id, { code: Number(frame.rest), out: frame.body, err: err[index]?.body ?? '' })
  })
  return answers
}
