// Writing files on the host so that nobody ever sees half of one, and only over what the plan has seen.
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { reveal, Secret } from '../core/secret.js'
import { lines, type Sh, type Source, sh, withStdin } from '../core/sh.js'
import type { Attributes } from './_attributes.js'

/** One file to be written. */
export interface Writing extends Attributes {
  path: string
  /** SHA-256 of what the probe found there, or `absent`. */
  seen: string
  /** SHA-256 of the new content. */
  sum: string
  /** Bytes of the new content. */
  size: number
  /** Mode of a file that was not there, where `mode` says nothing. */
  newMode: string
  content: { text: string } | { file: string } | { secret: Secret }
  /** Shell text in which %s stands for a file with the new content; unless it exits with 0, nothing is replaced. */
  validate?: string | undefined
  /** Keep the old file beside the new one. */
  backup?: boolean | undefined
}

/**
 * Defines `place PATH SEEN WANTED MODE OWNER GROUP NEWMODE VALIDATE BACKUP`: puts its standard input into a file beside PATH and renames it.
 * It follows a link at PATH, keeps the mode and the owner for which it was given '', and refuses when the file is neither as
 * the probe saw it nor as it should become. Whatever stops it, PATH holds the old content or the new.
 */
export const place: Sh = sh`
fail() { printf '%s\n' "$1" >&2; exit 1; }
sum_of() { sum=$(sha256sum <"$1") && echo "\${sum%% *}"; }
place() (
  path=$1 seen=$2 wanted=$3 mode=$4 owner=$5 group=$6 real=$1
  if [ -L "$path" ]; then real=$(readlink -f "$path") || fail "$path is a link to nowhere"; fi
  if [ -d "$real" ]; then fail "$path is a directory, and a file is wanted there"; fi
  if [ -f "$real" ]; then now=$(sum_of "$real") || exit 1
  elif [ -e "$real" ]; then fail "$path is not an ordinary file"
  else now=absent; fi
  if [ "$now" != "$seen" ] && [ "$now" != "$wanted" ]; then fail "$path has changed since the plan: plan again"; fi
  folder=\${real%/*}
  if [ ! -d "$folder/" ]; then fail "the folder $folder does not exist on the host: create it in a task before"; fi
  umask 077
  temp=$(mktemp "$folder/.longshore.XXXXXX") || exit 1
  trap 'rm -f "$temp"' EXIT
  trap 'exit 130' HUP INT TERM
  cat >"$temp" || fail "$path is as it was: its new content has no room in $folder"
  if [ "$(sum_of "$temp")" != "$wanted" ]; then fail "$path is as it was: what arrived is not what was to be sent"; fi
  if [ "$now" = absent ]; then mode=\${mode:-$7}
  else
    mode=\${mode:-$(stat -c %a "$real")} owner=\${owner:-$(stat -c %u "$real")} group=\${group:-$(stat -c %g "$real")}
  fi
  owners=$owner\${group:+:$group}
  if [ -n "$owners" ]; then chown "$owners" "$temp" || exit 1; fi
  chmod "$mode" "$temp" || exit 1
  if [ -n "$8" ]; then
    said=$(sh -c "$8" sh "$temp" </dev/null 2>&1) || fail "$said
$path is as it was: the new content does not pass its validation"
  fi
  if [ -n "$9" ] && [ "$now" != absent ] && [ "$now" != "$wanted" ]; then cp -p "$real" "$real.$(date +%Y-%m-%d@%H:%M:%S).$$~" || exit 1; fi
  mv -f "$temp" "$real"
)`

/** The file's name goes in as a parameter, so that no name can become a part of the command. */
export const validation = (text = ''): string => text.replaceAll('%s', '"$1"')

const attributesOf = (file: Writing): string[] => [
  file.mode ?? '',
  file.owner ?? '',
  file.group ?? '',
  file.newMode,
  validation(file.validate),
  file.backup === true ? 'yes' : '',
]
const placing = (file: Writing): Sh => sh`place ${[file.path, file.seen, file.sum, ...attributesOf(file)]}`

/** Writes one file; a secret's sums travel with it over stdin, because a hash of a short secret tells it. */
function writeOne(file: Writing): Sh {
  const { content } = file
  if ('secret' in content) {
    const payload = new Secret(content.secret.name, `${file.seen} ${file.sum}\n${reveal(content.secret)}`)
    const script = sh`(${place}
IFS=' ' read -r seen wanted && place ${file.path} "$seen" "$wanted" ${attributesOf(file)}
)`
    return withStdin(script, { secret: payload })
  }
  return withStdin(
    sh`(${place}
${placing(file)}
)`,
    'text' in content ? content.text : content,
  )
}

async function* bytesOf(files: readonly Writing[]): AsyncGenerator<Uint8Array> {
  for (const { content } of files) {
    if ('text' in content) yield Buffer.from(content.text)
    else if ('file' in content) yield* createReadStream(content.file)
  }
}

/** Writes several files in one go: their contents come one after the other, are kept aside whole, and are then put in place. */
function writeTogether(files: readonly Writing[]): Sh {
  let offset = 1
  const parts = files.map(file => {
    const part = sh`tail -c +${offset} "$all" | head -c ${file.size} | ${placing(file)} || exit 1`
    offset += file.size
    return part
  })
  const script = sh`(${place}
all=$(mktemp) || exit 1
trap 'rm -f "$all"' EXIT
trap 'exit 130' HUP INT TERM
cat >"$all" || fail "nothing was written: the new files have no room in \${TMPDIR:-/tmp}"
${lines(...parts)}
)`
  const source: Source = () => Readable.from(bytesOf(files), { objectMode: false })
  return withStdin(script, source)
}

/** A script stays far below the 100 KB that may be an argument, and one go below what a temporary folder surely holds. */
const limits = { files: 150, bytes: 4 << 20, text: 50_000 }

/** Shell texts that write the files, in order. Small ones share a round trip; a large one, or a secret, has its own. */
export function writeFiles(files: readonly Writing[]): Sh[] {
  const texts: Sh[] = []
  let together: Writing[] = []
  let [bytes, text] = [0, 0]
  const flush = (): void => {
    const [first] = together
    if (first !== undefined) texts.push(together.length === 1 ? writeOne(first) : writeTogether(together))
    together = []
    bytes = 0
    text = 0
  }
  for (const file of files) {
    const alone = 'secret' in file.content || file.size > limits.bytes
    if (alone || together.length >= limits.files || bytes + file.size > limits.bytes || text > limits.text) flush()
    together.push(file)
    bytes += file.size
    text += Buffer.byteLength(file.path + (file.validate ?? '')) + 250
    if (alone) flush()
  }
  flush()
  return texts
}
