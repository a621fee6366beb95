// What a play reads of this machine while it runs: noted, so that later on one can tell whether it would still come to the same.
import { createHash, createHmac } from 'node:crypto'
import { isAbsolute, join, relative } from 'node:path'
import type { At } from '../errors.js'
import type { LocalFiles } from '../files.js'
import type { Secrets } from '../project.js'

/** What was read, by kind and name ("file:templates/app.conf.hbs"), and a fingerprint of it. Holds no secret in the clear. */
export type Inputs = Readonly<Record<string, string>>

/** The world as a play sees it, with a memory. */
export interface InputRecorder {
  readonly files: LocalFiles
  readonly secrets: Secrets
  readonly environment: Record<string, string>
  /** Notes all that is read until `work` has ended. One after the other. */
  record(work: () => Promise<void>, key: Uint8Array): Promise<Inputs>
  /** The first of these that is not as it was, in people's words; undefined where all are. */
  changed(inputs: Inputs, key: Uint8Array): Promise<string | undefined>
}

/** Where things are read from. `folder` is the project's: paths inside of it are noted relative to it. */
export interface InputWorld {
  files: LocalFiles
  secrets: Secrets
  environment: Readonly<Record<string, string>>
  folder: string
}

const none = 'none'

/** Write bits of group and others follow the umask of whoever checked the files out. */
const bitsOf = (mode: number): string => (mode & 0o7755).toString(8)

async function sumOf(files: LocalFiles, path: string): Promise<string> {
  if ((await files.stat(path))?.kind !== 'file') return none
  const sum = createHash('sha256')
  for await (const chunk of files.stream(path)) sum.update(chunk as Buffer)
  return sum.digest('hex')
}

async function sumOfTree(files: LocalFiles, folder: string): Promise<string> {
  if ((await files.stat(folder))?.kind !== 'directory') return none
  const sum = createHash('sha256')
  for (const { path, kind, mode, target = '', special } of await files.list(folder)) {
    const content = kind === 'file' && !special ? await sumOf(files, join(folder, path)) : ''
    sum.update(`${JSON.stringify([path, kind, kind === 'link' ? '' : bitsOf(mode), target, content])}\n`)
  }
  return sum.digest('hex')
}

/** Kinds of inputs whose name is a path. */
const pathKinds = ['file', 'stat', 'there', 'tree']

const nowhere: At = { file: 'image', line: 1, column: 1 }

/** Makes a recorder of this world. */
export function createInputRecorder({ files, secrets, environment, folder }: InputWorld): InputRecorder {
  let noted: Map<string, Promise<string>> | undefined
  let ownKey: Uint8Array = new Uint8Array()

  const nameOf = (path: string): string => {
    const inside = relative(folder, path)
    return inside.startsWith('..') || isAbsolute(inside) ? path : inside
  }
  const hidden = (text: string, key: Uint8Array): string => createHmac('sha256', key).update(text).digest('hex')
  const fingerprintOf = async (input: string, key: Uint8Array): Promise<string> => {
    const at = input.indexOf(':')
    const [kind, name] = [input.slice(0, at), input.slice(at + 1)]
    const path = isAbsolute(name) ? name : join(folder, name)
    switch (kind) {
      case 'file':
        return sumOf(files, path)
      case 'stat': {
        const found = await files.stat(path)
        return found ? `${found.kind} ${bitsOf(found.mode)}` : none
      }
      case 'there':
        return (await files.exists(path)) ? 'yes' : none
      case 'tree':
        return sumOfTree(files, path)
      case 'secret':
        return secrets.names.includes(name) ? secrets.get(name, nowhere).fingerprint(key) : none
      default:
        return name in environment ? hidden(environment[name] ?? '', key) : none
    }
  }
  /** Begun before the thing itself is read: what changes in between shows as a change later on. */
  const note = (kind: string, name: string): void => {
    const input = `${kind}:${pathKinds.includes(kind) ? nameOf(name) : name}`
    if (noted === undefined || noted.has(input)) return
    const value = fingerprintOf(input, ownKey)
    // Waited for in the end.
    value.catch(() => undefined)
    noted.set(input, value)
  }
  const noting =
    <T>(kind: string, read: (path: string) => T): ((path: string) => T) =>
    path => {
      note(kind, path)
      return read(path)
    }

  return {
    files: {
      exists: noting('there', path => files.exists(path)),
      stat: noting('stat', path => files.stat(path)),
      text: noting('file', path => files.text(path)),
      textNow: noting('file', path => files.textNow(path)),
      bytes: noting('file', path => files.bytes(path)),
      stream: noting('file', path => files.stream(path)),
      list: noting('tree', path => files.list(path)),
    },
    secrets: {
      names: secrets.names,
      get(name, at) {
        note('secret', name)
        return secrets.get(name, at)
      },
    },
    environment: new Proxy<Record<string, string>>(
      { ...environment },
      {
        get(target, name) {
          if (typeof name === 'string') note('env', name)
          return Reflect.get(target, name) as string
        },
      },
    ),
    async record(work, key) {
      const own = new Map<string, Promise<string>>()
      noted = own
      ownKey = key
      try {
        await work()
      } finally {
        noted = undefined
      }
      const trees = [...own.keys()].flatMap(input => (input.startsWith('tree:') ? [input.slice('tree:'.length)] : []))
      // What lies in a folder that was read as a whole is told by the folder.
      const isInTree = (input: string): boolean =>
        /^(file|stat|there):/.test(input) &&
        trees.some(tree => input.slice(input.indexOf(':') + 1).startsWith(`${tree}/`))
      const inputs: Record<string, string> = {}
      for (const input of [...own.keys()].sort()) if (!isInTree(input)) inputs[input] = (await own.get(input)) ?? none
      return inputs
    },
    async changed(inputs, key) {
      for (const [input, before] of Object.entries(inputs)) {
        if ((await fingerprintOf(input, key)) === before) continue
        const at = input.indexOf(':')
        const [kind, name] = [input.slice(0, at), input.slice(at + 1)]
        const what = pathKinds.includes(kind) ? name : kind === 'secret' ? `secret ${name}` : `variable ${name}`
        return `${what} changed`
      }
      return undefined
    },
  }
}
