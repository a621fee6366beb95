// The `nft` kind: one table of nftables with rules of one's own, loaded now and at each boot; all other tables stay as they are.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { mustBeFile, printText, readTexts } from '../_content.js'
import { cutEntry, type Entry, look } from '../_look.js'
import { isSystemd } from '../_systemd.js'
import { asLines, type Whole, wholeChanges, wholeScripts } from '../system/_whole.js'

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z][\w-]{0,63}$/, 'must be letters, digits, dashes and underscores')
      .describe('Name of the table, and of its file in /etc/nftables.d'),
    family: z.enum(['inet', 'ip', 'ip6', 'arp', 'bridge', 'netdev']).default('inet').describe('Family of the table'),
    rules: z.string().optional().describe('What stands between the braces of the table: chains, sets, maps'),
    enabled: z
      .boolean()
      .default(true)
      .describe('Loaded at boot too: nftables.conf includes the folder, its service is enabled'),
    state: z.enum(['present', 'absent']).default('present').describe('present, or absent: the table and its file go'),
  })
  .refine(want => want.state === 'absent' || want.rules !== undefined, { path: ['rules'], message: 'is needed' })

type Want = z.infer<typeof schema>

/** `sums` joins the sum of the file that was loaded last with that of the listing right after it; `now` does so for what is there. */
type Seen = Entry & { hasNft: boolean; table: boolean; fresh: boolean; included: boolean; enabled: string }

const folder = '/etc/nftables.d'
const fileOf = ({ name }: Want): string => `${folder}/${name}.nft`
const stampOf = ({ family, name }: Want): string => `/var/lib/longshore/nft-${family}-${name}`

/** Created, deleted and made in one go: the kernel takes all of it or nothing, and no packet meets half a table. */
const textOf = ({ family, name, rules = '' }: Want): string => `# Written by Longshore
table ${family} ${name}
delete table ${family} ${name}
table ${family} ${name} {
${asLines(rules)}}
`

const wanted = (want: Want): Whole => ({
  path: fileOf(want),
  text: want.state === 'absent' ? undefined : textOf(want),
  mode: '0600',
  validate: 'PATH=$PATH:/usr/sbin:/sbin; nft -c -f %s',
})

/**
 * Where the distribution's service reads its rules from, in `main`; and the sums, in `sums`: of a listing in numbers, because names
 * come and go with /etc/protocols and /etc/services.
 */
const definitions = (want: Want): Sh => sh`PATH=$PATH:/usr/sbin:/sbin
main=/etc/nftables.conf
for file in /etc/sysconfig/nftables.conf /etc/nftables.nft; do if [ -f "$file" ]; then main=$file; fi; done
sum() { set -- $(sha256sum); echo "$1"; }
sums() { echo "$(sum <${fileOf(want)}) $(nft -n -s -t list table ${want.family} ${want.name} | sum)"; }
included() { grep -Eqs '^[[:space:]]*include[[:space:]]+"/etc/nftables\.d/\*\.nft"' "$main"; }`

function rest(want: Want, seen: Seen): Change[] {
  if (want.state === 'absent') return seen.table ? [{ what: 'table', from: 'loaded', to: 'absent' }] : []
  const isFresh = seen.table && seen.fresh
  return [
    ...(isFresh ? [] : [{ what: 'table', from: seen.table ? 'other rules' : 'not loaded', to: 'loaded' }]),
    ...(!want.enabled || seen.included
      ? []
      : [{ what: 'nftables.conf', from: `does not include ${folder}`, to: 'includes it' }]),
    ...(want.enabled && ['disabled', 'masked'].includes(seen.enabled)
      ? [{ what: 'service nftables', from: seen.enabled, to: 'enabled' }]
      : []),
  ]
}

/** A table of nftables. */
export const nft = resource<Want, Seen>({
  kind: 'nft',
  schema,
  summary: 'A table of nftables with rules of your own, checked, loaded in one go, and loaded again at boot.',
  example: `- package: nftables
- name: Only SSH and the web come in
  nft:
    name: front
    rules: |
      chain input {
        type filter hook input priority 0; policy accept;
        ct state established,related accept
        iif lo accept
        tcp dport { 22, 80, 443 } accept
        meta l4proto { icmp, icmpv6 } accept
        tcp flags syn drop
      }
`,
  name: want => `nftables table ${want.family} ${want.name}`,
  probe: want => sh`${look}
look ${fileOf(want)} sum
${definitions(want)}
if ! command -v nft >/dev/null; then echo 'no nft'; exit 0; fi
if [ "$(id -u)" != 0 ]; then echo 'only root may see the tables of nftables: say become: true' >&2; exit 1; fi
if said=$(nft -n -s -t list table ${want.family} ${want.name} 2>&1); then
  echo table=yes
  if [ -f ${fileOf(want)} ] && [ "$(cat ${stampOf(want)} 2>/dev/null)" = "$(sums)" ]; then echo fresh=yes; else echo fresh=no; fi
else
  case $said in *'No such file'*) printf 'table=no\nfresh=no\n';; *) printf '%s\n' "$said" >&2; exit 1;; esac
fi
if included; then echo included=yes; else echo included=no; fi
if ${isSystemd}; then echo "enabled=$(systemctl is-enabled nftables.service 2>/dev/null </dev/null)"; else echo enabled=; fi`,
  read(out, want) {
    const [entry, told] = cutEntry(out)
    mustBeFile(fileOf(want), entry)
    if (told === 'no nft\n')
      return { ...entry, hasNft: false, table: false, fresh: false, included: false, enabled: '' }
    const [, table, fresh, included, enabled] =
      /^table=(yes|no)\nfresh=(yes|no)\nincluded=(yes|no)\nenabled=(.*)\n$/.exec(told) ?? []
    if (enabled === undefined) throw new UserError('the host did not say how the table is', { output: out.slice(-500) })
    return {
      ...entry,
      hasNft: true,
      table: table === 'yes',
      fresh: fresh === 'yes',
      included: included === 'yes',
      enabled,
    }
  },
  content: (want, seen) => (seen.kind === 'file' ? printText(fileOf(want)) : undefined),
  withContent(out, _want, seen) {
    const [text] = readTexts(out)
    return text === undefined ? seen : { ...seen, text }
  },
  diff: (want, seen) => [...wholeChanges(wanted(want), seen), ...rest(want, seen)],
  verb: want => (want.state === 'absent' ? 'remove' : 'load'),
  apply(want, seen) {
    const scripts = wholeScripts(wanted(want), seen)
    if (scripts.length + rest(want, seen).length === 0) return []
    if (want.state === 'absent')
      return [
        sh`(${definitions(want)}
if nft list table ${want.family} ${want.name} >/dev/null 2>&1; then nft delete table ${want.family} ${want.name} || exit 1; fi
rm -f ${stampOf(want)})`,
        ...scripts,
      ]
    const boot = want.enabled
      ? sh`
if ! included; then
  if [ ! -e "$main" ]; then printf '#!/usr/sbin/nft -f\n' >"$main" && chmod 755 "$main" || exit 1; fi
  printf '\ninclude "/etc/nftables.d/*.nft"\n' >>"$main" || exit 1
fi
if ${isSystemd} && [ "$(systemctl is-enabled nftables.service 2>/dev/null </dev/null)" != enabled ]; then systemctl enable nftables.service </dev/null || exit 1; fi`
      : sh``
    return [
      sh`(${definitions(want)}
command -v nft >/dev/null || { echo 'nft is not on this host: install the package nftables' >&2; exit 1; }
mkdir -p ${folder} /var/lib/longshore && chmod 755 ${folder})`,
      ...scripts,
      sh`(${definitions(want)}
nft -f ${fileOf(want)} || exit 1
sums >${stampOf(want)} || exit 1${boot})`,
    ]
  },
  touches: want => [`file:${fileOf(want)}`, `nft:${want.family}:${want.name}`, 'service:nftables'],
})
