// What ssh's own configuration says of a host: asked of `ssh -G` where ssh is installed, else read by ourselves.
import { execFile } from 'node:child_process'
import { access, readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { messageOf, UserError } from '../../core/errors.js'
import { parseConfigFiles } from './config-file.js'
import type { ConfigQuestion, SshSettings } from './settings.js'

export type ReadSettings = (question: ConfigQuestion) => Promise<SshSettings>

/** The output of `ssh -G`: one "keyword value" a line. */
export function parseSettings(text: string): SshSettings {
  const settings: SshSettings = {}
  for (const line of text.split('\n')) {
    const cut = line.indexOf(' ')
    if (cut < 0) continue
    const keyword = line.slice(0, cut).toLowerCase()
    settings[keyword] = [...(settings[keyword] ?? []), line.slice(cut + 1).trim()]
  }
  return settings
}

/**
 * Makes a reader of ssh's configuration for this home folder; answers are remembered. Without a configuration of the user's it says nothing.
 * A configuration that ssh itself refuses is a UserError.
 */
export function createConfigReader(home: string, env: Record<string, string | undefined>): ReadSettings {
  const file = join(home, '.ssh', 'config')
  const answers = new Map<string, Promise<SshSettings>>()
  const there = access(file).then(
    () => true,
    () => false,
  )
  const read: ReadSettings = async question => {
    if (!(await there)) return {}
    // ssh looks for its files in the home folder of the user database, whatever HOME says.
    if (home !== userInfo().homedir) return readByOurselves(question, file, home)
    return askSsh(question, env).then(answer => answer ?? readByOurselves(question, file, home))
  }
  return question => {
    const id = JSON.stringify([question.alias, question.user, question.port])
    const answer = answers.get(id) ?? read(question)
    answers.set(id, answer)
    return answer
  }
}

/** Asks `ssh -G`; undefined where there is no ssh. `configFile`: instead of the user's and the system's. */
export async function askSsh(
  { alias, user, port }: ConfigQuestion,
  env: Record<string, string | undefined>,
  configFile?: string,
): Promise<SshSettings | undefined> {
  const args = ['-G', '-T']
  if (configFile !== undefined) args.push('-F', configFile)
  if (user !== undefined) args.push('-l', user)
  if (port !== undefined) args.push('-p', String(port))
  return new Promise((resolve, reject) => {
    execFile('ssh', [...args, '--', alias], { env, timeout: 10_000 }, (error, stdout, stderr) => {
      if (error === null) return resolve(parseSettings(stdout))
      if (error.code === 'ENOENT') return resolve(undefined)
      reject(
        new UserError(`ssh cannot read its configuration: ${stderr.trim() || messageOf(error)}`, {
          where: alias,
          hint: `see what "ssh -G ${alias}" says`,
        }),
      )
    })
  })
}

async function readByOurselves(question: ConfigQuestion, file: string, home: string): Promise<SshSettings> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8')
  return parseConfigFiles(question, file, { home, read })
}
