// The project's secrets: where each comes from, fetched once and then kept as Secret values.
import { type At, messageOf, UserError, usageError } from '../errors.js'
import type { LocalFiles } from '../files.js'
import { suggestion } from '../language/suggest.js'
import type { Secrets } from '../project.js'
import type { Raw } from '../raw.js'
import { type Masker, Secret } from '../secret.js'
import { localPath } from './paths.js'

/** Where a secret comes from. */
export type SecretSource = { env: string } | { file: string } | { command: string[] }

/** What fetching needs of this machine. */
export interface SecretContext {
  files: LocalFiles
  environment: Record<string, string | undefined>
  home: string
  masker: Masker
  /** Runs a command on this machine, in the project's folder where that matters. */
  runCommand(argv: string[]): Promise<{ code: number; stdout: string; stderr: string }>
}

type Fetched = Secret | UserError

const fetchers = new WeakMap<Secrets, () => Promise<void>>()

const withoutNewline = (text: string): string => text.replace(/\r?\n$/, '')

async function fetchValue(source: SecretSource, folder: string, context: SecretContext): Promise<string> {
  if ('env' in source) {
    const value = context.environment[source.env]
    if (value === undefined) throw usageError(`the environment variable ${source.env} is not set`)
    return value
  }
  if ('file' in source) return withoutNewline(await context.files.text(localPath(source.file, folder, context.home)))
  const [program = ''] = source.command
  const { code, stderr, stdout } = await context.runCommand(source.command)
  if (code !== 0) throw new UserError(`${program} ended with exit code ${code}`, { output: stderr.trim().slice(-2000) })
  return withoutNewline(stdout)
}

async function fetchSecret(
  name: string,
  source: SecretSource,
  at: At,
  folder: string,
  context: SecretContext,
): Promise<Fetched> {
  try {
    const value = await fetchValue(source, folder, context)
    if (value === '') return usageError(`the secret ${name} is empty`, { at })
    const secret = new Secret(name, value)
    context.masker.add(secret)
    return secret
  } catch (error) {
    const details = error instanceof UserError && error.output ? { output: error.output } : {}
    return usageError(`cannot fetch the secret ${name}: ${messageOf(error)}`, { at, cause: error, ...details })
  }
}

/** The secrets that `secrets:` declares; `get` works after `resolveSecrets`. */
export function createSecrets(
  sources: Record<string, SecretSource>,
  raw: Raw,
  folder: string,
  context: SecretContext,
): Secrets {
  const fetched = new Map<string, Fetched>()
  const names = Object.keys(sources)
  let running: Promise<void> | undefined
  const secrets: Secrets = {
    names,
    get(name, at) {
      if (!names.includes(name)) throw usageError(`there is no secret "${name}"${suggestion(name, names)}`, { at })
      const secret = fetched.get(name)
      if (secret instanceof UserError) throw secret
      if (secret === undefined) throw usageError(`the secret ${name} was used before secrets were fetched`, { at })
      return secret
    },
  }
  fetchers.set(secrets, () => {
    running ??= (async () => {
      // One after the other: a password store may have to ask the user.
      for (const [name, source] of Object.entries(sources))
        fetched.set(name, await fetchSecret(name, source, raw.where([name], 'key'), folder, context))
    })()
    return running
  })
  return secrets
}

/** Fetches all secrets of a project, once. A secret that cannot be fetched is an error only when it is used. */
export const resolveSecrets = async (project: { secrets: Secrets }): Promise<void> => fetchers.get(project.secrets)?.()
