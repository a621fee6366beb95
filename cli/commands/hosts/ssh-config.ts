// `longshore ssh-config`: hosts as ssh's own configuration names them, for ssh, scp, rsync and editors.
import { exitCodes } from '../../../core/errors.js'
import type { Host, Project } from '../../../core/project.js'
import { chooseHosts, withShell } from '../../choose-hosts.js'
import { command } from '../../command.js'
import { knownHostsFile, knownName } from '../../machines/folder.js'

/** A value of ssh_config(5): in quotes where it has a space. */
const word = (value: string | number): string => (/\s/.test(String(value)) ? `"${value}"` : String(value))

/** Keywords of one host, in their order; nothing is said that the file leaves to ssh. */
function entriesOf(project: Project, host: Host): [string, string | number][] {
  const entries: [string, string | number | undefined][] = [
    ['HostName', host.address],
    ['User', host.user],
    ['Port', host.port],
    ['IdentityFile', host.identity],
    ['ProxyJump', host.jump],
  ]
  if (host.identity !== undefined) entries.push(['IdentitiesOnly', 'yes'])
  if (host.machine)
    entries.push(
      ['HostKeyAlias', knownName(project, host.name)],
      ['UserKnownHostsFile', knownHostsFile(project, host.name)],
      ['StrictHostKeyChecking', 'yes'],
    )
  return entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))
}

export const sshConfig = command({
  name: 'ssh-config',
  summary: 'print hosts as ssh reads them: `longshore ssh-config > FILE`, then `ssh -F FILE HOST`',
  arguments: { selector: { text: 'which hosts: a name, all, front, role=web (default: all)', need: 'maybe' } },
  options: {},
  async run(context, { selector }) {
    const project = await context.project()
    const meant = selector === undefined ? await context.hosts() : chooseHosts(selector, 'SELECTOR', project)
    const hosts = withShell(meant, context.emit).filter(host => host.connection === 'ssh')
    for (const host of hosts) {
      if (host.machine && host.port === undefined) {
        context.emit({
          type: 'note',
          host: host.name,
          text: 'left out: the machine is not there; `longshore up` makes it',
        })
        continue
      }
      const entries = entriesOf(project, host)
      if (context.options.json)
        context.printJson({ type: 'ssh-config', host: host.name, ...Object.fromEntries(entries) })
      else
        context.print([`Host ${host.name}`, ...entries.map(([key, value]) => `  ${key} ${word(value)}`), ''].join('\n'))
    }
    return exitCodes.done
  },
})
