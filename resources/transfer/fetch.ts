// The `fetch` kind: a file of the host on this machine, as Ansible's fetch.

import { createHash } from 'node:crypto'
import { basename, isAbsolute, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { UserError } from '../../core/errors.js'
import { type LocalWrite, resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { hostPath } from '../_attributes.js'
import { mustBeFile } from '../_content.js'
import { type Entry, look, readEntry } from '../_look.js'
import { sumOf } from '../_sum.js'

/** Bytes. More is no matter of a configuration. */
const largest = 32 << 20
/** Bytes that a file may have once compressed: as base64 they must stay below what one command may print. */
const largestCompressed = 5_500_000

const schema = z.strictObject({
  src: hostPath.describe('Absolute path of the file on the host. A link is followed'),
  dest: z
    .string()
    .min(1)
    .describe(
      "Path on this machine, from the playbook's folder; with a slash at its end, the folder for it. With several hosts it must hold {{host.name}}",
    ),
  flat: z
    .literal(true, { error: 'must be true: no folders are made by themselves; put {{host.name}} into dest' })
    .optional()
    .describe('Always so: dest is taken as it stands'),
  fail_on_missing: z.boolean().default(true).describe('Whether a file that is not on the host is an error'),
})

type Want = z.infer<typeof schema> & { to?: string; sum?: string | undefined }

const target = (want: Want): string => want.to ?? want.dest

/** Prints the file's sum and permissions, and after them the file, compressed and in base64. */
const printing = (want: Want) => sh`(
fail() { echo "$1" >&2; exit 1; }
src=${want.src}
if [ ! -f "$src" ]; then fail "$src does not exist on the host, or is no file"; fi
if [ "$(stat -L -c %s "$src")" -gt ${largest} ]; then fail "$src is larger than ${largest >> 20} MB: fetch is for small files"; fi
umask 077
got=$(mktemp) || exit 1
trap 'rm -f "$got" "$got.gz"' EXIT
trap 'exit 130' HUP INT TERM
cat "$src" >"$got" && gzip -c "$got" >"$got.gz" || fail "$src could not be read whole: is there room in the temporary folder?"
if [ "$(stat -c %s "$got.gz")" -gt ${largestCompressed} ]; then fail "$src is larger than ${largestCompressed} bytes, also compressed: fetch is for small files"; fi
sum=$(sha256sum <"$got") || exit 1
echo "sum=\${sum%% *} mode=$(stat -L -c %a "$src")"
base64 "$got.gz" || exit 1
echo end
)`

/** The file that `printing` printed. Throws a UserError where it did not arrive whole. */
function arrived(want: Want, out: string): LocalWrite {
  const [, sum, mode = '', body = ''] = /^sum=([\da-f]{64}) mode=(\d+)\n([\s\S]*)^end$/m.exec(out) ?? []
  const fault = new UserError(`${want.src} did not arrive whole`, { hint: 'Nothing was written here; run it again.' })
  let bytes: Uint8Array
  try {
    bytes = gunzipSync(Buffer.from(body, 'base64'), { maxOutputLength: largest + 1 })
  } catch {
    throw fault
  }
  if (sumOf(bytes) !== sum) throw fault
  const isPrivate = (Number.parseInt(mode, 8) & 0o044) === 0
  return { path: target(want), bytes, mode: isPrivate ? 0o600 : 0o644 }
}

function changes(want: Want, seen: Entry): Change[] {
  if (seen.kind === 'absent')
    return want.fail_on_missing ? [{ what: 'content', from: 'not on the host', to: 'a copy of it here' }] : []
  if (seen.sum === want.sum) return []
  return [
    { what: 'content', from: want.sum === undefined ? 'absent here' : 'other content here', to: `${seen.size} bytes` },
  ]
}

/** Brings a file here. A file that only its owner may read on the host is so here too. */
export const fetch = resource<Want, Entry>({
  kind: 'fetch',
  summary: 'A file of the host on this machine, brought anew whenever the two differ.',
  example: `- name: keep what the host is
  fetch: { src: /etc/os-release, dest: "fetched/{{host.name}}/" }`,
  schema,
  name: want => `local file ${target(want)}`,
  async load(want, context) {
    const path = want.dest.endsWith('/') ? join(want.dest, basename(want.src)) : want.dest
    const to = isAbsolute(path) ? path : join(await context.find('.', 'files'), path)
    const found = await context.files.stat(to)
    if (found?.kind === 'directory')
      throw new UserError(`${to} is a folder`, { hint: 'End dest with a slash, so that the file goes into it.' })
    const sum =
      found === undefined
        ? undefined
        : createHash('sha256')
            .update(await context.files.bytes(to))
            .digest('hex')
    return { ...want, to, sum }
  },
  probe: want => sh`${look}
look ${want.src} sum`,
  read(out, want) {
    const seen = readEntry(out)
    mustBeFile(want.src, seen)
    return seen
  },
  diff: changes,
  verb: () => 'fetch',
  apply: (want, seen) => (changes(want, seen).length === 0 ? [] : [printing(want)]),
  touches: want => [`local:${target(want)}`],
  result: (want, seen) => ({ dest: target(want), checksum: seen.sum }),
  keeps: (want, out) => [arrived(want, out)],
})
