// Public keys that sign repositories: as armored text, whatever they came as, because that is what all package managers take.
import { usageError } from '../../core/errors.js'
import { type Sh, sh } from '../../core/sh.js'

const [begin, end] = ['-----BEGIN PGP PUBLIC KEY BLOCK-----', '-----END PGP PUBLIC KEY BLOCK-----']

/** The checksum that ends an armored block: CRC-24 as RFC 4880, section 6.1, defines it. */
function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce
  for (const byte of bytes) {
    crc ^= byte << 16
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x800000 ? 0x1864cfb : 0)
  }
  return crc & 0xffffff
}

/** The key as armored text; `from` names it in errors. A private key is refused. */
export function armored(bytes: Uint8Array, from: string): string {
  const text = Buffer.from(bytes).toString('latin1')
  if (text.includes('PRIVATE KEY')) throw usageError(`${from} is a private key`, { hint: 'Export the public one.' })
  if (text.includes(begin)) return `${text.trimEnd()}\n`
  // Every OpenPGP packet starts with a byte whose highest bit is set.
  if (((bytes[0] ?? 0) & 0x80) === 0)
    throw usageError(`${from} is no OpenPGP key`, { hint: 'A public key is wanted, armored or binary.' })
  const sum = Buffer.alloc(3)
  sum.writeUIntBE(crc24(bytes), 0, 3)
  const body = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return `${begin}\n\n${body}\n=${sum.toString('base64')}\n${end}\n`
}

const note = (sha256: string): string => `Comment: sha256 ${sha256}`

/** Whether a key file on the host is the one with that sum, as it was fetched or armored by `fetchKey`; without a sum, whether it is any key. */
export const isFetched = (file: { sum: string; text?: string }, sha256: string | undefined): boolean =>
  sha256 === undefined
    ? (file.text?.includes(begin) ?? false)
    : file.sum === sha256 || (file.text?.split('\n').includes(note(sha256)) ?? false)

/** Fetches a key on the host, checks its sum where one is given, and puts it at the path as armored text. */
export const fetchKey = (url: string, sha256: string | undefined, path: string): Sh => sh`(umask 022
path=${path} url=${url} wanted=${sha256 ?? ''}
mkdir -p "\${path%/*}" || exit 1
temp=$(mktemp "$path.XXXXXX") || exit 1
trap 'rm -f "$temp" "$temp.asc"' EXIT
trap 'exit 130' HUP INT TERM
if command -v curl >/dev/null; then curl -fsSL --retry 2 -o "$temp" "$url" </dev/null
elif command -v wget >/dev/null; then wget -q -O "$temp" "$url" </dev/null
elif [ -x /usr/lib/apt/apt-helper ]; then /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root download-file "$url" "$temp" </dev/null
else echo "neither curl nor wget is on the host: install one, or give the key as a file" >&2; exit 1; fi
if [ $? != 0 ]; then echo "the key could not be fetched from $url" >&2; exit 1; fi
sum=$(sha256sum <"$temp") || exit 1
if [ -z "$wanted" ]; then wanted=\${sum%% *}; fi
if [ "\${sum%% *}" != "$wanted" ]; then echo "the key at $url has the SHA-256 \${sum%% *} and not the wanted one: nothing was changed" >&2; exit 1; fi
if grep -qF -e ${begin} "$temp"; then cp "$temp" "$temp.asc"
else { echo ${begin}; echo "Comment: sha256 $wanted"; echo; base64 "$temp"; echo ${end}; } >"$temp.asc"; fi
chmod 644 "$temp.asc" && mv -f "$temp.asc" "$path"
)`
