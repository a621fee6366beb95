// The `template` kind: a file on the host with the text of a Handlebars file of ours.
import { basename } from 'node:path'
import { resource } from '../core/resource.js'
import { z } from '../core/schema.js'
import { Secret } from '../core/secret.js'
import { sh } from '../core/sh.js'
import { attributeFields, folderOrFile } from './_attributes.js'
import {
  attributesOnly,
  careFields,
  type FileWant,
  fileChanges,
  modeFor,
  mustBeFile,
  type Payload,
  payloadOf,
  printText,
  readTexts,
  wantsText,
  writingOf,
} from './_content.js'
import { type Entry, look, readEntry } from './_look.js'
import { writeFiles } from './_write.js'

const schema = z.strictObject({
  src: z.string().min(1).describe('The template: beside the playbook, or in its templates/ folder'),
  dest: folderOrFile.describe(
    'Absolute path on the host; with a slash at its end, the folder for it. A link is followed',
  ),
  ...attributeFields,
  ...careFields,
})

type Want = z.infer<typeof schema> & { payload?: Payload }

const wanted = (want: Want): FileWant => {
  const payload = want.payload ?? payloadOf('')
  return { ...want, path: want.dest, payload, mode: modeFor(payload, want.mode), newMode: '0644' }
}

/** Writes a rendered template. A file that exists keeps what `mode`, `owner` and `group` leave out; a new one is 0644, or 0600 with a secret. */
export const template = resource<Want, Entry>({
  kind: 'template',
  schema,
  summary: 'A file made from a Handlebars template of this machine.',
  example: `- name: message of the day
  template: { src: motd.hbs, dest: /etc/motd, mode: "0644" }`,
  name: want => `file ${want.dest}`,
  async load(want, context) {
    const file = await context.find(want.src, 'templates')
    const { text, secret } = context.render(await context.files.text(file), file)
    const dest = want.dest.endsWith('/') ? want.dest + basename(file).replace(/\.(hbs|j2)$/, '') : want.dest
    return { ...want, dest, payload: payloadOf(secret ? new Secret(`text of ${want.src}`, text) : text) }
  },
  probe: want => sh`${look}
look ${want.dest} sum`,
  read(out, want) {
    const seen = readEntry(out)
    mustBeFile(want.dest, seen)
    return seen
  },
  content: (want, seen) => (wantsText(wanted(want), seen) ? printText(want.dest) : undefined),
  withContent(out, _want, seen) {
    const [text] = readTexts(out)
    return text === undefined ? seen : { ...seen, text }
  },
  diff: (want, seen) => fileChanges(wanted(want), seen),
  verb: (_want, seen) => (seen.kind === 'absent' ? 'create' : 'write'),
  apply(want, seen) {
    const writing = writingOf(wanted(want), seen)
    const attributes = attributesOnly(wanted(want), seen)
    return [...(writing === undefined ? [] : writeFiles([writing])), ...(attributes === undefined ? [] : [attributes])]
  },
  touches: want => [`file:${want.dest}`],
})
