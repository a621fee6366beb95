// A download on the host: what is asked for, and the shell function that gets it with curl or wget, whichever is there.
import { usageError } from '../../core/errors.js'
import { z } from '../../core/schema.js'
import { reveal, Secret, type Value } from '../../core/secret.js'
import { type Sh, type Source, sh } from '../../core/sh.js'
import { textOrSecret, word } from '../_attributes.js'

const oneLine = /^[^\0\r\n]*$/

const isWeb = (text: string): boolean => /^https?:\/\/[^/\s]/i.test(text) && URL.canParse(text)

/** An address of the web. */
export const urlSchema = z
  .string({ error: 'must be text: a secret belongs into headers' })
  .refine(text => isWeb(text) && !/[\s"\\]/.test(text), 'must be an address that starts with http:// or https://')
  .refine(text => !isWeb(text) || new URL(text).password === '', 'must hold no password: give it by headers')

/** What a file that was downloaded must come to, as algorithm and hex. */
export interface Checksum {
  algorithm: 'sha256' | 'sha512'
  hex: string
}

/** `sha256:…` or `sha512:…`. */
export const checksumSchema = z
  .string()
  .regex(
    /^(sha256:[\da-fA-F]{64}|sha512:[\da-fA-F]{128})$/,
    'must be sha256: and 64 hex digits, or sha512: and 128 of them',
  )
  .transform(
    (text): Checksum => ({
      algorithm: text.startsWith('sha256:') ? 'sha256' : 'sha512',
      hex: text.slice(7).toLowerCase(),
    }),
  )

/** The fields of how a download is asked for. */
export const requestFields = {
  checksum: checksumSchema
    .optional()
    .describe('"sha256:…" or "sha512:…" of what is to come; anything else is not put in place'),
  headers: z
    .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header'), textOrSecret)
    .default({})
    .describe('Headers of the request; a secret one never shows on a command line'),
  timeout: z.int().min(1).default(30).describe('Seconds to wait for a connection, or for more to come'),
  environment: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable'), word)
    .default({})
    .describe('Variables of the download, such as https_proxy'),
}

/** What is asked for. */
export interface Request {
  url: string
  headers: Record<string, Value>
}

const escaped = (text: string): string => text.replace(/[\\"]/g, '\\$&')

/**
 * The request as lines that `download` reads: for curl (`c `), for wget (`w `) and its address (`u `). They travel over standard input, because
 * headers may be secrets. Throws a usage error for a header of several lines.
 */
function linesOf({ url, headers }: Request): string {
  const lines = Object.entries(headers).map(([name, value]) => {
    if (!oneLine.test(reveal(value))) throw usageError(`the header ${name} must be one line`)
    return `${name}: ${reveal(value)}`
  })
  return [
    `c url = "${escaped(url)}"`,
    ...lines.map(line => `c header = "${escaped(line)}"`),
    ...lines.map(line => `w header = ${line}`),
    `u ${url}`,
    '',
  ].join('\n')
}

/** The secrets among the headers. */
export const secretHeaders = ({ headers }: Pick<Request, 'headers'>): Secret[] =>
  Object.values(headers).filter(value => value instanceof Secret)

/** The request as what `download` finds in the file `$asked`. */
export const requestSource = (request: Request): Source =>
  secretHeaders(request).length === 0
    ? linesOf(request)
    : { secret: new Secret(`request for ${request.url}`, linesOf(request)) }

/** The same as a line of shell that prints it: for a request without secrets. */
export const printRequest = (request: Request): Sh => sh`printf %s ${linesOf(request)}`

/**
 * Defines `download FILE`, which gets what the file `$asked` asks for, into FILE (`-`: standard output). Certificates are checked; who
 * cannot do that, or cannot keep a header from the process list, is not asked. Beside `$asked` lie its helpers, to be removed with it.
 */
export const downloading = (timeout: number): Sh => sh`
download() {
  if command -v curl >/dev/null; then
    sed -n 's/^c //p' "$asked" | curl --config - --fail --silent --show-error --location --proto '=http,https' --connect-timeout ${timeout} --speed-limit 1 --speed-time ${timeout} --output "$1"
  elif command -v wget >/dev/null; then
    url=$(sed -n 's/^u //p' "$asked")
    sed -n 's/^w //p' "$asked" >"$asked.rc"
    if wget --help 2>&1 | grep -qi busybox; then
      case $url in https:*|HTTPS:*) echo "the wget of busybox checks no certificates: install curl in a task before" >&2; return 1;; esac
      if [ -s "$asked.rc" ]; then echo "the wget of busybox shows headers to everybody: install curl in a task before" >&2; return 1; fi
      # Without -T: with it, the busybox of Debian 12 crashes.
      wget -q -O "$1" "$url"
    else
      sed -n 's/^u //p' "$asked" >"$asked.url"
      WGETRC="$asked.rc" wget -nv -t 2 -T ${timeout} -i "$asked.url" -O "$1" 2>"$asked.said" || { cat "$asked.said" >&2; return 1; }
    fi
  else
    echo "neither curl nor wget is on this host: install curl in a task before" >&2
    return 1
  fi
}`

/** Fails with `dest is as it was` unless the file `$got` has the checksum. Needs `fail`. */
export const checking = (dest: string, url: string, checksum: Checksum | undefined): Sh =>
  checksum === undefined
    ? sh`:`
    : sh`now=$(${`${checksum.algorithm}sum`} <"$got") || exit 1
now=\${now%% *}
if [ "$now" != ${checksum.hex} ]; then fail ${`${dest} is as it was: what came from ${url} has another checksum than ${checksum.algorithm}:${checksum.hex}, namely`}" $now"; fi`
