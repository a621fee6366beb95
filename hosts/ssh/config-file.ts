// Reads ssh's configuration files without ssh: Include is followed, `~` and %-tokens are left to whoever uses a value.
import { readdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import SSHConfig from 'ssh-config'
import { messageOf, UserError } from '../../core/errors.js'
import type { ConfigQuestion, SshSettings } from './settings.js'

export interface ConfigFiles {
  home: string
  read(path: string): Promise<string>
}

// ssh's own limit (READCONF_MAX_DEPTH in readconf.c).
const deepest = 16

/** The settings that one configuration file, and what it includes, have for a host. */
export async function parseConfigFiles(
  { alias, user, port }: ConfigQuestion,
  file: string,
  files: ConfigFiles,
): Promise<SshSettings> {
  const text = await withIncludes(await files.read(file), file, files, 0)
  let computed: Record<string, string | string[]>
  try {
    computed = SSHConfig.parse(text).compute(
      { Host: alias, ...(user === undefined ? {} : { User: user }) },
      { ignoreCase: true },
    )
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${messageOf(error)}`, { where: alias, cause: error })
  }
  const settings: SshSettings = {}
  for (const [keyword, value] of Object.entries(computed)) settings[keyword.toLowerCase()] = [value].flat()
  if (user !== undefined) settings.user = [user]
  if (port !== undefined) settings.port = [String(port)]
  return settings
}

/** The text with what it includes in place of each Include. (ssh ends an included Host block with its file; here the next Host line does.) */
async function withIncludes(text: string, file: string, files: ConfigFiles, depth: number): Promise<string> {
  if (depth > deepest) throw new UserError(`${file} includes itself`, { hint: 'look at its Include lines' })
  const parts = text.split('\n').map(async line => {
    const found = /^\s*include[\s=]+(.+?)\s*$/i.exec(line)
    if (found?.[1] === undefined) return line
    const patterns = found[1].match(/"[^"]*"|\S+/g) ?? []
    const paths = (await Promise.all(patterns.map(pattern => expand(pattern.replaceAll('"', ''), files.home)))).flat()
    const texts = paths.map(async path => withIncludes(await files.read(path), path, files, depth + 1))
    return (await Promise.all(texts)).join('\n')
  })
  return (await Promise.all(parts)).join('\n')
}

/** The files a pattern means; wildcards in the last part of the path. Relative ones start in ~/.ssh. */
async function expand(pattern: string, home: string): Promise<string[]> {
  const plain = pattern.replace(/^~(?=\/|$)/, home)
  const path = isAbsolute(plain) ? plain : join(home, '.ssh', plain)
  const folder = dirname(path)
  const names = await readdir(folder).catch(() => [])
  const source = basename(path)
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const wild = new RegExp(`^${source}$`)
  return names
    .filter(name => wild.test(name) && (!name.startsWith('.') || basename(path).startsWith('.')))
    .sort()
    .map(name => join(folder, name))
}
