// The command lines that hosts are given: plain, through sudo, through sudo where it works. Nothing secret is ever in one.
import { randomBytes } from 'node:crypto'
import type { As } from '../core/connection.js'
import { UserError } from '../core/errors.js'
import type { Host } from '../core/project.js'
import type { Secret } from '../core/secret.js'
import { quote, type Sh } from '../core/sh.js'

/** How a program gets its user. `perhaps`: root where `sudo -n` gives it, decided on the host in the same session. */
export type Role = { kind: 'plain' } | { kind: 'perhaps' } | { kind: 'sudo'; user: string; password?: Secret }

/** Who runs it, from what the caller wants, what the host's `become` says and whom we logged in as. */
export function roleOf(host: Host, loginUser: string, as: As = 'login'): Role {
  if (as === 'login') return { kind: 'plain' }
  if (as === 'best' && host.become === undefined) return { kind: loginUser === 'root' ? 'plain' : 'perhaps' }
  const { user, password } = host.become ?? { user: 'root' }
  if (user === loginUser) return { kind: 'plain' }
  return password === undefined ? { kind: 'sudo', user } : { kind: 'sudo', user, password }
}

/** What a sudo session prints so that we know where it stands; random, so that no output can be taken for it. */
export interface Marks {
  /** sudo's prompt. */
  prompt: string
  /** Starts the line that says that sudo is passed, on both streams. */
  ready: string
}

/** Fresh marks for one session. */
export const newMarks = (): Marks => {
  const random = randomBytes(12).toString('hex')
  return { prompt: `longshore-prompt-${random}:`, ready: `longshore-ready-${random}` }
}

// Linux takes no single argument of 128 KiB or more (MAX_ARG_STRLEN), and the host's shell gets the whole line as one.
const longestLine = 128 * 1024 - 1
const longestText = 100 * 1024

/** Quotes a word for whatever shell the login has. fish, unlike sh, knows backslashes inside single quotes, so they stand outside. */
export const quoteForLogin = (word: string): string => word.split('\\').map(quote).join('\\\\')

const quoted = (words: readonly string[]): string => words.map(quoteForLogin).join(' ')

const bounded = (line: string): string => {
  if (Buffer.byteLength(line) <= longestLine) return line
  throw new UserError('this command is too long for a command line of Linux', {
    hint: 'put the long part into what the command reads from its standard input',
  })
}

/** The words that run a Sh: by standard input where that is free, else as an argument. */
export function wordsOf(command: Sh): string[] {
  if (command.stdin === undefined) return ['sh', '-s']
  if (Buffer.byteLength(command.sh) > longestText)
    throw new UserError(
      `a command with its own standard input may have 100 KB of text, this one has ${command.sh.length}`,
      {
        hint: 'put the long part into what the command reads from its standard input',
      },
    )
  return ['sh', '-c', command.sh]
}

/** Reads the shell's own process group into `group`. */
const readGroup = 'read -r pid name state parent group rest </proc/$$/stat'

/** Words that print a line of the mark and their process group (to end it later), and then become the given ones. */
export const announced = (words: readonly string[], mark: string): string[] => [
  ...['sh', '-c', `${readGroup}; echo "${mark} $group"; exec "$@"`, 'sh'],
  ...words,
]

/** Runs the words as the login user. `env` rather than an assignment: any login shell understands it. */
export const plainLine = (words: readonly string[]): string => bounded(`exec env LC_ALL=C ${quoted(words)}`)

/**
 * Runs the words through sudo. `check` runs as the other user first and may exit with a reason. Then the ready line, with the process
 * group (to end it later), appears on both streams: before it nothing may be written but the password.
 */
export function sudoLine(words: readonly string[], role: Role & { kind: 'sudo' }, marks: Marks, check = ''): string {
  const announce = [
    'LC_ALL=C; export LC_ALL',
    check,
    readGroup,
    `echo "${marks.ready} $group"; echo ${marks.ready} >&2`,
    'exec "$@"',
  ]
  const asking = role.password === undefined ? ['-n'] : ['-S', '-p', marks.prompt]
  const inner = ['sh', '-c', announce.filter(line => line !== '').join('\n'), 'sh', ...words]
  return bounded(`exec env LC_ALL=C sudo -H ${quoted([...asking, '-u', role.user, '--', ...inner])}`)
}

/** Runs the words as root where sudo gives that without a question, else as the login user. */
export function perhapsLine(words: readonly string[]): string {
  const inner = 'LC_ALL=C; export LC_ALL; exec "$@"'
  const script = `if command -v sudo >/dev/null 2>&1 && sudo -n -H sh -c : </dev/null >/dev/null 2>&1
then exec sudo -n -H -- sh -c ${quote(inner)} sh "$@"; fi
exec "$@"`
  return bounded(`exec env LC_ALL=C ${quoted(['sh', '-c', script, 'sh', ...words])}`)
}
