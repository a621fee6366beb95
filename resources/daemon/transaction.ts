// Sends a change to the host and follows it: the files and the script come by standard input, and run on without us.
import { Readable } from 'node:stream'
import type { ServerPair } from '../../core/certificates.js'
import { Secret } from '../../core/secret.js'
import { quote, type Sh, type Source, sh, withStdin } from '../../core/sh.js'
import { namesOf } from './certificate.js'
import type { Decision, Target } from './decide.js'
import { isFrom, releaseOf } from './keys.js'
import { execStartOf, isLoopback, unitWords } from './listen.js'
import { switchesFirst } from './live.js'
import { daemonText } from './merge.js'
import { dropIn, engineFunctions } from './probe.js'
import { runScript } from './run-script.js'
import type { EngineSeen } from './seen.js'
import { type EngineWant, hasCertificates, tlsFiles } from './want.js'

/** A word of a unit's command line as shell text: variables stay variables, all else is quoted. */
function shellWord(word: string): string {
  const [, bare, braced] = /^\$(?:(\w+)|\{(\w+)\})$/.exec(word) ?? []
  if (bare !== undefined) return `$${bare}`
  if (braced !== undefined) return `"\${${braced}}"`
  return quote(word.replace(/^(["'])(.*)\1$/, '$2').replaceAll('%%', '%'))
}

const environmentFiles = (unit: string): string[] =>
  [...unit.matchAll(/^EnvironmentFile=-?(\/\S+)$/gm)].map(found => found[1] ?? '')

/** Shell text that lets the engine itself check the new file, with the flags that it will have. */
function validateText(seen: EngineSeen, decision: Decision): string {
  const ours = decision.targets.find(({ name }) => name === 'dropin')
  const now = ours === undefined ? execStartOf(seen.unit, '') : undefined
  const then = now ?? /^ExecStart=(.+)$/m.exec(ours?.content ?? '')?.[1] ?? execStartOf(seen.unit, dropIn)
  const [, ...flags] =
    seen.init === 'systemd' ? unitWords(then ?? '').map(shellWord) : seen.argv.map(word => quote(word))
  const sources = environmentFiles(seen.unit).map(file => `[ -r ${quote(file)} ] && . ${quote(file)}; `)
  return `validate() { ( ${sources.join('')}"$dockerd" --validate --config-file "$stage/new/check" ${flags.join(' ')} ) </dev/null; }`
}

/** The file as it can be checked before the certificates are in place. */
function checkText({ next, targets }: Decision): string {
  const staged = Object.entries(tlsFiles).map(([name, path]) => {
    const isNew = targets.some(target => target.name === name && target.content !== undefined)
    return [
      `tls${name === 'ca' ? 'cacert' : name}`,
      isNew ? `/var/lib/longshore/engine/change/new/${name}` : path,
    ] as const
  })
  const moved = staged.filter(([key, path]) => next[key] !== undefined && path.includes('/change/new/'))
  return daemonText({ ...next, ...Object.fromEntries(moved) })
}

/** What the script on the host must know: shell text, sent by standard input because a sum of a short secret would tell it. */
function planText(want: EngineWant, seen: EngineSeen, decision: Decision): string {
  const calls = decision.targets.map(({ name, path, content, mode }) => {
    const words = [name, path, mode, content === undefined ? 'remove' : 'write', seen.files[name].sum || 'absent']
    return `"$1" ${words.map(quote).join(' ')} || return 1`
  })
  // An engine that listens without certificates waits by itself before it starts.
  const isOpen = want.listen?.some(one => one.kind === 'tcp' && !isLoopback(one.host)) && !hasCertificates(want)
  return [
    `needs=${decision.needs} deadline=${want.deadline + (isOpen ? 20 : 0)} dockerd=${quote(seen.dockerd ?? 'dockerd')}`,
    `each() { ${[...calls, ':'].join('\n')}\n}`,
    validateText(seen, decision),
    '',
  ].join('\n')
}

/** A file's content; of what is issued the part of the pair. */
function contentOf({ name, content, issued }: Target, pair: ServerPair | undefined): string | undefined {
  if (!issued || pair === undefined) return content
  return name === 'ca' ? pair.authority : name === 'cert' ? pair.certificate : pair.key.reveal()
}

/** A name under the stage folder, and its content; undefined: it is not sent. */
type Part = readonly [name: string, content: string | undefined]

/** The payload: one line a file, its name under the stage folder and its bytes in base64; `end` says that all has come. */
function payload(
  want: EngineWant,
  seen: EngineSeen,
  decision: Decision,
  more: readonly Part[],
  pair?: ServerPair,
): string {
  const release = releaseOf(seen.version)
  const canCheck = release !== undefined && isFrom(release, [23, 0])
  const parts: Part[] = [
    ['run', runScript],
    ['plan', planText(want, seen, decision)],
    ['expect', decision.expected.map(({ key, needle }) => `${key}\n${needle}\n`).join('')],
    ['new/first', switchesFirst(decision, seen) ? daemonText({ ...decision.before, 'live-restore': true }) : undefined],
    ['new/check', canCheck ? checkText(decision) : undefined],
    ...decision.targets.map((target): Part => [`new/${target.name}`, contentOf(target, pair)]),
    ...more,
  ]
  const sent = parts.filter(([, text]) => text !== undefined)
  return [...sent.map(([name, text]) => `${name} ${Buffer.from(text ?? '').toString('base64')}`), 'end', ''].join('\n')
}

/** What the script reads. A certificate is issued only now, when it is sent. */
function sourceOf(want: EngineWant, seen: EngineSeen, decision: Decision, more: readonly Part[]): Source {
  const { issuing } = want
  if (issuing === undefined || decision.certificate === undefined)
    // all of it is one secret: it may hold a key, and nobody has to see the rest
    return { secret: new Secret('new files of the engine', payload(want, seen, decision, more)) }
  async function* issued(): AsyncGenerator<string> {
    const pair = await issuing?.issue(namesOf(issuing, seen))
    yield payload(want, seen, decision, more, pair)
  }
  return () => Readable.from(issued())
}

/** Starts the script in a session of its own and waits for its end; whatever becomes of us, it runs on. */
const launch: Sh = sh`
follow() {
  waited=0
  while :; do
    if read -r done_id code 2>/dev/null <"$engine/last" && [ "$done_id" = "$id" ]; then cat "$engine/last.log"; exit "$code"; fi
    if ! alive "$stage/owner"; then
      waited=$((waited + 1))
      if [ "$waited" -gt 50 ]; then echo 'the change was cut off on the host: plan again' >&2; exit 1; fi
    fi
    nap
  done
}
launch() {
  if have setsid; then setsid sh "$stage/run" "$1" </dev/null >>"$stage/log" 2>&1 &
  else ( trap '' HUP; exec sh "$stage/run" "$1" ) </dev/null >>"$stage/log" 2>&1 & fi
  follow
}`

/** Makes the change; `more` are files that it needs besides its own. Exit codes: 0 done, 1 not begun or not undone, 76 undone. */
export function changeScript(want: EngineWant, seen: EngineSeen, decision: Decision, more: readonly Part[] = []): Sh {
  const script = sh`(${engineFunctions}${launch}
fail() { printf '%s\n' "$1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail 'an engine is configured as root: say become: true'
umask 077
( umask 022; mkdir -p /var/lib/longshore ) && mkdir -p "$engine" || exit 1
mkdir "$stage" 2>/dev/null || fail 'another change of this engine runs, or was cut off: plan again'
# this very shell, which may be a child of the one whose number is in $$
me=$(exec sh -c 'echo $PPID')
self "$me" >"$stage/front" && mkdir "$stage/new" "$stage/old" || exit 1
whole=
while IFS=' ' read -r name data; do
  if [ "$name" = end ]; then whole=yes; break; fi
  printf %s "$data" | base64 -d >"$stage/$name" || break
done
if [ -z "$whole" ]; then rm -rf "$stage"; fail 'nothing was changed: the new files did not arrive whole'; fi
id=$(self "$me" | tr ' ' -)
echo "$id" >"$stage/id" && echo staged >"$stage/stage" || fail "there is no room in $engine"
launch change
)`
  return withStdin(script, sourceOf(want, seen, decision, more))
}

/** Lets a change that was cut off go back. */
export const recoverScript: Sh = sh`(${engineFunctions}${launch}
[ -d "$stage" ] || exit 0
read -r id 2>/dev/null <"$stage/id" || { rm -rf "$stage"; exit 0; }
read -r at 2>/dev/null <"$stage/stage" || at=incoming
case $at in incoming|staged) rm -rf "$stage"; exit 0;; esac
rm -f "$engine/last"
launch recover
)`
