// The `hostname` kind: the host's own name, now and after each boot.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'

const schema = z.preprocess(
  given => (typeof given === 'string' ? { name: given } : given),
  z.strictObject({
    name: z
      .string()
      .regex(/^(?=.{1,64}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/, {
        message: 'must be a host name of at most 64 letters, digits, dashes and dots',
      })
      .describe('The name; /etc/hosts is left alone'),
    use: z.enum(['now', 'boot']).default('now').describe('now, or boot: only /etc/hostname is written'),
  }),
)

type Want = z.infer<typeof schema>

interface Seen {
  now: string
  boot: string
}

/** The host's name. The file is written in place, because engines mount it into containers. */
export const hostname = resource<Want, Seen>({
  kind: 'hostname',
  schema,
  summary: "The host's name, now and after each boot.",
  example: `- name: its name
  hostname: { name: web1 }`,
  name: want => `hostname ${want.name}`,
  probe: () => sh`printf 'now=%s\nboot=%s\n' "$(uname -n)" "$(cat /etc/hostname 2>/dev/null)"`,
  read(out) {
    const [, now, boot] = /^now=(.+)\nboot=(.*)\n/.exec(out) ?? []
    if (now === undefined || boot === undefined) throw new UserError('the host did not say its name', { output: out })
    return { now, boot: boot.trim() }
  },
  diff: (want, seen) => [
    ...(seen.boot === want.name ? [] : [{ what: '/etc/hostname', from: seen.boot || 'absent', to: want.name }]),
    ...(want.use === 'boot' || seen.now === want.name ? [] : [{ what: 'hostname', from: seen.now, to: want.name }]),
  ],
  verb: () => 'set',
  apply(want, seen) {
    const { name } = want
    const set =
      want.use === 'boot' || seen.now === name
        ? sh`:`
        : sh`{ { command -v hostname >/dev/null && hostname ${name}; } || echo ${name} >/proc/sys/kernel/hostname; } 2>/dev/null ||
  hostnamectl --transient set-hostname ${name} </dev/null || { echo 'the name cannot be changed on this host (a container?): use: boot only writes /etc/hostname' >&2; exit 1; }`
    return [sh`(printf '%s\n' ${name} >/etc/hostname && ${set})`]
  },
  touches: () => ['file:/etc/hostname'],
})
