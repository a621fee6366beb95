// The same site three times: for Longshore, for Ansible, and as the questions that both have to ask of a host.
import { readFileSync } from 'node:fs'
import { hostEntry } from '../test/e2e/command.js'
import { busyboxTarball, type LabHost } from '../test/lab/index.js'

const users = ['ann', 'bob', 'cid', 'dee']
const files = Array.from({ length: 12 }, (_, index) => `/etc/bench/file${index + 1}.conf`)
const contentOf = (path: string): string => `# ${path}\nsetting = 1\n`

/** Puts the image there that all containers are made from; no registry is needed. */
export async function prepareHost(host: LabHost): Promise<void> {
  const loaded = await host.sh('docker import - bench-base', { input: readFileSync(await busyboxTarball()) })
  if (loaded.code !== 0) throw new Error(`${host.name}: ${loaded.stderr}`)
}

const tasks = `- name: base
  hosts: all
  become: true
  tasks:
    - name: packages
      package: { name: [sudo, procps, ca-certificates] }
    - name: group
      group: { name: bench }
${users.map(name => `    - name: user ${name}\n      user: { name: ${name}, groups: [bench] }\n`).join('')}    - name: folder
      file: { path: /etc/bench, state: directory, mode: "0755" }
${files.map(path => `    - name: ${path}\n      copy: { content: ${JSON.stringify(contentOf(path))}, dest: ${path}, mode: "0644" }\n`).join('')}    - name: ssh runs
      service: { name: ssh, state: started, enabled: true }
`

const containers = ['one', 'two', 'three', 'four']

/** Longshore's project. */
export const longshoreFiles = (hosts: readonly LabHost[]): Record<string, string> => ({
  'longshore.yaml': `project: bench
hosts:
${hosts.map(host => `  ${host.name}: ${hostEntry(host)}\n`).join('')}playbooks: [base.yaml]
containers:
${containers.map(name => `  ${name}: { image: bench-base, command: [sleep, "1000000"], on: all }\n`).join('')}`,
  'base.yaml': tasks,
})

/** The same as an Ansible playbook; containers by the engine's own client, since the modules need more Python on the host. */
export const ansiblePlaybook = `- hosts: all
  gather_facts: true
  tasks:
    - apt: { name: [sudo, procps, ca-certificates] }
    - group: { name: bench }
${users.map(name => `    - user: { name: ${name}, groups: [bench], append: true }\n`).join('')}    - file: { path: /etc/bench, state: directory, mode: "0755" }
${files.map(path => `    - copy: { content: ${JSON.stringify(contentOf(path))}, dest: ${path}, mode: "0644" }\n`).join('')}    - service: { name: ssh, state: started, enabled: true }
${containers
  .map(
    name => `    - command: docker inspect -f "{{ '{{' }}.State.Running{{ '}}' }}" bench-${name}-1
      register: ${name}
      changed_when: false
      failed_when: false
    - command: docker run -d --name bench-${name}-1 bench-base sleep 1000000
      when: ${name}.stdout != "true"
`,
  )
  .join('')}`

/** Ansible's inventory of the hosts that have Python. */
export const inventory = (hosts: readonly LabHost[], knownHosts: string): string =>
  hosts
    .map(
      host =>
        `${host.name} ansible_host=${host.address} ansible_port=${host.port} ansible_user=root ansible_ssh_private_key_file=${host.identity} ` +
        `ansible_python_interpreter=/usr/bin/python3 ansible_ssh_common_args='-F none -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHosts}'\n`,
    )
    .join('')

/** What both have to know of a host, asked by hand. */
export const askTheSame = `
. /etc/os-release; uname -a; id; cat /proc/meminfo | head -1
dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n' sudo procps ca-certificates
getent group bench
for u in ${users.join(' ')}; do getent passwd $u; id -nG $u; done
for f in /etc/bench ${files.join(' ')}; do stat -c '%a %U %G %F' $f; [ -f $f ] && sha256sum $f; done
systemctl is-active ssh; systemctl is-enabled ssh
docker ps -a --no-trunc --format '{{json .}}'; docker images --no-trunc --format '{{json .}}'; docker network ls; docker volume ls
`
