// A project whose files exist only here, and the mistakes that are told about it.
import { Readable } from 'node:stream'
import { type ConfigContext, loadProject } from '../../../core/config/index.js'
import { UserError } from '../../../core/errors.js'
import type { LocalFiles } from '../../../core/files.js'
import type { Project } from '../../../core/project.js'
import { z } from '../../../core/schema.js'
import { createMasker } from '../../../core/secret.js'

/** Files that exist only here: reading a project needs no disk. */
export const filesOf = (texts: Record<string, string>): LocalFiles => {
  const text = async (path: string): Promise<string> => {
    const found = texts[path]
    if (found === undefined) throw new UserError(`there is no file ${path}`)
    return found
  }
  return {
    exists: async path => Object.keys(texts).some(one => one === path || one.startsWith(`${path}/`)),
    stat: async () => undefined,
    text,
    textNow: path => texts[path],
    bytes: async path => new TextEncoder().encode(await text(path)),
    stream: path => Readable.from([texts[path] ?? '']),
    list: async () => [],
  }
}

/** Three kinds of thing, so that playbooks can be read without the resources room. */
export const resourceKinds = [
  {
    kind: 'package',
    schema: z.strictObject({
      name: z.union([z.string(), z.array(z.string())]),
      state: z.enum(['present', 'absent']).optional(),
    }),
  },
  {
    kind: 'copy',
    schema: z.strictObject({
      dest: z.string(),
      content: z.string().optional(),
      mode: z.string().optional(),
      environment: z.unknown().optional(),
    }),
  },
  {
    kind: 'command',
    schema: z.union([
      z.string(),
      z.strictObject({
        sh: z.string().optional(),
        argv: z.array(z.string()).optional(),
        check: z.string().optional(),
        read_only: z.boolean().optional(),
      }),
    ]),
  },
]

/** What reading a project takes, with these files in the folder it asks for. */
export const context = (texts: Record<string, string>, more: Partial<ConfigContext> = {}): ConfigContext => ({
  files: filesOf(texts),
  environment: {},
  home: '/home/me',
  vars: {},
  masker: createMasker(),
  resourceKinds,
  runCommand: async () => ({ code: 0, stdout: '', stderr: '' }),
  ...more,
})

/** Reads `/p/longshore.yaml` with this text. */
export const load = (
  text: string,
  others: Record<string, string> = {},
  more: Partial<ConfigContext> = {},
): Promise<Project> => loadProject('/p/longshore.yaml', context({ '/p/longshore.yaml': text, ...others }, more))

/** The lines a user would see, without the folder. */
export async function mistakes(run: () => Promise<unknown>): Promise<string[]> {
  try {
    await run()
    return []
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { at } = error
    const lines = error.message.split('\n')
    const told = lines.length > 1 ? lines.slice(1) : [`${at?.file}:${at?.line}:${at?.column}: ${error.message}`]
    return [`exit ${error.exit}`, ...told.map(line => line.replaceAll('/p/', ''))]
  }
}
