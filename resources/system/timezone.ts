// The `timezone` kind: the time zone of the host.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'

const schema = z.preprocess(
  given => (typeof given === 'string' ? { name: given } : given),
  z.strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z][\w+-]*(\/[A-Za-z][\w+-]*)*$/, 'must be a name such as Europe/Berlin or UTC')
      .describe('Name, such as Europe/Berlin or UTC'),
  }),
)

type Want = z.infer<typeof schema>

interface Seen {
  /** Where /etc/localtime leads to, below the zones; else what it is. */
  link: string
  /** What /etc/timezone says; undefined where there is no such file. */
  text: string | undefined
}

const zones = '/usr/share/zoneinfo'

/** /etc/localtime leads to the zone, and /etc/timezone names it where a host has that file. */
export const timezone = resource<Want, Seen>({
  kind: 'timezone',
  schema,
  summary: 'The time zone of the host.',
  example: `- name: the zones are there
  package: { name: [tzdata] }
- name: local time
  timezone: { name: Europe/Berlin }`,
  name: want => `timezone ${want.name}`,
  probe: () => sh`
if [ -L /etc/localtime ]; then echo "link=$(readlink /etc/localtime)"
elif [ -e /etc/localtime ]; then echo 'link=a file'; else echo link=absent; fi
if [ -f /etc/timezone ]; then echo "text=$(cat /etc/timezone)"; fi`,
  read(out) {
    const link = /^link=(.+)$/m.exec(out)?.[1]
    if (link === undefined) throw new UserError('the host did not say its time zone', { output: out })
    return { link: link.replace(/^.*\/zoneinfo\//, ''), text: /^text=(.*)$/m.exec(out)?.[1]?.trim() }
  },
  diff: (want, seen) => [
    ...(seen.link === want.name ? [] : [{ what: '/etc/localtime', from: seen.link, to: want.name }]),
    ...(seen.text === undefined || seen.text === want.name
      ? []
      : [{ what: '/etc/timezone', from: seen.text, to: want.name }]),
  ],
  verb: () => 'set',
  apply: ({ name }) => [
    sh`([ -f ${`${zones}/${name}`} ] || { echo ${`there is no zone ${name} on this host: install the package tzdata, or look into ${zones}`} >&2; exit 1; }
ln -sfn ${`${zones}/${name}`} /etc/localtime || exit 1
if [ -f /etc/timezone ]; then printf '%s\n' ${name} >/etc/timezone; fi)`,
  ],
  touches: () => ['file:/etc/localtime', 'file:/etc/timezone'],
})
