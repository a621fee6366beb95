// The `ca_certificate` kind: a certificate authority that every program of the host trusts.
import { X509Certificate } from 'node:crypto'
import { UserError, usageError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { mustBeFile, printText, readTexts } from '../_content.js'
import { cutEntry, type Entry, look } from '../_look.js'
import { type Whole, wholeChanges, wholeScripts } from './_whole.js'

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w][\w.-]*$/, 'must be letters, digits, dots, dashes and underscores')
      .transform(name => name.replace(/\.(crt|pem)$/, ''))
      .describe('Name of its file in the store'),
    pem: z.string().optional().describe('The certificate, as text between BEGIN and END CERTIFICATE'),
    src: z
      .string()
      .min(1)
      .optional()
      .describe('Its file on this machine instead: beside the playbook, or in its files/ folder'),
    state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  })
  .superRefine((want, context) => {
    if (want.state === 'present' && (want.pem === undefined) === (want.src === undefined))
      context.addIssue({ code: 'custom', path: ['pem'], message: 'give either pem or src' })
  })

type Want = z.infer<typeof schema>

/** The stores: where one's own certificates go, and the bundle that comes of them. */
const stores = {
  debian: { folder: '/usr/local/share/ca-certificates', ending: 'crt', bundle: '/etc/ssl/certs/ca-certificates.crt' },
  redhat: {
    folder: '/etc/pki/ca-trust/source/anchors',
    ending: 'pem',
    bundle: '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  },
  arch: {
    folder: '/etc/ca-certificates/trust-source/anchors',
    ending: 'crt',
    bundle: '/etc/ca-certificates/extracted/tls-ca-bundle.pem',
  },
  suse: { folder: '/etc/pki/trust/anchors', ending: 'pem', bundle: '/var/lib/ca-certificates/ca-bundle.pem' },
} as const
type Store = keyof typeof stores

type Seen = Entry & {
  /** Undefined where the host has no such tools. */
  store: Store | undefined
  trusted: boolean
}

/** One certificate, in lines of 64 characters as all tools write them. */
function certificateOf(given: string, what: string): string {
  if (/PRIVATE KEY/.test(given))
    throw usageError(`${what} holds a private key`, {
      hint: 'Give the certificate alone: every user of the host can read it.',
    })
  const blocks = given.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----/g) ?? []
  if (blocks.length > 1)
    throw usageError(`${what} holds ${blocks.length} certificates`, { hint: 'Give each a task of its own.' })
  try {
    return new X509Certificate(given).toString()
  } catch (cause) {
    throw usageError(`${what} is no certificate`, { hint: 'It begins with -----BEGIN CERTIFICATE-----.', cause })
  }
}

/** A whole line of the certificate's last bytes, its signature: no other certificate has it. */
function lineOf(pem: string): string {
  const lines = pem.split('\n').filter(line => line !== '' && !line.startsWith('-----'))
  return lines.findLast(line => line.length === 64) ?? lines.at(-1) ?? ''
}

const pathIn = (store: Store | undefined, { name }: Want): string => {
  const { folder, ending } = stores[store ?? 'debian']
  return `${folder}/${name}.${ending}`
}

const wanted = (want: Want, seen: Seen): Whole => ({
  path: pathIn(seen.store, want),
  text: want.state === 'absent' ? undefined : want.pem,
  mode: '0644',
})

/** `store NAME`: the variables of the host's store. */
const choose = (want: Want): Sh => {
  const of = (store: Store): Sh => sh`store=${store} file=${pathIn(store, want)} bundle=${stores[store].bundle}`
  return sh`PATH=$PATH:/usr/sbin:/sbin
if [ -d /etc/pki/ca-trust/source/anchors ] && command -v update-ca-trust >/dev/null; then ${of('redhat')}
elif [ -d /etc/ca-certificates/trust-source/anchors ] && command -v update-ca-trust >/dev/null; then ${of('arch')}
elif [ -d /etc/pki/trust/anchors ] && command -v update-ca-certificates >/dev/null; then ${of('suse')}
elif command -v update-ca-certificates >/dev/null; then ${of('debian')}
else store=none file=${pathIn('debian', want)} bundle=/dev/null; fi`
}

/** A test: whether the bundle has the certificate; for one that shall go, whether an interrupted removal left a link to nothing. */
const trusts = (want: Want): Sh =>
  want.pem === undefined || want.state === 'absent'
    ? sh`[ -L ${`/etc/ssl/certs/${want.name}.pem`} ] && [ ! -e ${`/etc/ssl/certs/${want.name}.pem`} ]`
    : sh`grep -qsxF -e ${lineOf(want.pem)} "$bundle"`

function trust(want: Want, seen: Seen): Change[] {
  if (want.state === 'absent')
    return seen.trusted ? [{ what: 'trust', from: 'still in the bundle', to: 'not trusted' }] : []
  if (seen.trusted) return []
  return [{ what: 'trust', from: 'not in the bundle', to: 'trusted' }]
}

/** `--fresh` also takes links of removed certificates away. */
const updates: Record<Store, readonly [string, string]> = {
  debian: ['update-ca-certificates', 'update-ca-certificates --fresh'],
  suse: ['update-ca-certificates', 'update-ca-certificates'],
  redhat: ['update-ca-trust extract', 'update-ca-trust extract'],
  arch: ['update-ca-trust', 'update-ca-trust'],
}

/** A certificate in the trust store of the host. A program that runs already goes by what it has read. */
export const caCertificate = resource<Want, Seen>({
  kind: 'ca_certificate',
  schema,
  summary: 'A certificate authority in the trust store of the host.',
  example: `- package: ca-certificates
- name: Our own authority is trusted
  ca_certificate:
    name: example-ca
    pem: |
      -----BEGIN CERTIFICATE-----
      MIIBgjCCASegAwIBAgIUb96pbvG7sZnL7w1nN2sR9JVrgowwCgYIKoZIzj0EAwIw
      FTETMBEGA1UEAwwKRXhhbXBsZSBDQTAgFw0yNjExMjEwOTA2MDhaGA8yMTI2MTAy
      ODA5MDYwOFowFTETMBEGA1UEAwwKRXhhbXBsZSBDQTBZMBMGByqGSM49AgEGCCqG
      SM49AwEHA0IABPv8nytZ2yVslHM5Q+QXtfu51BTAWtzBUACGNRG+LQ/JKxo0KRN5
      4rMJZM8LjRO3SzyE4uKXjzIqkJNmgx/oSx+jUzBRMB0GA1UdDgQWBBQ78mpaDWTH
      91eTZMriRtO7A03u7jAfBgNVHSMEGDAWgBQ78mpaDWTH91eTZMriRtO7A03u7jAP
      BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQD+pg3SEDEIU9qEkEP3
      qtX2AEvf63dSToNMi0t6opysaQIhAIgcfa0Y99ZTHPKqRhqM0ayT6rno1lW3gL/r
      7nYml7S4
      -----END CERTIFICATE-----
`,
  name: want => `certificate authority ${want.name}`,
  async load(want, context) {
    if (want.state === 'absent') return want
    if (want.src === undefined) return { ...want, pem: certificateOf(want.pem ?? '', 'pem') }
    const file = await context.find(want.src, 'files')
    return { ...want, pem: certificateOf(await context.files.text(file), file) }
  },
  probe: want => sh`${look}
${choose(want)}
look "$file" sum
echo "store=$store"
if ${trusts(want)}; then echo trusted=yes; else echo trusted=no; fi`,
  read(out, want) {
    const [entry, rest] = cutEntry(out)
    const [, name = '', trusted] = /^store=(\w+)\ntrusted=(yes|no)\n$/.exec(rest) ?? []
    const store = (Object.keys(stores) as Store[]).find(one => one === name)
    if (trusted === undefined)
      throw new UserError('the host did not say which certificates it trusts', { output: out.slice(-500) })
    mustBeFile(pathIn(store, want), entry)
    return { ...entry, store, trusted: trusted === 'yes' }
  },
  content: (want, seen) => (seen.kind === 'file' ? printText(pathIn(seen.store, want)) : undefined),
  withContent(out, _want, seen) {
    const [text] = readTexts(out)
    return text === undefined ? seen : { ...seen, text }
  },
  diff: (want, seen) => [...wholeChanges(wanted(want, seen), seen), ...trust(want, seen)],
  verb: want => (want.state === 'absent' ? 'remove' : 'trust'),
  apply(want, seen) {
    const scripts = wholeScripts(wanted(want, seen), seen)
    if (scripts.length + trust(want, seen).length === 0) return []
    if (seen.store === undefined)
      return [sh`{ echo 'there is no trust store on this host: install the package ca-certificates' >&2; exit 1; }`]
    const [update, afterRemoval] = updates[seen.store]
    const words = (want.state === 'absent' ? afterRemoval : update).split(' ')
    return [
      sh`mkdir -p ${stores[seen.store].folder}`,
      ...scripts,
      sh`(PATH=$PATH:/usr/sbin:/sbin
said=$(${words} </dev/null 2>&1) || { printf '%s\n' "$said" >&2; exit 1; })`,
    ]
  },
  touches: want => [`ca_certificate:${want.name}`],
})
