// The `get_url` kind: a file that the host gets from the web itself, as Ansible's get_url.
import { posix } from 'node:path'
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh, withStdin } from '../../core/sh.js'
import { attributeChanges, attributeFields, folderOrFile, setAttributes } from '../_attributes.js'
import { careFields, mustBeFile } from '../_content.js'
import { plainExports } from '../_environment.js'
import { cutEntry, type Entry, look } from '../_look.js'
import { place, validation } from '../_write.js'
import {
  checking,
  downloading,
  printRequest,
  requestFields,
  requestSource,
  secretHeaders,
  urlSchema,
} from './_download.js'

const nameIn = (url: string): string => posix.basename(new URL(url).pathname)

const schema = z
  .strictObject({
    url: urlSchema.describe('Where it lies: http or https'),
    dest: folderOrFile.describe(
      'Absolute path on the host; with a slash at its end, the folder for it, and its name is the last one of the url',
    ),
    ...requestFields,
    force: z
      .boolean()
      .default(false)
      .describe('Without a checksum: compare with what the url gives now, at the price of a download each time'),
    ...attributeFields,
    ...careFields,
  })
  .superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (want.dest.endsWith('/') && nameIn(want.url) === '') refuse('dest', 'must name the file: the url has no name')
    if (want.force && want.checksum === undefined && secretHeaders(want).length > 0)
      refuse('force', 'cannot be told by a plan where headers are secret: give a checksum')
  })
  .transform(want => ({
    ...want,
    dest: want.dest.endsWith('/') ? posix.join(want.dest, decodeURIComponent(nameIn(want.url))) : want.dest,
  }))

type Want = z.infer<typeof schema>

interface Seen {
  entry: Entry
  /** Of what is there, by the wanted algorithm; empty if it was not asked for. */
  checksum: string
  /** SHA-256 of what the url gives, where that was asked; why that cannot be told, if so. */
  remote: { sum: string } | { unknown: string } | undefined
}

/** Whether only the url itself can tell that something differs. */
const mustAsk = (want: Want): boolean => want.force && want.checksum === undefined

const askRemote = (want: Want): Sh => sh`
(${downloading(want.timeout)}
${plainExports(want.environment)}
asked=$(mktemp) || exit 1
trap 'rm -f "$asked"*' EXIT
${printRequest(want)} >"$asked"
sum=$({ download - 2>"$asked.failed" || echo failed >>"$asked.failed"; } | sha256sum)
if [ "$(tail -n 1 "$asked.failed")" = failed ]; then echo "unknown=$(tail -n 2 "$asked.failed" | head -n 1)"
else echo "remote=\${sum%% *}"; fi)`

function contentChange(want: Want, { entry, checksum, remote }: Seen): { from: string; to: string } | undefined {
  if (entry.kind === 'absent') return { from: 'absent', to: want.url }
  const wanted = want.checksum
  if (wanted !== undefined)
    return checksum === wanted.hex
      ? undefined
      : { from: `${wanted.algorithm}:${checksum.slice(0, 12)}…`, to: `${wanted.algorithm}:${wanted.hex.slice(0, 12)}…` }
  if (remote === undefined) return undefined
  if ('unknown' in remote) return { from: `cannot be compared yet (${remote.unknown})`, to: want.url }
  return remote.sum === entry.sum ? undefined : { from: 'other content', to: want.url }
}

/** The script that gets the file beside its place, checks it, and puts it there. */
const getting = (want: Want, { entry }: Seen): Sh => sh`(${place}
${downloading(want.timeout)}
${plainExports(want.environment)}
dest=${want.dest}
folder=\${dest%/*}
if [ ! -d "$folder/" ]; then fail "the folder $folder does not exist on the host: create it in a task before"; fi
umask 077
asked=$(mktemp) || exit 1
trap 'rm -f "$asked"*' EXIT
trap 'exit 130' HUP INT TERM
got=$(mktemp "$folder/.longshore.XXXXXX") || exit 1
trap 'rm -f "$asked"* "$got"' EXIT
cat >"$asked"
download "$got" || fail ${`${want.dest} is as it was: ${want.url} could not be had`}
${checking(want.dest, want.url, want.checksum)}
sum=$(sum_of "$got") || exit 1
place "$dest" ${entry.kind === 'absent' ? 'absent' : entry.sum} "$sum" ${[want.mode ?? '', want.owner ?? '', want.group ?? '', '0644', validation(want.validate), want.backup === true ? 'yes' : '']} <"$got"
)`

/** A file from the web. Without a checksum it is got once; with one, whenever the file has another. */
export const getUrl = resource<Want, Seen>({
  kind: 'get_url',
  summary: 'A file that the host gets from the web: once, or whenever it has not the wanted checksum.',
  example: `- name: what downloads, and a server to download from
  package: [curl, busybox-static]
- name: a page
  copy: { dest: /srv/page.txt, content: hello }
- name: the server runs
  command: { sh: "cd /srv && busybox httpd -p 127.0.0.1:8099 </dev/null >/dev/null 2>&1", check: "curl -fs http://127.0.0.1:8099/page.txt" }
- name: the page comes over the web
  get_url:
    url: http://127.0.0.1:8099/page.txt
    dest: /srv/copy.txt
    checksum: sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824`,
  schema,
  name: want => `file ${want.dest}`,
  probe: want => sh`${look}
look ${want.dest} sum
${want.checksum?.algorithm === 'sha512' ? sh`if [ -f ${want.dest} ]; then sum=$(sha512sum <${want.dest}) || exit 1; echo "sha512=\${sum%% *}"; fi` : sh``}
${mustAsk(want) ? sh`if [ -f ${want.dest} ]; then ${askRemote(want)}; fi` : sh``}`,
  read(out, want) {
    const [entry, rest] = cutEntry(out)
    mustBeFile(want.dest, entry)
    const told = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(rest)?.[1]
    const checksum = want.checksum?.algorithm === 'sha512' ? told('sha512') : entry.sum
    const [sum, unknown] = [told('remote'), told('unknown')]
    const isFile = entry.kind === 'file'
    if (checksum === undefined ? isFile : isFile && mustAsk(want) && sum === undefined && unknown === undefined)
      throw new UserError(`the host did not say what ${want.dest} comes to`, { output: out.slice(-2000) })
    const remote = sum !== undefined ? { sum } : unknown === undefined ? undefined : { unknown }
    return { entry, checksum: checksum ?? '', remote }
  },
  diff(want, seen) {
    const change = contentChange(want, seen)
    const others = seen.entry.kind === 'absent' ? [] : attributeChanges(want, seen.entry)
    return change === undefined ? others : [{ what: 'content', ...change }, ...others]
  },
  verb: (want, seen) => (contentChange(want, seen) === undefined ? 'change' : 'download'),
  apply(want, seen) {
    if (contentChange(want, seen) !== undefined) return [withStdin(getting(want, seen), requestSource(want))]
    return attributeChanges(want, seen.entry).length > 0 ? [setAttributes(want.dest, want)] : []
  },
  touches: want => [`file:${want.dest}`],
  secrets: secretHeaders,
  result: want => ({ dest: want.dest, url: want.url }),
})
