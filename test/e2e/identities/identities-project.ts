// The small project that every identity brings up: a package, an account and a file as root, and two linked containers with a secret.
import type { LabHost } from '../../lab/index.js'
import { hostEntry, type Ran, type TestProject, testProject } from '../command.js'

/** The password of every login that has one, and the value that one container is given. */
export const password = "pass'W0rd $HOME \\t"
export const secret = 'tok3n-of-the-store'

export const surroundings = { SUDO_PASSWORD: password, STORE_TOKEN: secret }

export interface ProjectOptions {
  name: string
  /** Entries of the host: user, become. */
  entry: Record<string, unknown>
  port: number
  /** The package that its playbook wants; without one there is no playbook, and nothing needs root. */
  package?: string
  engine?: Record<string, unknown>
}

/** Taken as it is by a container: the page behind the published port is fetched through the link. */
const page = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
exec wget -qO- http://store:8000/index.html
`

/** Writes the page, then serves it; Compose's own interpolation takes two dollars for one. */
const serve =
  'mkdir -p /www/cgi-bin && printf %s "$$PAGE" >/www/cgi-bin/page && chmod 755 /www/cgi-bin/page && exec httpd -f -p 8000 -h /www'

const playbook = ({ name, package: wanted }: ProjectOptions): string => `
- name: base
  hosts: all
  become: true
  tasks:
    - name: its program is there
      package: { name: ${wanted} }
    - name: its account is there
      user: { name: ${name}-keeper, system: true, create_home: false, shell: /usr/sbin/nologin }
    - name: its folder is there
      file: { path: /srv/${name}, state: directory, owner: ${name}-keeper, mode: "0750" }
    - name: its settings are there
      copy: { content: "kept by ${name}\\n", dest: /srv/${name}/settings, owner: ${name}-keeper, mode: "0640" }
`

/** Makes the project in a folder of its own. Its containers are made of the host's /opt/rootfs. */
export function identityProject(host: LabHost, options: ProjectOptions): TestProject {
  const { name, port, engine } = options
  const file = {
    project: name,
    hosts: { lab: JSON.parse(hostEntry(host, options.entry)) as unknown },
    ...(engine === undefined ? {} : { engine }),
    secrets: { SUDO: { env: 'SUDO_PASSWORD' }, TOKEN: { env: 'STORE_TOKEN' } },
    ...(options.package === undefined ? {} : { playbooks: ['base.yaml'] }),
    images: { [`${name}-box`]: { import: { dir: '/opt/rootfs', at: 'host' } } },
    containers: {
      store: {
        image: `${name}-box`,
        command: ['sh', '-c', `cd /tmp && echo stored by ${name} >index.html && exec httpd -f -p 8000`],
        environment: { TOKEN: { secret: 'TOKEN' } },
      },
      web: {
        image: `${name}-box`,
        command: ['sh', '-c', serve],
        environment: { PAGE: page },
        links: ['store'],
        ports: [`${port}:8000`],
      },
    },
  }
  return testProject({
    'longshore.yaml': JSON.stringify(file, undefined, 2),
    ...(options.package === undefined ? {} : { 'base.yaml': playbook(options) }),
  })
}

/** What the page behind the published port says; asked until it answers, for five seconds. */
export async function fetchPage(host: LabHost, port: number): Promise<string> {
  for (let left = 50; ; left--)
    try {
      const response = await fetch(`http://${host.ip}:${port}/cgi-bin/page`)
      if (response.ok || left === 0) return `${response.status} ${(await response.text()).trim()}`
      throw new Error(`status ${response.status}`)
    } catch (error) {
      if (left === 0) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
}

/** What a run cost on its host. */
export interface Cost {
  connections: number
  execs: number
  dials: number
  waves: number
}

/** Reads the note that `-v` prints on stderr. */
export function costOf(ran: Ran): Cost {
  const note = /^lab +(\d+) connections?, (\d+) execs?, (\d+) dials, \d+ API requests in (\d+) waves$/m.exec(ran.stderr)
  if (note === null) throw new Error(`no note of what it cost:\n${ran.stderr}`)
  const [connections = 0, execs = 0, dials = 0, waves = 0] = note.slice(1).map(Number)
  return { connections, execs, dials, waves }
}
