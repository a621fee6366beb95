// The host's own engine command, docker or podman: the shell that finds and asks it, and its answers as data.
import { UserError } from '../../core/errors.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { word } from '../_attributes.js'

/** What the engine said of one thing. `no-engine`: there is no such command; `no-answer`: its daemon does not run. */
export interface Answer {
  state: 'found' | 'absent' | 'no-engine' | 'no-answer'
  /** What it printed, where it was found. */
  text: string
}

const states: Record<string, Answer['state']> = {
  found: 'found',
  absent: 'absent',
  'no-engine': 'no-engine',
  'no-answer': 'no-answer',
}

/** Defines `fail TEXT`, and sets `engine` to docker, else podman, else nothing. */
const find: Sh = sh`
fail() { printf '%s\n' "$1" >&2; exit 1; }
engine=
for each in docker podman; do
  if command -v "$each" >/dev/null 2>&1; then engine=$each; break; fi
done`

/**
 * Defines `ask WORD ARGUMENTS…`, which prints a block: WORD, what became of it, the engine's answer, `end`. The words of docker 20.10
 * to 28 and of podman 4 for what is not there are told from trouble, which is a fault.
 */
export const asking: Sh = sh`${find}
ask() {
  block=$1
  shift
  if [ -z "$engine" ]; then printf '%s no-engine\nend\n' "$block"; return; fi
  if answer=$("$engine" "$@" 2>/dev/null </dev/null); then printf '%s found\n%s\nend\n' "$block" "$answer"; return; fi
  said=$("$engine" "$@" 2>&1 >/dev/null </dev/null)
  case $said in
    *'ermission denied'*) fail "this user may not use $engine: say become: true";;
    *'ocker daemon'* | *'ocker API'*) printf '%s no-answer\nend\n' "$block";;
    *'o such '[cinvo]* | *'network '*' not found'* | *'network not found'* | *'image not known'*) printf '%s absent\nend\n' "$block";;
    *) fail "\${said:-$engine gave two different answers: try again}";;
  esac
}`

/** For a script that changes something: the same, and a clear word where there is no engine that answers. */
export const ready: Sh = sh`${find}
[ -n "$engine" ] || fail 'there is neither docker nor podman on this host: install an engine before, or give the play stage: after-engine'
trouble=$("$engine" ps -q 2>&1 >/dev/null </dev/null) || fail "the engine does not answer: $trouble"`

/** The blocks that `ask` printed, by their word; a UserError unless those asked for are there. */
export function readAnswers<Word extends string>(out: string, words: readonly Word[]): Record<Word, Answer> {
  const answers: Record<string, Answer> = {}
  for (const block of out.split(/^end\n/m)) {
    const [, name = '', state = '', text = ''] = /^(\w+) ([\w-]+)\n([\s\S]*)$/.exec(block) ?? []
    const known = states[state]
    if (known !== undefined) answers[name] = { state: known, text: text.trim() }
  }
  const silent = words.filter(name => answers[name] === undefined)
  if (silent.length > 0)
    throw new UserError(`the engine's command did not say what it knows of: ${silent.join(', ')}`, {
      hint: 'Run the same on the host: docker info.',
    })
  return answers as Record<Word, Answer>
}

/** How a plan calls a thing that is not there. */
export const missing = ({ state }: Answer): string =>
  state === 'no-engine'
    ? 'absent, as is the engine'
    : state === 'no-answer'
      ? 'not known: the engine does not answer yet'
      : 'absent'

/** Whether something may have to be removed: a daemon that does not answer yet may know the thing. */
export const mayBeThere = ({ state }: Answer): boolean => state === 'found' || state === 'no-answer'

/** The change that a removal is. */
export const removal = (what: string, answer: Answer, loses?: string): Change[] =>
  mayBeThere(answer)
    ? [
        {
          what,
          from: answer.state === 'found' ? 'present' : missing(answer),
          to: 'absent',
          ...(loses === undefined ? {} : { loses }),
        },
      ]
    : []

/** The first entry of a JSON list, as `inspect` prints it. A UserError when it is none. */
export function firstOf(text: string): Record<string, unknown> {
  try {
    const [first] = JSON.parse(text) as unknown[]
    if (typeof first === 'object' && first !== null) return first as Record<string, unknown>
  } catch {}
  throw new UserError('the engine did not answer in JSON', { output: text.slice(0, 2000) })
}

/** The first of these entries that is there: docker and podman write them differently. */
export const entry = (seen: Record<string, unknown>, ...names: string[]): unknown =>
  names.map(name => seen[name]).find(value => value !== undefined && value !== null)

/** An entry that is a map of texts. */
export const textsIn = (seen: Record<string, unknown>, ...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(entry(seen, ...names) ?? {}).map(([name, value]) => [name, String(value)]))

/** What is wanted of a map and is not so; what else is in it does not matter. */
export const mapChanges = (what: string, wanted: Record<string, string>, seen: Record<string, string>): Change[] =>
  Object.entries(wanted)
    .filter(([name, value]) => seen[name] !== value)
    .map(([name, value]) => ({ what: `${what}.${name}`, from: seen[name] ?? 'absent', to: value }))

/** The words `FLAG NAME=VALUE` for each entry of a map. */
export const pairs = (flag: string, map: Record<string, string>): string[] =>
  Object.entries(map).flatMap(([name, value]) => [flag, `${name}=${value}`])

/** Name of a container, network or volume. */
export const engineName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'must be letters, digits, _ . or -, and start with a letter or digit')

/** Name of an image, with a tag or a digest. */
export const imageName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._/:-]*[\w.:@-]*$/,
    'must be the name of an image, such as redis:7 or registry.example/app@sha256:…',
  )

/** Labels of a thing. Our own ones are no task's business. */
export const labels = z
  .record(z.string().regex(/^(?!longshore\.)[\w./-]+$/, 'must be a label, not one of longshore.*'), word)
  .default({})

/** Options of a driver. */
export const driverOptions = z.record(z.string().min(1), word).default({})

/** Every kind's short form: text is the name. */
export const named = (given: unknown): unknown => (typeof given === 'string' ? { name: given } : given)
