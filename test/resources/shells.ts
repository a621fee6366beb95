// Runs resources for real on the machine of the tests, under the shells that hosts have.
import { spawn } from 'node:child_process'
import { createReadStream, readFileSync } from 'node:fs'
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { FileEntry } from '../../core/files.js'
import type { AnyResource, LoadContext } from '../../core/resource.js'
import { quote, type Sh, type Source } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { resources } from '../../resources/index.js'

/** The shells a host may have as sh, as programs with their first arguments. */
export const shells: readonly (readonly [string, ...string[]])[] = [['dash'], ['bash', '--posix'], ['busybox', 'sh']]
export type Shell = (typeof shells)[number]

export interface Ended {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
}

const streamOf = (source: Source): Readable => {
  if (typeof source === 'string') return Readable.from([Buffer.from(source)])
  if (source instanceof Uint8Array) return Readable.from([source])
  if (typeof source === 'function') return source()
  return Readable.from([Buffer.from('file' in source ? readFileSync(source.file) : source.secret.reveal())])
}

/** Starts a script as a connection does: alone over stdin, or as an argument where it has input of its own. */
export function begin(command: Sh, shell: Shell) {
  const [program, ...first] = shell
  const words = command.stdin === undefined ? ['-s'] : ['-c', command.sh]
  return spawn(program, [...first, ...words], { env: { ...process.env, LC_ALL: 'C' } })
}

/** Runs a script to its end. */
export function run(command: Sh, shell: Shell = ['dash']): Promise<Ended> {
  const child = begin(command, shell)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', data => (stdout += data))
  child.stderr.setEncoding('utf8').on('data', data => (stderr += data))
  child.stdin.on('error', () => {})
  streamOf(command.stdin ?? command.sh).pipe(child.stdin)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** A probe as it runs among others: with text before and after it that must not be harmed, and nothing to read. */
async function probe(text: Sh, shell: Shell): Promise<Ended> {
  const ended = await run(
    { sh: `echo before\n( eval ${quote(text.sh)} ) </dev/null\ncode=$?\necho "after $code"\n` },
    shell,
  )
  const [, stdout = '', code] = /^before\n([\s\S]*)after (\d+)\n$/.exec(ended.stdout) ?? []
  if (code === undefined) throw new Error(`the probe broke its frame: ${ended.stdout} ${ended.stderr}`)
  return { ...ended, stdout, code: Number(code) }
}

export const kindOf = (kind: string): AnyResource => {
  const found = resources.find(one => one.kind === kind)
  if (found === undefined) throw new Error(`no kind ${kind}`)
  return found
}

const entryOf = async (path: string, shown: string): Promise<FileEntry> => {
  const info = await lstat(path)
  const kind = info.isDirectory() ? 'directory' : info.isSymbolicLink() ? 'link' : 'file'
  const entry = { path: shown, kind, mode: info.mode & 0o7777, size: kind === 'file' ? info.size : 0 } as const
  return kind === 'link' ? { ...entry, target: await readlink(path) } : entry
}

/** Loads from a folder of this machine; templates know one word, and one word is secret. */
export const contextIn = (folder: string): LoadContext => ({
  find: async src => join(folder, src),
  render: text => ({
    text: text.replaceAll('{{name}}', 'Ann').replaceAll('{{token}}', 'tok-3n'),
    secret: text.includes('{{token}}'),
  }),
  holds: condition => condition === 'facts.ready',
  files: {
    exists: path =>
      stat(path).then(
        () => true,
        () => false,
      ),
    stat: path => entryOf(path, path).catch(() => undefined),
    text: path => readFile(path, 'utf8'),
    textNow: path => readFileSync(path, 'utf8'),
    bytes: path => readFile(path),
    stream: path => createReadStream(path),
    async list(top) {
      const names = (await readdir(top, { recursive: true })).sort()
      return Promise.all(names.map(name => entryOf(join(top, name), name)))
    },
  },
})

export interface Look {
  want: unknown
  seen: unknown
  changes: Change[]
}

/** What a plan does: loads, probes, reads, asks for the content if it must, and compares. */
export async function plan(kind: string, yaml: unknown, shell: Shell, folder = '/'): Promise<Look> {
  const resource = kindOf(kind)
  const parsed = resource.schema.parse(yaml)
  const want = (await resource.load?.(parsed, contextIn(folder))) ?? parsed
  const answer = await probe(resource.probe(want), shell)
  if (answer.code !== 0) throw new Error(`probe failed: ${answer.stderr}`)
  let seen = resource.read(answer.stdout, want)
  const content = resource.content?.(want, seen)
  if (content !== undefined) seen = resource.withContent?.((await probe(content, shell)).stdout, want, seen)
  return { want, seen, changes: resource.diff(want, seen) }
}

/** Applies what a plan found, up to the first script that fails. */
export async function apply(kind: string, { want, seen }: Look, shell: Shell): Promise<Ended> {
  let last: Ended = { code: 0, signal: null, stdout: '', stderr: '' }
  for (const command of kindOf(kind).apply(want, seen)) {
    const ended = await run(command, shell)
    last = { ...ended, stdout: last.stdout + ended.stdout, stderr: last.stderr + ended.stderr }
    if (ended.code !== 0) break
  }
  return last
}

/** Plans, applies and plans again: the first plan's changes, and what is left after it. */
export async function converge(kind: string, yaml: unknown, shell: Shell, folder = '/') {
  const first = await plan(kind, yaml, shell, folder)
  const ended = await apply(kind, first, shell)
  const second = await plan(kind, yaml, shell, folder)
  return { ended, changes: first.changes, left: second.changes, seen: second.seen }
}
