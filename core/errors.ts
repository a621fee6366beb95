// Errors meant for people: what went wrong, where, and what to do. Anything else that is thrown is a bug of ours.

/** A place in a file of the user's, counted from 1. */
export interface At {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** The command's exit codes, as docs list them. */
export const exitCodes = {
  done: 0,
  failed: 1,
  changesPending: 2,
  usage: 3,
  unreachable: 4,
  locked: 5,
  rolledBack: 6,
  interrupted: 130,
} as const

export interface UserErrorDetails {
  /** What to do about it. */
  hint?: string | undefined
  /** Where in the user's files. */
  at?: At | undefined
  /** Where in the YAML that it is about: whoever knows where that stands makes `at` of it. */
  path?: readonly (string | number)[] | undefined
  /** Where in the world: host and step, as people say it ("web1, step install docker.io"). */
  where?: string | undefined
  /** The process' exit code; 1 if left out. */
  exit?: number | undefined
  /** Foreign output that explains it (last lines of a build, a daemon's log); already bounded. */
  output?: string | undefined
  cause?: unknown
}

/** An error for the user: shown as `where: message`, the output and the hint, never with a stack. */
export class UserError extends Error {
  readonly hint: string | undefined
  readonly at: At | undefined
  readonly path: readonly (string | number)[] | undefined
  readonly where: string | undefined
  readonly exit: number
  readonly output: string | undefined

  constructor(message: string, details: UserErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'UserError'
    this.hint = details.hint
    this.at = details.at
    this.path = details.path
    this.where = details.where
    this.exit = details.exit ?? exitCodes.failed
    this.output = details.output
  }
}

/** An error like another one, but for what `more` says; a detail that is given as undefined goes. */
export const likeError = (error: UserError, more: UserErrorDetails & { message?: string }): UserError => {
  const { message, hint, at, path, where, exit, output, cause } = error
  return new UserError(more.message ?? message, { hint, at, path, where, exit, output, cause, ...more })
}

/** A mistake in the command line or in a file: exit code 3. */
export const usageError = (message: string, details: Omit<UserErrorDetails, 'exit'> = {}): UserError =>
  new UserError(message, { ...details, exit: exitCodes.usage })

/** A host that cannot be reached or that went away: exit code 4. */
export const unreachableError = (
  host: string,
  message: string,
  details: Omit<UserErrorDetails, 'exit'> = {},
): UserError => new UserError(message, { where: host, ...details, exit: exitCodes.unreachable })

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
