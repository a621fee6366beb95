// The `wait_for` kind: goes on when a port or a web page answers or a path is there, or when they are gone.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import { hostPath } from '../_attributes.js'
import { statusOf, webAddress } from './_http.js'

const schema = z
  .strictObject({
    port: z.int().min(1).max(65535).optional().describe('TCP port that shall answer'),
    host: z
      .string()
      .regex(/^[\w.:-]+$/, 'must be a name or an address')
      .default('127.0.0.1')
      .describe('Where the port is, as seen from the host'),
    path: hostPath.optional().describe('Path on the host that shall exist'),
    url: z
      .string()
      .regex(webAddress, 'must be an http or https address without credentials')
      .optional()
      .describe('Web page that shall answer the host, with one of `status`'),
    status: z
      .union([z.int().transform(one => [one]), z.array(z.int()).min(1)])
      .default([200])
      .describe('Status of the answer, one or a list'),
    state: z
      .enum(['present', 'absent', 'started', 'stopped'])
      .default('present')
      .transform(state => (state === 'present' || state === 'started' ? 'present' : 'absent'))
      .describe('present (or started), or absent (or stopped)'),
    timeout: z.int().min(1).default(300).describe('Seconds to wait at most'),
  })
  .refine(
    want => [want.port, want.path, want.url].filter(given => given !== undefined).length === 1,
    'give either a port, a path or a url',
  )

type Want = z.infer<typeof schema>

/**
 * Defines `there`, which succeeds when the port takes a connection or the path exists. The first of bash, nc and (for this host's own
 * ports) the kernel's list of listeners that is there is asked; without any of them, that is a fault.
 */
function definition({ port, host, path, url, status }: Want): Sh {
  if (url !== undefined)
    return sh`${statusOf(url)}
there() { case $(status) in ${{ sh: status.join('|') }}) return 0;; *) return 1;; esac; }`
  if (path !== undefined) return sh`there() { [ -e ${path} ] || [ -L ${path} ]; }`
  const number = port ?? 0
  const hex = number.toString(16).toUpperCase().padStart(4, '0')
  const isHere = /^(127\..*|::1|localhost)$/.test(host)
  const listed = sh`grep -Eqi ${`^ *[0-9]+: [0-9A-F]+:${hex} [0-9A-F]+:0000 0A`} /proc/net/tcp /proc/net/tcp6 2>/dev/null`
  const unknown = sh`echo 'no way to ask for a port on this host: install bash or netcat' >&2; exit 1`
  return sh`
if command -v bash >/dev/null && command -v timeout >/dev/null; then
  there() { timeout 3 bash -c ': <>"/dev/tcp/$1/$2"' bash ${host} ${number}; } </dev/null >/dev/null 2>&1
elif command -v nc >/dev/null; then there() { nc -z -w 3 ${host} ${number}; } </dev/null >/dev/null 2>&1
else there() { ${isHere ? listed : unknown}; }
fi`
}

/** How it is said that what is waited for is so, or is not: a path is there, a port answers. */
const stateWords = (want: Want): Record<Want['state'], string> => {
  if (want.path !== undefined) return { present: 'present', absent: 'absent' }
  const status = want.url === undefined ? '' : ` with ${want.status.join(' or ')}`
  return { present: `an answer${status}`, absent: `no answer${status}` }
}

const subject = ({ port, host, path, url }: Want): string => path ?? url ?? `port ${port} of ${host}`

/** Waits, where what is waited for is not so when it is asked. */
export const waitFor = resource<Want, { state: 'present' | 'absent' }>({
  kind: 'wait_for',
  schema,
  summary: 'Goes on when a port or a web page answers or a path is there, or when it is gone.',
  example: `- name: sshd answers
  wait_for: { port: 22, timeout: 30 }`,
  name: subject,
  probe: want => sh`${definition(want)}
if there; then echo present; else echo absent; fi`,
  read(out) {
    const state = out.trim()
    if (state !== 'present' && state !== 'absent')
      throw new UserError('the host did not say whether it is there', { output: out })
    return { state }
  },
  diff: (want, seen) =>
    seen.state === want.state
      ? []
      : [{ what: subject(want), from: stateWords(want)[seen.state], to: stateWords(want)[want.state] }],
  verb: () => 'wait',
  apply: want => [
    sh`(${definition(want)}
end=$(($(date +%s) + ${want.timeout}))
until ${want.state === 'present' ? sh`` : sh`! `}there; do
  if [ "$(date +%s)" -ge "$end" ]; then echo ${`${subject(want)}: still ${stateWords(want)[want.state === 'present' ? 'absent' : 'present']} after ${want.timeout} seconds`} >&2; exit 1; fi
  sleep 1
done)`,
  ],
})
