// The `shell` kind: `command`, as Ansible's users call it where a shell reads the text.
import { command, shellSchema } from './command.js'

/** Shell text that runs when its check says that it is needed, or each time. */
export const shell: typeof command = {
  ...command,
  kind: 'shell',
  schema: shellSchema,
  summary: 'Shell text that runs when it is needed: it says how that is told.',
  example: `- name: a token, made once
  shell: { sh: "head -c 16 /dev/urandom | sha256sum >/etc/token", creates: /etc/token }`,
}
