// The `reboot` kind: starts the host anew, each time or only when a file asks for it.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import { hostPath } from '../_attributes.js'
import { isSystemd } from '../_systemd.js'

const fields = z.strictObject({
  when_file: hostPath
    .optional()
    .describe('Only when this path exists, such as /run/reboot-required; left out: each time its turn comes'),
  reboot_timeout: z.int().min(10).default(600).describe('Seconds within which the host must be back'),
  pre_reboot_delay: z
    .int()
    .min(2)
    .max(3600)
    .default(2)
    .describe('Seconds between the command and the reboot; the answer must get out before it'),
  msg: z
    .string()
    .regex(/^[^\0\n\r]*$/, 'must be one line')
    .optional()
    .describe('What users of the host are told before'),
})
const schema = z.preprocess(given => (given === null || given === undefined ? {} : given), fields)

type Want = z.infer<typeof fields>

interface Seen {
  needed: boolean
  /** The kernel's own name for this boot; a new one comes with each. */
  boot: string
}

/**
 * A reboot. It comes after the command has answered: by a timer of systemd where that runs, else by a process of its own, whose streams
 * are closed so that nothing waits for it.
 */
export const reboot = resource<Want, Seen>({
  kind: 'reboot',
  summary: 'Reboots the host and waits until it is back: each time its turn comes, or only when a file asks for it.',
  example: `- name: reboot when an upgrade asks for it
  reboot: { when_file: /run/reboot-required }`,
  schema,
  name: () => 'host',
  probe: ({ when_file }) => sh`
printf 'boot=%s\n' "$(cat /proc/sys/kernel/random/boot_id)"
if ${when_file === undefined ? sh`true` : sh`[ -e ${when_file} ]`}; then echo needed=yes; else echo needed=no; fi`,
  read(out) {
    const [, boot, needed] = /^boot=([\da-f-]+)\nneeded=(yes|no)\n/.exec(out) ?? []
    if (boot === undefined)
      throw new UserError('the host did not say when it was started', { output: out.slice(-2000) })
    return { boot, needed: needed === 'yes' }
  },
  diff: ({ when_file }, seen) =>
    seen.needed
      ? [{ what: 'reboot', from: when_file === undefined ? 'asked each time' : `${when_file} exists`, to: 'restarted' }]
      : [],
  verb: () => 'restart',
  apply: ({ pre_reboot_delay: delay, msg }) => [
    sh`(
if [ "$(id -u)" != 0 ]; then echo 'only root may reboot a host: say become: true' >&2; exit 1; fi
command -v reboot >/dev/null || { echo 'this host has no command reboot: install systemd-sysv, or what its init comes with' >&2; exit 1; }
${msg === undefined ? sh`:` : sh`if command -v wall >/dev/null; then printf '%s\n' ${msg} | wall 2>/dev/null; fi`}
sync
if ${isSystemd} && command -v systemd-run >/dev/null &&
  systemd-run --quiet --collect --on-active=${delay} --timer-property=AccuracySec=100ms systemctl --no-block reboot </dev/null; then :
elif command -v setsid >/dev/null; then setsid sh -c ${`sleep ${delay}; reboot`} </dev/null >/dev/null 2>&1 &
else (trap '' HUP; sleep ${delay}; reboot) </dev/null >/dev/null 2>&1 &
fi
)`,
  ],
  touches: () => ['reboot'],
  result: (_want, seen) => ({ boot_id: seen.boot }),
  returnsWithin: want => want.reboot_timeout,
})
