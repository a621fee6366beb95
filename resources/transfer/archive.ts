// The `archive` kind: an archive unpacked on the host, once for each content, as Ansible's unarchive.

import { createHash } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { UserError, usageError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh, withStdin } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { attributeFields, hostPath, ownership } from '../_attributes.js'
import { plainExports } from '../_environment.js'
import { sumOf } from '../_sum.js'
import { checking, downloading, requestFields, requestSource, secretHeaders, urlSchema } from './_download.js'
import { unpacking } from './_unpack.js'

const isUrl = (src: string): boolean => /^https?:\/\//i.test(src)

/** Ansible's word for an archive that lies on the host. */
const withoutAlias = (given: unknown): unknown => {
  if (typeof given !== 'object' || given === null || !('remote_src' in given)) return given
  const { remote_src, ...rest } = given
  return { remote: remote_src, ...rest }
}

const { owner, group } = attributeFields

const fields = z
  .strictObject({
    src: z
      .string()
      .regex(/^\P{Cc}+$/u, 'must be a path or an address')
      .describe('The archive: beside the playbook or in its files/ folder; with remote, on the host; or http(s)://…'),
    dest: hostPath.describe('Folder on the host into which it is unpacked; made where it is not there'),
    remote: z.boolean().default(false).describe('src is a path on the host'),
    creates: hostPath.optional().describe('Nothing to do when this path exists'),
    strip: z.int().min(0).max(20).default(0).describe('How many leading folders of the names are left out'),
    owner,
    group,
    same_owner: z
      .boolean()
      .default(false)
      .describe("Keep the archive's own owners; else all belongs to owner, or to who unpacks it"),
    ...requestFields,
  })
  .superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (isUrl(want.src)) {
      const [issue] = urlSchema.safeParse(want.src).error?.issues ?? []
      if (issue !== undefined) refuse('src', issue.message)
    } else if (want.remote && !isAbsolute(want.src)) refuse('src', 'must be an absolute path on the host')
    if (!isUrl(want.src) && want.checksum !== undefined) refuse('checksum', 'goes with a src that is an address')
    if (want.same_owner && (want.owner ?? want.group) !== undefined)
      refuse('same_owner', 'goes without owner and group')
  })
const schema = z.preprocess(withoutAlias, fields)

type Want = z.infer<typeof fields> & { file?: string; sum?: string }

interface Seen {
  /** `created`: what `creates` names is there. */
  dest: 'created' | 'directory' | 'absent' | 'other'
  /** What the stamp of the last unpacking says; undefined without one. */
  stamp: string | undefined
  /** What it would say now; undefined where the archive is not on the host yet. */
  wanted: string | undefined
}

/** The stamp lies in dest, so that it goes with it. Archives of other names have stamps of their own. */
const stampOf = ({ dest, src }: Want): string =>
  `${dest === '/' ? '' : dest}/.longshore-archive-${sumOf(src).slice(0, 16)}`

/** What a stamp says after the sum of the source: how it was unpacked. */
const manner = (want: Want): string => `strip=${want.strip} owner=${want.same_owner ? 'same' : ownership(want)}`

/** What is known here of the source: its sum, or for an address without a checksum the address. Undefined for a path of the host. */
function sourceOf(want: Want): string | undefined {
  if (isUrl(want.src))
    return want.checksum === undefined ? `url:${sumOf(want.src)}` : `${want.checksum.algorithm}:${want.checksum.hex}`
  return want.remote ? undefined : `sha256:${want.sum ?? ''}`
}

/** The archive as `$got`, from wherever it comes. */
function getting(want: Want): Sh {
  if (isUrl(want.src))
    return sh`${downloading(want.timeout)}
${plainExports(want.environment)}
got=$work/archive asked=$work/asked
cat >"$asked"
download "$got" || fail ${`${want.dest} is as it was: ${want.src} could not be had`}
${checking(want.dest, want.src, want.checksum)}`
  if (want.remote)
    return sh`got=${want.src}
if [ ! -f "$got" ]; then fail "$got does not exist on the host, or is no file"; fi`
  return sh`got=$work/archive
cat >"$got" || fail ${`${want.dest} is as it was: the archive has no room there`}
sum=$(sha256sum <"$got")
if [ "\${sum%% *}" != ${want.sum ?? ''} ]; then fail ${`${want.dest} is as it was: what arrived is not what was to be sent`}; fi`
}

/** Unpacks beside its place first, so that a broken archive changes nothing; the stamp goes before the change and comes after it. */
const script = (want: Want): Sh => sh`(
fail() { printf '%s\n' "$1" >&2; exit 1; }
${unpacking}
dest=${want.dest} stamp=${stampOf(want)}
if [ -e "$dest" ] && [ ! -d "$dest" ]; then fail "$dest is no folder on the host"; fi
mkdir -p "$dest" || exit 1
work=$(mktemp -d "\${dest%/}/.longshore.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
${getting(want)}
mkdir "$work/all" || exit 1
unpack "$got" "$work/all" ${want.strip} ${want.same_owner ? 'yes' : 'no'} || fail ${`${want.dest} is as it was: ${want.src} could not be unpacked`}
if [ -z "$(ls -A "$work/all")" ]; then fail ${`${want.dest} is as it was: ${want.src} is empty${want.strip > 0 ? ` once ${want.strip} folders are stripped` : ''}`}; fi
${ownership(want) === '' ? sh`:` : sh`chown -R -h ${ownership(want)} "$work/all" || exit 1`}
${sourceOf(want) === undefined ? sh`sum=$(sha256sum <"$got") || exit 1; said="sha256:\${sum%% *}"` : sh`said=${sourceOf(want) ?? ''}`}
rm -f "$stamp"
merge "$work/all" "$dest" || fail ${`${want.src} was unpacked only in part into ${want.dest}: run it again`}
printf '%s %s\n' "$said" ${manner(want)} >"$work/stamp" && mv -f "$work/stamp" "$stamp"
)`

function changes(want: Want, { dest, stamp, wanted }: Seen): Change[] {
  if (dest === 'created' || (stamp !== undefined && stamp === wanted)) return []
  const to = wanted === undefined ? `${want.src}, which is not there yet` : want.src
  if (stamp === undefined) return [{ what: 'content', from: dest === 'absent' ? 'absent' : 'not unpacked', to }]
  const isOther = stamp.split(' ')[0] !== wanted?.split(' ')[0]
  return [{ what: 'content', from: isOther ? 'another archive' : 'unpacked in another manner', to }]
}

/** An unpacked archive. Files that came with an older one and are no longer in it stay. */
export const archive = resource<Want, Seen>({
  kind: 'archive',
  summary:
    'Unpacks a tar (gz, xz, zst, bz2) or zip archive from here, from the host or from the web; again when it changes.',
  example: `- name: something to pack
  copy: { dest: /srv/notes.txt, content: hello }
- name: an archive of it
  command: { argv: [tar, -C, /srv, -czf, /srv/notes.tar.gz, notes.txt], creates: /srv/notes.tar.gz }
- name: unpack it elsewhere
  archive: { src: /srv/notes.tar.gz, remote: true, dest: /opt/notes, owner: root }`,
  schema,
  name: want => `archive in ${want.dest}`,
  async load(want, context) {
    if (want.remote || isUrl(want.src)) return want
    const file = await context.find(want.src, 'files')
    if ((await context.files.stat(file))?.kind === 'directory')
      throw usageError(`${file} is a folder`, { hint: 'copy takes folders; archive takes a packed file.' })
    return {
      ...want,
      file,
      sum: createHash('sha256')
        .update(await context.files.bytes(file))
        .digest('hex'),
    }
  },
  probe(want) {
    const source = sourceOf(want)
    return sh`
dest=${want.dest} stamp=${stampOf(want)}
${want.creates === undefined ? sh`` : sh`if [ -e ${want.creates} ]; then echo dest=created; exit 0; fi`}
if [ -d "$dest" ]; then
  if [ ! -x "$dest" ]; then echo "no permission to look into $dest" >&2; exit 1; fi
  echo dest=directory
elif [ -e "$dest" ]; then echo dest=other
else echo dest=absent; fi
if [ -f "$stamp" ]; then echo "stamp=$(head -n 1 "$stamp")"; fi
${
  source === undefined
    ? sh`if [ -f ${want.src} ]; then sum=$(sha256sum <${want.src}) || exit 1; echo "source=sha256:\${sum%% *}"; fi`
    : sh`echo ${`source=${source}`}`
}`
  },
  read(out, want) {
    const told = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(out)?.[1]
    const dest = told('dest')
    if (dest !== 'created' && dest !== 'directory' && dest !== 'absent' && dest !== 'other')
      throw new UserError('the host did not say what is at the folder', { output: out.slice(-2000) })
    const source = told('source')
    return { dest, stamp: told('stamp'), wanted: source === undefined ? undefined : `${source} ${manner(want)}` }
  },
  diff: changes,
  verb: (_want, seen) => (seen.stamp === undefined ? 'unpack' : 'unpack again'),
  apply(want, seen) {
    if (changes(want, seen).length === 0) return []
    if (isUrl(want.src)) return [withStdin(script(want), requestSource({ url: want.src, headers: want.headers }))]
    return [want.file === undefined ? script(want) : withStdin(script(want), { file: want.file })]
  },
  brings: () => true,
  touches: want => [`file:${want.dest}`],
  secrets: secretHeaders,
  result: want => ({ dest: want.dest, src: want.src }),
})
