// The `copy` kind: a file, a folder or a text of ours on the host; only what differs is sent, and nothing else there is removed.
import { basename, posix } from 'node:path'
import { UserError, usageError } from '../core/errors.js'
import type { FileEntry } from '../core/files.js'
import { type LoadContext, resource } from '../core/resource.js'
import { z } from '../core/schema.js'
import { Secret } from '../core/secret.js'
import { lines, type Sh, sh } from '../core/sh.js'
import type { Change } from '../core/step.js'
import { attributeFields, folderOrFile, modeSchema, ownership, textOrSecret } from './_attributes.js'
import {
  attributesOnly,
  careFields,
  type FileWant,
  fileChanges,
  modeFor,
  mustBeFile,
  payloadOf,
  payloadOfFile,
  printText,
  readTexts,
  wantsText,
  writingOf,
} from './_content.js'
import { type Entry, look, readEntries } from './_look.js'
import { writeFiles } from './_write.js'

const schema = z
  .strictObject({
    src: z
      .string()
      .min(1)
      .optional()
      .describe('File or folder here; of a folder with a slash at its end, what is in it'),
    content: textOrSecret.optional().describe('The text itself, instead of src'),
    dest: folderOrFile.describe(
      'Absolute path on the host; with a slash at its end, the folder for it. A link is followed',
    ),
    directory_mode: modeSchema.optional().describe('Mode of the folders that must be made; 0755 if left out'),
    ...attributeFields,
    ...careFields,
  })
  .refine(want => (want.src === undefined) !== (want.content === undefined), 'give either src or content')

type Item =
  | ({ kind: 'file'; shown: string } & FileWant)
  | { kind: 'directory'; shown: string; path: string }
  | { kind: 'link'; shown: string; path: string; target: string }

type Want = z.infer<typeof schema> & { items?: Item[] }
type Seen = Entry[]

/** Who may write is not taken over: whether a checkout is group-writable depends on who made it, and must not change a host. */
const ownMode = (mode: number): string => (mode & 0o755).toString(8).padStart(4, '0')

async function fileItem(want: Want, from: string, entry: FileEntry, path: string, context: LoadContext): Promise<Item> {
  const payload = payloadOfFile(from, await context.files.bytes(from))
  const { owner, group, validate, backup } = want
  const mode = want.mode ?? ownMode(entry.mode)
  return { kind: 'file', shown: entry.path, path, payload, mode, owner, group, newMode: mode, validate, backup }
}

async function items(want: Want, context: LoadContext): Promise<Item[]> {
  const dest = want.dest === '/' ? want.dest : want.dest.replace(/\/$/, '')
  if (want.content !== undefined) {
    if (want.dest.endsWith('/')) throw usageError(`${want.dest} names a folder`, { hint: 'Give the file a name.' })
    const payload = payloadOf(want.content)
    return [
      {
        ...want,
        kind: 'file',
        shown: 'content',
        path: dest,
        payload,
        mode: modeFor(payload, want.mode),
        newMode: '0644',
      },
    ]
  }
  const src = want.src ?? ''
  const from = await context.find(src.replace(/(?<=.)\/$/, ''), 'files')
  const root = await context.files.stat(from)
  if (root === undefined) throw usageError(`${from} does not exist`)
  if (root.kind !== 'directory') {
    const path = want.dest.endsWith('/') ? posix.join(want.dest, basename(from)) : dest
    return [await fileItem(want, from, { ...root, path: 'content' }, path, context)]
  }
  const top = src.endsWith('/') ? dest : posix.join(dest, basename(from))
  const found: Item[] = [{ kind: 'directory', shown: '.', path: top }]
  for (const entry of await context.files.list(from)) {
    const path = posix.join(top, entry.path)
    if (entry.kind === 'directory') found.push({ kind: 'directory', shown: entry.path, path })
    else if (entry.kind === 'link') found.push({ kind: 'link', shown: entry.path, path, target: entry.target ?? '' })
    else found.push(await fileItem(want, posix.join(from, entry.path), entry, path, context))
  }
  return found
}

function mustFit(item: Item, seen: Entry): void {
  if (item.kind === 'file') mustBeFile(item.path, seen)
  else if (seen.kind !== 'absent' && (item.kind === 'link' ? seen.link === undefined : seen.kind !== 'directory'))
    throw new UserError(`${item.path} is no ${item.kind} on the host`, {
      hint: `A ${item.kind} is to be copied there: remove what is there, or copy to another place.`,
    })
}

function changesOf(item: Item, seen: Entry): Change[] {
  if (item.kind === 'file') return fileChanges(item, seen, item.shown)
  if (item.kind === 'directory')
    return seen.kind === 'absent' ? [{ what: item.shown, from: 'absent', to: 'directory' }] : []
  return seen.link === item.target
    ? []
    : [
        {
          what: item.shown,
          from: seen.link === undefined ? 'absent' : `link to ${seen.link}`,
          to: `link to ${item.target}`,
        },
      ]
}

const pairs = (want: Want, seen: Seen): [Item, Entry][] =>
  (want.items ?? []).flatMap((item, index): [Item, Entry][] => {
    const entry = seen[index]
    return entry === undefined ? [] : [[item, entry]]
  })

const makeDirectory = (path: string, want: Want): Sh => {
  const owners = ownership(want)
  const made = sh`mkdir -p ${path} && chmod ${want.directory_mode ?? '0755'} ${path}`
  return owners === '' ? sh`${made} || exit 1` : sh`${made} && chown ${owners} ${path} || exit 1`
}

const isText = ([item, entry]: [Item, Entry]): boolean => item.kind === 'file' && wantsText(item, entry)

/** As many of the differing texts as are shown together in a plan. */
const mostTexts = 50

/** Copies from this machine. Folders that exist are left as they are; files keep their own modes without what group and others may write. */
export const copy = resource<Want, Seen>({
  kind: 'copy',
  schema,
  summary: 'Files or whole folders of this machine, or a text, on the host; only what differs travels.',
  example: `- name: a text
  copy: { content: "hello\\n", dest: /srv/hello.txt }
- name: a folder that lies beside the playbook or in its files/ folder
  copy: { src: site/, dest: /srv/site/, owner: root }`,
  name: want => `${(want.items?.length ?? 1) > 1 ? 'files' : 'file'} ${want.dest}`,
  async load(want, context) {
    const found = await items(want, context)
    return { ...want, dest: found[0]?.path ?? want.dest, items: found }
  },
  probe: want => sh`${look}
${lines(...(want.items ?? []).map(item => sh`look ${item.path} ${item.kind === 'file' ? 'sum' : ''}`))}`,
  read(out, want) {
    const seen = readEntries(out)
    if (seen.length !== (want.items ?? []).length)
      throw new UserError('the host did not answer for every path', { output: out.slice(-2000) })
    for (const [item, entry] of pairs(want, seen)) mustFit(item, entry)
    return seen
  },
  content(want, seen) {
    const texts = pairs(want, seen).filter(isText).slice(0, mostTexts)
    return texts.length === 0 ? undefined : lines(...texts.map(([item]) => printText(item.path)))
  },
  withContent(out, want, seen) {
    const texts = readTexts(out)
    return pairs(want, seen).map(([item, entry]) => {
      const text = isText([item, entry]) ? texts.shift() : undefined
      return text === undefined ? entry : { ...entry, text }
    })
  },
  diff: (want, seen) => pairs(want, seen).flatMap(([item, entry]) => changesOf(item, entry)),
  verb: (_want, seen) => (seen[0]?.kind === 'absent' ? 'create' : 'write'),
  apply(want, seen) {
    const differing = pairs(want, seen).filter(([item, entry]) => changesOf(item, entry).length > 0)
    const made = differing.flatMap(([item]) =>
      item.kind === 'directory'
        ? [makeDirectory(item.path, want)]
        : item.kind === 'link'
          ? [sh`ln -sfn -- ${item.target} ${item.path} || exit 1`]
          : [],
    )
    const files = differing.filter((pair): pair is [Item & { kind: 'file' }, Entry] => pair[0].kind === 'file')
    const attributes = files.flatMap(([item, entry]) => {
      const set = attributesOnly(item, entry)
      return set === undefined ? [] : [sh`{ ${set}; } || exit 1`]
    })
    const direct = [...made, ...attributes]
    return [
      ...(direct.length === 0
        ? []
        : [
            sh`(
${lines(...direct)}
)`,
          ]),
      ...writeFiles(files.flatMap(([item, entry]) => writingOf(item, entry) ?? [])),
    ]
  },
  touches: want => (want.items ?? []).map(item => `file:${item.path}`),
  secrets: want => (want.content instanceof Secret ? [want.content] : []),
})
